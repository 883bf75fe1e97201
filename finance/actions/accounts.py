"""Confirm the account that a unit registered, or send it back: nothing is paid before."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import BankAccount
from accounts.states import AccountState
from core import workflow
from core.workflow import Refused
from finance import money_clocks, rules


@transaction.atomic
def account_registered(*, account: BankAccount, by, at: datetime) -> None:
    """Finance owes the check; an account that still waited for it is replaced."""
    earlier = BankAccount.objects.waiting().filter(organisation=account.organisation)
    for replaced in earlier.exclude(pk=account.pk):
        workflow.move(replaced, AccountState.SUPERSEDED, by=by, at=at)
        money_clocks.account_replaced(replaced, by=by, at=at)
    money_clocks.open_account_check(account, at=at)
    money_clocks.account_followed(account.organisation, by=by, at=at)


@transaction.atomic
def confirm_account(*, account: BankAccount, by, at: datetime) -> None:
    """The unit can be paid there. Raises Refused."""
    rules.check_can_check_account(by, account)
    workflow.move(account, AccountState.CONFIRMED, by=by, at=at, checked_by=by, checked_at=at)
    money_clocks.account_checked(account, by=by, at=at)


@transaction.atomic
def return_account(*, account: BankAccount, reason: str, by, at: datetime) -> None:
    """The unit registers another. Raises Refused without a reason."""
    rules.check_can_check_account(by, account)
    reason = reason.strip()
    if not reason:
        raise Refused(_("请写明退回理由。"), field="reason")
    workflow.move(
        account, AccountState.RETURNED, by=by, at=at, note=reason, reason=reason, checked_by=by, checked_at=at
    )
    money_clocks.account_checked(account, by=by, at=at)
