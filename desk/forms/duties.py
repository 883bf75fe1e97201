"""What somebody owes beside the steps: one row for each duty."""

from django import forms
from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, remembered, rows
from desk.forms.widgets import short_text
from desk.packs.duty_checks import own_faults
from duties.models import DutyTerm
from grants.models import FormKind, Section


class DutyForm(PartForm):
    layout = (
        (("title", 6), ("title_en", 4), ("code", 2)),
        (("owed_by", 4), ("per", 4), ("clause", 4)),
        (("until", 4), ("month_day", 4)),
        (("moment", 4), ("is_before", 2), ("days", 3), ("day_kind", 3)),
        (("blocks", 4), ("accepted_by", 4), ("check_days", 4)),
        (("section_code", 6), ("applies_when", 6)),
        (("text", 6), ("text_en", 6)),
    )
    code_prefix = "duty"
    section_code = forms.ChoiceField(
        label=gettext_lazy("填写的表单部分"),
        required=False,
        help_text=gettext_lazy("在“申报表”页按“报送事项”表单添加；不选时上传材料并可写说明"),
    )

    class Meta:
        model = DutyTerm
        fields = (
            "title",
            "title_en",
            "code",
            "owed_by",
            "per",
            "clause",
            "until",
            "month_day",
            "moment",
            "is_before",
            "days",
            "day_kind",
            "blocks",
            "accepted_by",
            "check_days",
            "section_code",
            "applies_when",
            "text",
            "text_en",
        )
        widgets = {"applies_when": short_text(2), "text": short_text(3), "text_en": short_text(3)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        sections = Section.objects.filter(call=self.call, form=FormKind.DUTY).order_by("order")
        known = remembered(self.call, "duty_sections", lambda: list(sections))
        choices = [("", gettext_lazy("上传材料")), *((row.code, row.title) for row in known)]
        now = self.instance.section_code
        if now and now not in dict(choices):
            choices.append((now, now))
        self.fields["section_code"].choices = choices

    def clean(self):
        data = super().clean()
        if not self.errors:
            for field, sentence in own_faults(_Row(data)):
                self.add_error({"before": "is_before"}.get(field, field), sentence)
        return data


class _Row:
    """What was typed, by the names that a pack uses."""

    def __init__(self, data: dict):
        self.__dict__.update(data, before=data["is_before"])


Duties = rows(
    DutyForm,
    title=gettext_lazy("报送事项（一行一件：由谁、每什么一份、什么时候、谁审核、不完成不得做什么）"),
    noun=gettext_lazy("事项"),
    prefix="duties",
)
