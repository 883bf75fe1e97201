"""The milestones that an applicant proposes."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications import actions, completeness
from applications.fields import DayField, LimitedText, PlainNumberField
from applications.forms.part import Rows

MILESTONE_ROWS = 20
INDICATOR = re.compile(r"\s*[，,|\t]\s*")


class IndicatorsField(LimitedText):
    """One indicator a line: name, unit, target."""

    def __init__(self, **kwargs):
        super().__init__(widget=forms.Textarea(attrs={"rows": 2}), **kwargs)

    def prepare_value(self, value):
        if not isinstance(value, list):
            return value
        return "\n".join(
            "，".join(str(row.get(name, "")) for name in ("name", "unit", "target")).rstrip("，")
            for row in value
        )

    def clean(self, value):
        rows = []
        for number, line in enumerate(super().clean(value).splitlines(), start=1):
            if not line.strip():
                continue
            parts = INDICATOR.split(line.strip())
            if len(parts) == 2:
                parts.insert(1, "")
            if len(parts) != 3:
                raise ValidationError(_("第 %(number)s 行请写成“指标，单位，目标值”。") % {"number": number})
            rows.append(dict(zip(("name", "unit", "target"), parts, strict=True)))
        return rows

    def has_changed(self, initial, data):
        return bool(data)


class MilestoneForm(forms.Form):
    name = LimitedText(label=gettext_lazy("名称"), max_length=120, required=False)
    due_date = DayField(label=gettext_lazy("计划日期"), required=False)
    deliverable = LimitedText(
        label=gettext_lazy("交付物"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    indicators = IndicatorsField(
        label=gettext_lazy("考核指标"),
        required=False,
        help_text=gettext_lazy("每行一项：指标，单位，目标值。"),
    )
    share = PlainNumberField(
        label=gettext_lazy("拨款比例（%）"),
        required=False,
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
    )

    def __init__(self, *args, application, **kwargs):
        super().__init__(*args, **kwargs)
        self.application = application

    def clean(self):
        if self.has_changed() and "due_date" not in self.errors and not self.cleaned_data.get("due_date"):
            self.add_error("due_date", _("请填写计划日期。"))
        starts, ends = self.application.starts_date, self.application.ends_date
        for name, sentence in completeness.milestone_faults(self.cleaned_data, starts, ends):
            if name == "due_date":
                self.add_error(name, sentence)
        return self.cleaned_data


class Milestones(Rows):
    name = prefix = "milestones"
    template = "applications/parts/milestones.html"
    fields_template = "applications/parts/fields/milestones.html"
    row_form = MilestoneForm
    told_by = ("name", "due_date")
    most = MILESTONE_ROWS

    def row_options(self):
        return {"application": self.application}

    def initial(self):
        fields = ("name", "due_date", "deliverable", "indicators", "share")
        return list(self.application.proposed_milestones.values(*fields))

    def store(self, *, by, at):
        actions.set_milestones(application=self.application, milestones=self.values(), by=by, at=at)
