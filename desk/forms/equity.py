"""How the money of a call becomes a share, and how the share is left again: one page of the desk."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.sent import number
from desk.forms.base import PartForm, remembered, rows
from desk.forms.judging import OptionalForm
from desk.forms.widgets import Wan
from equity.models import WITH_AMOUNT, EquityTerms, PayeeTemplate, PriceFormula, TriggerKind, TriggerTemplate
from milestones.models import Kind, MilestoneTemplate


class TermsForm(OptionalForm):
    layout = (
        (("max_percent", 3), ("not_largest", 3), ("clause", 6)),
        (("conversion_days", 4), ("repayment_days", 4), ("step_days", 4)),
        (("report_months", 3), ("valuation_months", 3), ("max_holding_months", 3), ("report_clause", 3)),
        (("buy_back_after_months", 4), ("buy_back_months", 4), ("team_first", 4)),
        (("price_formula", 4), ("interest_percent", 4), ("interest_after_months", 4)),
        (("exit_clause", 4), ("split_clause", 4)),
        (("remove", 12),),
    )
    remove = forms.BooleanField(label=gettext_lazy("资金不转为股权（删除）"), required=False)

    class Meta:
        model = EquityTerms
        fields = (
            "max_percent",
            "not_largest",
            "conversion_days",
            "repayment_days",
            "step_days",
            "clause",
            "report_months",
            "valuation_months",
            "max_holding_months",
            "report_clause",
            "buy_back_after_months",
            "buy_back_months",
            "team_first",
            "price_formula",
            "interest_percent",
            "interest_after_months",
            "exit_clause",
            "split_clause",
        )

    def wanted(self) -> bool:
        """Triggers and payees without terms could not be used: one comes with the others."""
        typed = (self.data.get(f"{name}-TOTAL_FORMS", "0") for name in ("triggers", "payees"))
        return super().wanted() or any(number(count) > 0 for count in typed)

    def clean(self):
        data = super().clean()
        if (data.get("buy_back_after_months") is None) != (data.get("buy_back_months") is None):
            self.add_error("buy_back_months", _("回购期的开始和长度要一起写。"))
        with_interest = data.get("price_formula") == PriceFormula.ORIGINAL_INTEREST
        if (
            with_interest != (data.get("interest_percent") is not None)
            and "interest_percent" not in self.errors
        ):
            self.add_error("interest_percent", _("年利率只在按原始投资额加利息时填写。"))
        return data


class TriggerForm(PartForm):
    layout = (
        (("kind", 4), ("amount", 4), ("milestone_code", 4)),
        (("months", 4), ("clause", 4)),
    )
    amount = Wan(label=gettext_lazy("不少于（万元）"), help_text=gettext_lazy("融资和营业收入的触发条件填写"))
    milestone_code = forms.ChoiceField(label=gettext_lazy("里程碑"), required=False)

    class Meta:
        model = TriggerTemplate
        fields = ("kind", "amount", "milestone_code", "months", "clause")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        templates = MilestoneTemplate.objects.filter(call=self.call, kind=Kind.MILESTONE).order_by("order")
        known = remembered(self.call, "milestones", lambda: list(templates))
        choices = [("", "—"), *((row.code, row.name) for row in known)]
        now = self.instance.milestone_code
        if now and now not in dict(choices):
            choices.append((now, _("%(code)s（已不存在）") % {"code": now}))
        self.fields["milestone_code"].choices = choices

    def clean(self):
        data = super().clean()
        if not data.get("kind"):
            return data
        if (data["kind"] in WITH_AMOUNT) != (data.get("amount") is not None) and "amount" not in self.errors:
            self.add_error("amount", _("融资和营业收入的触发条件要写金额，其他不写。"))
        if (data["kind"] == TriggerKind.MILESTONE) != bool(data.get("milestone_code")):
            self.add_error("milestone_code", _("里程碑的触发条件要写里程碑，其他不写。"))
        return data


class PayeeForm(PartForm):
    layout = ((("name", 5), ("share", 3), ("is_pool", 4)),)

    class Meta:
        model = PayeeTemplate
        fields = ("name", "share", "is_pool")


Triggers = rows(
    TriggerForm,
    title=gettext_lazy("触发条件"),
    noun=gettext_lazy("条件"),
    unique=(),
    prefix="triggers",
)
Payees = rows(
    PayeeForm,
    title=gettext_lazy("收益分配"),
    noun=gettext_lazy("一方"),
    unique=("name",),
    prefix="payees",
)
