"""What follows when a project does not keep its promises, or another notice awards: one row for each."""

from django import forms
from django.utils.translation import gettext_lazy

from desk.forms.base import PartForm, remembered, rows
from desk.forms.widgets import WordsField, short_text
from desk.packs.checks import AS_THE_LEADER, NOTHING_FOLLOWS, OF_A_MILESTONE
from grants.models import OF_MILESTONES, OF_PEOPLE, Replacement, SanctionBars, SanctionTerm
from milestones.models import MilestoneTemplate


class SanctionForm(PartForm):
    layout = (
        (("when", 4), ("milestone_code", 4), ("clause", 4)),
        (("bars", 4), ("months", 4), ("plans", 4)),
        (("members_too", 3), ("joining_too", 3), ("quota_cut", 3), ("is_public", 3)),
        (("text", 6), ("text_en", 6)),
    )
    milestone_code = forms.ChoiceField(label=gettext_lazy("哪个里程碑"), required=False)
    plans = WordsField(
        label=gettext_lazy("限制申报的计划"), help_text=gettext_lazy("计划代码；留空为本系统的全部计划")
    )

    class Meta:
        model = SanctionTerm
        fields = (
            "when",
            "milestone_code",
            "clause",
            "bars",
            "months",
            "plans",
            "members_too",
            "joining_too",
            "quota_cut",
            "is_public",
            "text",
            "text_en",
        )
        widgets = {"text": short_text(2), "text_en": short_text(2)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        templates = MilestoneTemplate.objects.filter(call=self.call).order_by("order")
        known = remembered(self.call, "promises", lambda: list(templates))
        choices = [("", gettext_lazy("任何一个")), *((row.code, row.name) for row in known)]
        now = self.instance.milestone_code
        if now and now not in dict(choices):
            choices.append((now, now))
        self.fields["milestone_code"].choices = choices

    def clean(self):
        data = super().clean()
        if data.get("milestone_code") and data.get("when") not in OF_MILESTONES:
            self.add_error("milestone_code", OF_A_MILESTONE)
        nobody = data.get("bars") == SanctionBars.NOBODY
        if nobody and (data.get("joining_too") or not (data.get("quota_cut") or data.get("is_public"))):
            self.add_error("bars", NOTHING_FOLLOWS)
        if data.get("members_too") and data.get("bars") not in OF_PEOPLE:
            self.add_error("members_too", AS_THE_LEADER)
        return data


Sanctions = rows(
    SanctionForm,
    title=gettext_lazy("违约处理（由项目主管对具体项目提出，局领导决定后生效）"),
    noun=gettext_lazy("处理"),
    unique=(),
    prefix="sanctions",
)


class ReplacementForm(PartForm):
    layout = (
        (("plan", 4), ("title", 8)),
        (("whose", 4), ("effect", 4), ("clause", 4)),
        (("text", 6), ("text_en", 6)),
    )

    class Meta:
        model = Replacement
        fields = ("plan", "title", "whose", "effect", "clause", "text", "text_en")
        widgets = {"text": short_text(2), "text_en": short_text(2)}


Replacements = rows(
    ReplacementForm,
    title=gettext_lazy("由其他立项取代（那份通知立项时，本通知的项目自动终止或停止拨付）"),
    noun=gettext_lazy("取代"),
    unique=("plan", "title", "whose"),
    prefix="replaced_by",
)
