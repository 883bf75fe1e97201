"""Budgets, instalments (what is due first) and payments. Payments are never edited, only reversed."""

from django import forms
from django.contrib.admin import SimpleListFilter, register
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.calendar import local_date
from core.money import wan
from finance import actions, queries, refund_rules, rules
from finance.forms import (
    DemandForm,
    PaymentForm,
    ReceiptForm,
    ReversalForm,
    SettlementForm,
    WriteOffForm,
)
from finance.models import (
    Appropriation,
    Commitment,
    Instalment,
    InstalmentTemplate,
    Payment,
    Refund,
    RefundReceipt,
)
from finance.states import InstalmentState, RefundState
from grants.models import Call
from grants.states import CallState


class AppropriationForm(forms.ModelForm):
    class Meta:
        model = Appropriation
        fields = ("programme", "year", "amount")

    def clean_amount(self):
        """Never below what is committed; the row is locked, so that nobody commits in between."""
        amount = self.cleaned_data["amount"]
        if self.instance.pk:
            held = Appropriation.objects.select_for_update().get(pk=self.instance.pk).committed
            if amount < held:
                raise ValidationError(_("预算不能低于已承诺的 %(held)s。"), params={"held": wan(held)})
        return amount


class CommitmentInline(ReadOnlyMixin, unfold.TabularInline):
    model = Commitment
    fields = ("application", "amount", "committed_at", "released_at")
    readonly_fields = fields
    extra = 0
    per_page = 50

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("application").order_by("-id")


@register(Appropriation)
class AppropriationAdmin(ModelAdmin):
    """The money of a programme in a year; what is committed is counted by the database."""

    form = AppropriationForm
    list_display = ("programme", "year", "amount_wan", "committed_wan", "left_wan")
    list_filter = ("year", "programme")
    list_select_related = ("programme",)
    readonly_fields = ("committed_wan", "left_wan")
    inlines = (CommitmentInline,)

    def get_readonly_fields(self, request, obj=None):
        return (*self.readonly_fields, "programme", "year") if obj else self.readonly_fields

    def has_delete_permission(self, request, obj=None):
        return False

    @display(description=_("预算"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("已承诺"), ordering="committed")
    def committed_wan(self, obj):
        return wan(obj.committed or 0)

    @display(description=_("还可安排"))
    def left_wan(self, obj):
        return wan(obj.left) if obj.pk else "—"


@register(InstalmentTemplate)
class InstalmentTemplateAdmin(ModelAdmin):
    """The payment plan of a call; of published calls it can only be read."""

    list_display = ("call", "order", "name", "share", "condition", "milestone_code", "pay_days", "clause")
    list_filter = ("call__programme",)
    list_select_related = ("call",)
    search_fields = ("name", "call__title")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "call":
            kwargs["queryset"] = Call.objects.visible_to(request.user).filter(state=CallState.DRAFT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or obj.call.state == CallState.DRAFT
        )

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (
            obj is None or obj.call.state == CallState.DRAFT
        )


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
}


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
class InstalmentAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What is to be paid, due first, by date."""

    list_display = ("project", "unit", "name", "amount_wan", "paid_wan", "due", "condition_label")
    list_filter = (OverdueFilter, "state", "agreement__award__application__call__programme")
    search_fields = (
        "agreement__award__number",
        "agreement__award__application__title",
        "agreement__award__application__organisation__name",
    )
    fields = (
        "project",
        "unit",
        "name",
        "amount_wan",
        "paid_wan",
        "left_wan",
        "reason",
        "due",
        "clause",
        "state",
    )
    readonly_fields = ("project", "unit", "amount_wan", "paid_wan", "left_wan", "reason", "due")
    inlines = (PaymentInline,)
    actions_detail = ("pay", "settle", "demand")

    def get_queryset(self, request):
        return queries.with_project(super().get_queryset(request))

    def get_ordering(self, request):
        return (DUE_FIRST, "due_at", "id")

    @display(description=_("项目"), ordering="agreement__award__number")
    def project(self, obj):
        return f"{obj.agreement.award.number} {obj.agreement.award.application}"

    @display(description=_("承担单位"), ordering="agreement__award__application__organisation__name")
    def unit(self, obj):
        return obj.agreement.award.application.organisation

    @display(description=_("金额"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("已付"), ordering="paid")
    def paid_wan(self, obj):
        return wan(obj.paid)

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

    @display(description=_("状态"), ordering="state", label=STATE_TONES)
    def condition_label(self, obj):
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
        text=_("登记银行已经完成的付款。登记后不能修改，有误时冲销后重新登记。"),
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


def facts_of(agreement) -> list[tuple]:
    """What to decide by: the project, what was paid, what of it can still be demanded back."""
    return [
        (_("项目"), f"{agreement.award.number} {agreement.award.application}"),
        (_("任务书"), agreement.get_state_display()),
        (_("已付"), wan(queries.paid_to(agreement))),
        (_("已付且未要求退回"), wan(refund_rules.demandable(agreement))),
    ]


class RefundReceiptInline(ReadOnlyMixin, unfold.TabularInline):
    model = RefundReceipt
    fields = ("voucher", "ledger", "received_date", "note", "recorded_by", "recorded_at")
    readonly_fields = fields
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recorded_by")

    @display(description=_("金额"))
    def ledger(self, obj):
        """In the ledger money that came back is negative."""
        return wan(-obj.amount)


class RefundFilter(SimpleListFilter):
    title = _("退回期限")
    parameter_name = "refund"

    def lookups(self, request, model_admin):
        return [("overdue", _("已逾期")), ("open", _("待退回"))]

    def queryset(self, request, queryset):
        if self.value() == "overdue":
            return queryset.open().filter(due_date__lt=local_date(timezone.now()))
        return queryset.open() if self.value() == "open" else queryset


DEMANDED_FIRST = Case(
    When(state=RefundState.DEMANDED, then=Value(0)), default=Value(1), output_field=IntegerField()
).asc()
REFUND_TONES = {
    RefundState.DEMANDED: "warning",
    RefundState.SETTLED: "success",
    RefundState.WRITTEN_OFF: "danger",
}


@register(Refund)
class RefundAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """Money that is to come back: what is open first, the most overdue on top."""

    list_display = ("project", "unit", "amount_wan", "returned_wan", "left_wan", "due", "condition")
    list_filter = (RefundFilter, "state", "cause", "agreement__award__application__call__programme")
    search_fields = (
        "agreement__award__number",
        "agreement__award__application__title",
        "agreement__award__application__organisation__name",
    )
    fields = (
        "project_link",
        "unit",
        "amount_wan",
        "returned_wan",
        "left_wan",
        "due",
        "cause",
        "reason",
        "clause",
        "demanded_by",
        "demanded_at",
        "state",
        "ending",
    )
    readonly_fields = ("project_link", "unit", "amount_wan", "returned_wan", "left_wan", "due")
    inlines = (RefundReceiptInline,)
    actions_detail = ("receive", "write_off")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related(
            "agreement__award__application__organisation",
            "agreement__award__application__call__programme",
            "demanded_by",
        )

    def get_ordering(self, request):
        return (DEMANDED_FIRST, "due_date", "id")

    @display(description=_("项目"), ordering="agreement__award__number")
    def project(self, obj):
        return f"{obj.agreement.award.number} {obj.agreement.award.application}"

    @display(description=_("项目"))
    def project_link(self, obj):
        address = reverse("portal:project", args=[obj.agreement_id])
        return format_html('<a href="{}">{}</a>', address, self.project(obj))

    @display(description=_("承担单位"), ordering="agreement__award__application__organisation__name")
    def unit(self, obj):
        return obj.agreement.award.application.organisation

    @display(description=_("应退"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)

    @display(description=_("已退"), ordering="returned")
    def returned_wan(self, obj):
        return wan(obj.returned)

    @display(description=_("未退"))
    def left_wan(self, obj):
        return wan(obj.left)

    @display(description=_("退回期限"), ordering="due_date")
    def due(self, obj):
        late = (local_date(timezone.now()) - obj.due_date).days
        if obj.state != RefundState.DEMANDED or late <= 0:
            return f"{obj.due_date:%Y-%m-%d}"
        return f"{obj.due_date:%Y-%m-%d} " + _("逾期 %(days)s 天") % {"days": late}

    @display(description=_("状态"), ordering="state", label=REFUND_TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @button(
        _("登记退款"),
        form=ReceiptForm,
        may=refund_rules.can_receive,
        text=_("登记已经到账的退款，可以分次登记；登记后不能修改。"),
        icon="assignment_return",
    )
    def receive(self, request, refund, data, at):
        amount = data.pop("amount")
        receipt = actions.receive_refund(
            refund=refund,
            amount=refund.left if amount is None else amount,
            **data,
            by=request.user,
            at=at,
        )
        return _("已登记退款 %(amount)s。") % {"amount": wan(receipt.amount)}

    @button(
        _("核销"),
        form=WriteOffForm,
        may=refund_rules.can_write_off,
        facts=lambda refund: [
            (_("项目"), f"{refund.agreement.award.number} {refund.agreement.award.application}"),
            (_("应退"), wan(refund.amount)),
            (_("已退"), wan(refund.returned)),
            (_("将核销"), wan(refund.left)),
        ],
        text=_("核销后尚未退回的金额不再追缴，期限和提醒同时结束。"),
        icon="money_off",
    )
    def write_off(self, request, refund, data, at):
        actions.write_off(refund=refund, reason=data["reason"], by=request.user, at=at)
        return _("已核销。")


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
