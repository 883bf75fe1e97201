"""The accounts that units registered: finance confirms where it pays."""

from django.contrib.admin import register
from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.enums import ActionVariant

from accounts.models import BankAccount
from accounts.states import AccountState
from core.admin import ActionButtonsMixin, HistoryMixin, ModelAdmin, ReadOnlyMixin, button
from finance import actions, rules
from finance.forms import AccountReturnForm

WAITING_FIRST = Case(
    When(state=AccountState.REGISTERED, then=Value(0)), default=Value(1), output_field=IntegerField()
).asc()
TONES = {
    AccountState.REGISTERED: "warning",
    AccountState.CONFIRMED: "success",
    AccountState.RETURNED: "danger",
    AccountState.SUPERSEDED: "info",
}


@register(BankAccount)
class BankAccountAdmin(ActionButtonsMixin, ReadOnlyMixin, HistoryMixin, ModelAdmin):
    """What waits first, the oldest on top. The whole number is for finance officers only."""

    list_display = ("organisation", "holder", "bank", "account", "valid_from", "recorded_at", "condition")
    list_filter = ("state",)
    search_fields = ("organisation__name", "organisation__credit_code", "holder", "bank")
    list_select_related = ("organisation", "recorded_by", "checked_by")
    actions_detail = ("confirm", "send_back")

    def has_view_permission(self, request, obj=None):
        """Programme managers see no accounts at all."""
        may = rules.is_payer(request.user) or request.user.scope.sees_everything
        return may and super().has_view_permission(request, obj)

    def get_fields(self, request, obj=None):
        number = "number" if rules.is_payer(request.user) else "account"
        return (
            "organisation",
            "holder",
            "bank",
            number,
            "valid_from",
            ("recorded_by", "recorded_at"),
            "state",
            "reason",
            ("checked_by", "checked_at"),
        )

    def get_readonly_fields(self, request, obj=None):
        return ("account",)

    def get_ordering(self, request):
        return (WAITING_FIRST, "recorded_at", "id")

    @display(description=_("账号"))
    def account(self, obj):
        return f"**** {obj.number[-4:]}"

    @display(description=_("状态"), ordering="state", label=TONES)
    def condition(self, obj):
        return obj.state, obj.get_state_display()

    @button(
        _("确认账户"),
        may=rules.can_check_account,
        text=_("确认户名与单位一致、开户行和账号无误。确认后才能向这个单位付款。"),
        icon="verified",
        variant=ActionVariant.PRIMARY,
    )
    def confirm(self, request, account, data, at):
        actions.confirm_account(account=account, by=request.user, at=at)
        return _("账户已确认，单位会收到通知。")

    @button(_("退回账户"), form=AccountReturnForm, may=rules.can_check_account, icon="undo")
    def send_back(self, request, account, data, at):
        actions.return_account(account=account, reason=data["reason"], by=request.user, at=at)
        return _("账户已退回，单位会收到通知。")
