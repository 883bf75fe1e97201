"""Instalments (what is due first) and payments. Payments are never edited, only reversed."""

from django.contrib.admin import SimpleListFilter, register
from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from accounts.states import AccountState
from awards.project_lines import PROJECT, ProjectLines
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.calendar import local_date
from core.money import wan
from core.workflow import Refused
from finance import actions, queries, refund_rules, rules
from finance.forms import (
    DemandForm,
    PaymentForm,
    ReversalForm,
    SettlementForm,
)
from finance.models import (
    Instalment,
    Payment,
)
from finance.states import InstalmentState


class OverdueFilter(SimpleListFilter):
    title = _("付款期限")
    parameter_name = "pay"

    def lookups(self, request, model_admin):
        return [("overdue", _("已逾期")), ("due", _("待拨付"))]

    def queryset(self, request, queryset):
        if self.value() == "overdue":
            return queryset.due().filter(due_at__lt=timezone.now())
        return queryset.due() if self.value() == "due" else queryset


DUE_FIRST = Case(
    When(state=InstalmentState.DUE, then=Value(0)), default=Value(1), output_field=IntegerField()
).asc()
STATE_TONES = {
    InstalmentState.PLANNED: "info",
    InstalmentState.DUE: "warning",
    InstalmentState.PAID: "success",
    InstalmentState.CANCELLED: "danger",
    None: "danger",  # due, and nowhere to pay it to
}


def payee_of(instalment: Instalment) -> list[tuple]:
    """What is left to pay, and where to: the confirmed account, or what is missing and who mends it."""
    unit = instalment.agreement.award.application.organisation
    facts = [
        (_("项目"), f"{instalment.agreement.award.number} {instalment.agreement.award.application}"),
        (_("未付"), wan(instalment.unpaid)),
    ]
    try:
        account = rules.account_to_pay(unit, on=local_date(timezone.now()))
    except Refused as missing:
        return [*facts, (_("收款账户"), missing.message)]
    return [
        *facts,
        (_("户名"), account.holder),
        (_("开户行"), account.bank),
        (_("收款账号"), account.number),
    ]


def facts_of(agreement) -> list[tuple]:
    """What to decide by: the project, what was paid, what of it can still be demanded back."""
    return [
        (_("项目"), f"{agreement.award.number} {agreement.award.application}"),
        (_("任务书"), agreement.get_state_display()),
        (_("已付"), wan(queries.paid_to(agreement))),
        (_("已付且未要求退回"), wan(refund_rules.demandable(agreement))),
    ]


class PaymentLines:
    """How a payment reads: 万元, and the account only for who may see it whole."""

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related("instalment__agreement__award__application__organisation", "recorded_by")

    @display(description=_("金额"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("收款账号"))
    def account(self, obj):
        return obj.masked_account

    @display(description=_("冲销"), boolean=True)
    def is_reversal(self, obj):
        return obj.reverses_id is not None


class PaymentInline(PaymentLines, ReadOnlyMixin, unfold.TabularInline):
    model = Payment
    fields = ("voucher", "amount_wan", "paid_date", "account", "payee_bank", "is_reversal", "note")
    readonly_fields = fields
    ordering = ("recorded_at", "id")
    extra = 0
    show_change_link = True


@register(Instalment)
class InstalmentAdmin(ProjectLines, ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What is to be paid, due first, by date."""

    list_display = ("project", "unit", "name", "amount_wan", "paid_wan", "due", "condition_label")
    list_filter = (OverdueFilter, "state", f"{PROJECT}__call__programme")
    fields = (
        "project",
        "unit",
        "name",
        "amount_wan",
        "worked_out",
        "paid_wan",
        "left_wan",
        "reason",
        "due",
        "payee",
        "clause",
        "state",
    )
    readonly_fields = (
        "project",
        "unit",
        "amount_wan",
        "worked_out",
        "paid_wan",
        "left_wan",
        "reason",
        "due",
        "payee",
    )
    inlines = (PaymentInline,)
    actions_detail = ("pay", "settle", "demand")

    def get_queryset(self, request):
        rows = queries.with_project(super().get_queryset(request))
        return queries.with_account(rows, on=local_date(timezone.now()))

    def get_ordering(self, request):
        return (DUE_FIRST, "due_at", "id")

    @display(description=_("金额"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("已付"), ordering="paid")
    def paid_wan(self, obj):
        return wan(obj.paid)

    @display(description=_("应付"))
    def worked_out(self, obj):
        """How much of it is paid at all, where conclusion or figures gave less."""
        if not obj.withheld_reason:
            return wan(obj.payable)
        return _("%(amount)s（%(reason)s）") % {"amount": wan(obj.payable), "reason": obj.withheld_reason}

    @display(description=_("未付"))
    def left_wan(self, obj):
        return wan(obj.unpaid)

    @display(description=_("付款条件"))
    def reason(self, obj):
        if obj.milestone is None:
            return obj.get_condition_display()
        address = reverse("admin:milestones_milestone_change", args=[obj.milestone_id])
        return format_html(
            '{} <a href="{}">{}</a> {}',
            obj.get_condition_display(),
            address,
            obj.milestone,
            obj.milestone.get_state_display(),
        )

    @display(description=_("付款期限"), ordering="due_at")
    def due(self, obj):
        if obj.due_at is None:
            return "—"
        late = obj.state == InstalmentState.DUE and obj.due_at < timezone.now()
        return f"{timezone.localtime(obj.due_at):%Y-%m-%d} {_('已逾期') if late else ''}"

    @display(description=_("收款账户"))
    def payee(self, obj):
        """Where the unit is paid, or what is missing; to be checked it is one click away."""
        if obj.state != InstalmentState.DUE:
            return "—"
        state = obj.account_state
        label = AccountState(state).label if state else _("未登记")
        unit = obj.agreement.award.application.organisation
        address = reverse("admin:accounts_bankaccount_changelist") + f"?q={unit.credit_code}"
        return format_html('{} <a href="{}">{}</a>', label, address, _("收款账户")) if state else label

    @display(description=_("状态"), ordering="state", label=STATE_TONES)
    def condition_label(self, obj):
        if obj.state == InstalmentState.DUE and obj.account_state != AccountState.CONFIRMED:
            return None, _("待确认账户") if obj.account_state else _("缺收款账户")
        return obj.state, obj.get_state_display()

    @button(
        _("终止结算"),
        form=SettlementForm,
        may=lambda user, instalment: refund_rules.can_settle(user, instalment.agreement),
        facts=lambda instalment: facts_of(instalment.agreement),
        text=_("核定整个项目合理支出的财政资金。应退回的随即要求退回，单位会收到通知；结算不能修改。"),
        icon="calculate",
    )
    def settle(self, request, instalment, data, at):
        settlement = actions.settle(agreement=instalment.agreement, **data, by=request.user, at=at)
        return _("已结算：核定支出 %(recognised)s，应退回 %(rest)s。") % {
            "recognised": wan(settlement.recognised),
            "rest": wan(settlement.to_return),
        }

    @button(
        _("要求退回"),
        form=DemandForm,
        facts=lambda instalment: facts_of(instalment.agreement),
        may=lambda user, instalment: refund_rules.can_demand(user, instalment.agreement),
        text=_("要求项目单位退回已付的财政资金；单位会收到通知，期限前后有提醒。"),
        icon="assignment_return",
    )
    def demand(self, request, instalment, data, at):
        refund = actions.demand_refund(agreement=instalment.agreement, **data, by=request.user, at=at)
        return _("已要求退回 %(amount)s，期限 %(date)s。") % {
            "amount": wan(refund.amount),
            "date": refund.due_date,
        }

    @button(
        _("登记付款"),
        form=PaymentForm,
        may=rules.can_pay,
        facts=payee_of,
        text=_("登记银行已经向下列账户完成的付款。登记后不能修改，有误时冲销后重新登记。"),
        icon="payments",
    )
    def pay(self, request, instalment, data, at):
        amount = data.pop("amount")
        payment = actions.record_payment(
            instalment=instalment,
            amount=instalment.unpaid if amount is None else amount,
            **data,
            by=request.user,
            at=at,
        )
        return _("已登记付款 %(amount)s，凭证号 %(voucher)s。") % {
            "amount": wan(payment.amount),
            "voucher": payment.voucher,
        }


@register(Payment)
class PaymentAdmin(PaymentLines, ActionButtonsMixin, ReadOnlyMixin, ModelAdmin):
    """The register of payments; the one thing to do with a payment is to reverse it."""

    list_display = ("voucher", "project", "unit", "amount_wan", "paid_date", "is_reversal", "recorded_by")
    list_filter = ("paid_date", "instalment__agreement__award__application__call__programme")
    search_fields = (
        "voucher",
        "instalment__agreement__award__number",
        "instalment__agreement__award__application__organisation__name",
    )
    ordering = ("-recorded_at", "-id")
    actions_detail = ("reverse",)

    def get_fields(self, request, obj=None):
        account = "payee_account" if rules.is_payer(request.user) else "account"
        return (
            "project",
            "unit",
            "instalment_name",
            "amount_wan",
            "paid_date",
            "voucher",
            account,
            "payee_bank",
            "is_reversal",
            "note",
            "recorded_by",
            "recorded_at",
        )

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj)

    @display(description=_("项目"))
    def project(self, obj):
        award = obj.instalment.agreement.award
        return f"{award.number} {award.application}"

    @display(description=_("承担单位"))
    def unit(self, obj):
        return obj.instalment.agreement.award.application.organisation

    @display(description=_("拨款"))
    def instalment_name(self, obj):
        address = reverse("admin:finance_instalment_change", args=[obj.instalment_id])
        return format_html('<a href="{}">{}</a>', address, obj.instalment)

    @button(
        _("冲销"),
        form=ReversalForm,
        may=rules.can_reverse,
        text=_("冲销记一笔相反的付款，拨款重新待付；原来的付款保留。"),
        icon="undo",
    )
    def reverse(self, request, payment, data, at):
        actions.reverse_payment(payment=payment, reason=data["reason"], by=request.user, at=at)
        return _("已冲销。")
