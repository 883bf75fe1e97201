"""Which instalments are to be paid: the second opinion on their deadlines."""

from accounts.models import BankAccount, Organisation
from awards.models import Agreement
from core import calendar
from finance import condition_clocks, money_clocks, notifications, queries, refund_clocks
from finance.models import Instalment, Refund
from finance.states import InstalmentState
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, entered_at, register

PROGRAMME = "agreement__award__application__call__programme__department"


def _due(at):
    return Instalment.objects.due().select_related(PROGRAMME)


def _refunds(at):
    return Refund.objects.open().select_related(PROGRAMME, "agreement__award__application__organisation")


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.PAYMENT,
            model=Instalment,
            owing=_due,
            open=lambda instalment, at: notifications.open_payment(
                instalment, at=entered_at(instalment, InstalmentState.DUE, at)
            ),
            due=lambda instalment: instalment.due_at,
            dates=("finance.Instalment.due_at",),
        ),
        Obligation(
            kind=DeadlineKind.YEAR_CLOSE,
            model=Instalment,
            owing=_due,
            open=lambda instalment, at: money_clocks.open_year_close(instalment, at=at),
        ),
        Obligation(
            kind=DeadlineKind.LATER_CONDITION,
            model=Instalment,
            owing=condition_clocks.owing,
            open=lambda instalment, at: condition_clocks.open_condition(instalment, at=at),
        ),
        Obligation(
            kind=DeadlineKind.BANK_ACCOUNT,
            model=Organisation,
            owing=lambda at: money_clocks.without_account(),
            open=lambda unit, at: money_clocks.open_account(unit, at=at),
            due=money_clocks.account_due,
            dates=("finance.Instalment.due_at",),
        ),
        Obligation(
            kind=DeadlineKind.ACCOUNT_CHECK,
            model=BankAccount,
            owing=lambda at: BankAccount.objects.waiting().select_related("organisation"),
            open=lambda account, at: money_clocks.open_account_check(account, at=account.recorded_at),
            dates=("accounts.BankAccount.recorded_at",),
        ),
        Obligation(
            kind=DeadlineKind.SETTLEMENT,
            model=Agreement,
            owing=lambda at: queries.to_settle().select_related(PROGRAMME.removeprefix("agreement__")),
            open=lambda agreement, at: refund_clocks.open_settlement(
                agreement, at=queries.end_of(agreement).decided_at
            ),
        ),
        Obligation(
            kind=DeadlineKind.REFUND,
            model=Refund,
            owing=_refunds,
            open=lambda refund, at: refund_clocks.open_refund(refund, at=refund.demanded_at),
            due=lambda refund: calendar.end_of_day(refund.due_date),
            dates=("finance.Refund.due_date",),
        ),
    )
