"""How the notice accepts projects: the panel, its score sheet, bonuses, conclusions and what follows."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.sent import number
from desk.forms.base import PartForm, remembered, rows
from desk.forms.judging import OptionalForm
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import Wan, formula
from grants.rules import ACCEPTANCE
from milestones.models import (
    AcceptanceBonus,
    AcceptanceCriterion,
    AcceptanceGrade,
    AcceptanceScheme,
    Kind,
    MilestoneTemplate,
)


class AcceptanceForm(OptionalForm):
    layout = (
        (("milestone_code", 4), ("panel_size", 3), ("aggregation", 5)),
        (("again_times", 3), ("again_months", 3), ("clause", 3), ("by_leader", 3)),
        (("remove", 12),),
    )
    milestone_code = forms.ChoiceField(
        label=gettext_lazy("哪个里程碑"),
        required=False,
        help_text=gettext_lazy("按验收意见和等次作出结论；没有等次的验收留空，由主管审核"),
    )
    remove = forms.BooleanField(label=gettext_lazy("不要验收方案（删除）"), required=False)

    class Meta:
        model = AcceptanceScheme
        fields = (
            "milestone_code",
            "panel_size",
            "aggregation",
            "again_times",
            "again_months",
            "clause",
            "by_leader",
        )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        templates = MilestoneTemplate.objects.filter(call=self.call, kind=Kind.MILESTONE).order_by("order")
        known = remembered(self.call, "milestones", lambda: list(templates))
        choices = [("", "—"), *((row.code, row.name) for row in known)]
        now = self.instance.milestone_code
        if now and now not in dict(choices):
            choices.append((now, _("%(code)s（已不存在）") % {"code": now}))
        self.fields["milestone_code"].choices = choices

    def wanted(self) -> bool:
        """Conclusions without a scheme could not be used: one comes with the other."""
        typed = (self.data.get(f"{rows}-TOTAL_FORMS", "0") for rows in ("conclusions", "marks", "bonuses"))
        return super().wanted() or any(number(count) > 0 for count in typed)

    def clean(self):
        data = super().clean()
        if self.wanted() and not data.get("remove") and not data.get("milestone_code"):
            self.add_error("milestone_code", _("请选择里程碑；没有时先到“里程碑”部分添加。"))
        return data


class AcceptanceGradeForm(PartForm):
    layout = (
        (("name", 4), ("score", 2), ("passes", 3), ("clause", 3)),
        (("when", 12),),
        (("share", 3), ("premium", 3), ("refund", 3), ("refund_days", 3)),
        (("name_en", 6), ("code", 6)),
    )
    code_prefix = "g"
    premium = Wan(
        label=gettext_lazy("另奖励（万元）"),
        help_text=gettext_lazy("资助额以外的奖励，列入年度预算，作为一笔拨款"),
    )

    class Meta:
        model = AcceptanceGrade
        fields = (
            "name",
            "score",
            "passes",
            "clause",
            "when",
            "share",
            "premium",
            "refund",
            "refund_days",
            "name_en",
            "code",
        )
        widgets = {"when": formula(2)}

    def clean(self):
        data = super().clean()
        check_formula(self, "when", codes=question_codes(self.call), more=ACCEPTANCE)
        if data.get("passes") and data.get("refund"):
            self.add_error("refund", _("通过的不退回已付的资金；只按比例支付的写支付比例（share）。"))
        if not data.get("passes") and data.get("premium"):
            self.add_error("premium", _("不通过的没有奖励。"))
        return data


class AcceptanceCriterionForm(PartForm):
    layout = ((("name", 4), ("weight", 2), ("max_score", 2), ("name_en", 2), ("code", 2)),)
    code_prefix = "criterion"

    class Meta:
        model = AcceptanceCriterion
        fields = ("name", "weight", "max_score", "name_en", "code")


class AcceptanceBonusForm(PartForm):
    layout = ((("name", 4), ("points", 2), ("clause", 3), ("name_en", 3)), (("when", 12),))

    class Meta:
        model = AcceptanceBonus
        fields = ("name", "points", "clause", "name_en", "when")
        widgets = {"when": formula(2)}

    def clean(self):
        data = super().clean()
        check_formula(self, "when", codes=question_codes(self.call), more=ACCEPTANCE)
        return data


class OfScheme:
    """Rows that go with the scheme: without one there are none."""

    def store(self):
        if AcceptanceScheme.objects.filter(call=self.call).exists():
            super().store()
        else:
            self.known(self.call).delete()


class Conclusions(
    OfScheme,
    rows(
        AcceptanceGradeForm,
        title=gettext_lazy("结论（由上到下取第一个成立的）和资金"),
        noun=gettext_lazy("结论"),
        prefix="conclusions",
    ),
):
    pass


class Criteria(
    OfScheme,
    rows(
        AcceptanceCriterionForm,
        title=gettext_lazy("验收指标（不写的，每位专家给一个总分）"),
        noun=gettext_lazy("指标"),
        prefix="marks",
    ),
):
    pass


class Bonuses(
    OfScheme,
    rows(
        AcceptanceBonusForm,
        title=gettext_lazy("加分"),
        noun=gettext_lazy("加分"),
        unique=("name",),
        prefix="bonuses",
    ),
):
    pass
