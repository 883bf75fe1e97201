"""Money that is to come back: demanded, received in parts, written off."""

from django.contrib.admin import SimpleListFilter, register
from django.db.models import Case, IntegerField, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold import admin as unfold
from unfold.decorators import display

from awards.project_lines import PROJECT, ProjectLines
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from core.calendar import local_date
from core.money import wan
from finance import actions, refund_rules
from finance.forms import (
    ReceiptForm,
    WriteOffForm,
)
from finance.models import (
    Refund,
    RefundReceipt,
)
from finance.states import RefundState


class RefundReceiptInline(ReadOnlyMixin, unfold.TabularInline):
    model = RefundReceipt
    fields = ("voucher", "amount_wan", "received_date", "note", "recorded_by", "recorded_at")
    readonly_fields = fields
    extra = 0

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("recorded_by")

    @display(description=_("退款金额"))
    def amount_wan(self, obj):
        return wan(obj.amount)


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
class RefundAdmin(ProjectLines, ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """Money that is to come back: what is open first, the most overdue on top."""

    list_display = ("project", "unit", "amount_wan", "returned_wan", "left_wan", "due", "condition")
    list_filter = (RefundFilter, "state", "cause", f"{PROJECT}__call__programme")
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
        return rows.select_related(f"{PROJECT}__organisation", f"{PROJECT}__call__programme", "demanded_by")

    def get_ordering(self, request):
        return (DEMANDED_FIRST, "due_date", "id")

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


@register(RefundReceipt)
class RefundReceiptAdmin(ReadOnlyMixin, ModelAdmin):
    """The register of refunds that came, the newest first."""

    list_display = ("voucher", "project", "unit", "amount_wan", "received_date", "recorded_by")
    list_filter = ("received_date", "refund__cause", "refund__agreement__award__application__call__programme")
    search_fields = (
        "voucher",
        "refund__agreement__award__number",
        "refund__agreement__award__application__title",
        "refund__agreement__award__application__organisation__name",
    )
    fields = (
        "demand",
        "unit",
        "amount_wan",
        "received_date",
        "voucher",
        "note",
        ("recorded_by", "recorded_at"),
    )
    readonly_fields = ("demand", "unit", "amount_wan")
    ordering = ("-received_date", "-id")

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related("refund__agreement__award__application__organisation", "recorded_by")

    @display(description=_("项目"))
    def project(self, obj):
        award = obj.refund.agreement.award
        return f"{award.number} {award.application}"

    @display(description=_("退回资金"))
    def demand(self, obj):
        address = reverse("admin:finance_refund_change", args=[obj.refund_id])
        return format_html('<a href="{}">{}</a>', address, self.project(obj))

    @display(description=_("承担单位"))
    def unit(self, obj):
        return obj.refund.agreement.award.application.organisation

    @display(description=_("退款金额"), ordering="amount")
    def amount_wan(self, obj):
        return wan(obj.amount)
