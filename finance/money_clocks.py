"""Clocks about money that waits: the unit's account, without which nothing is paid; the close of the year."""

from datetime import date, datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import BankAccount, Organisation, User
from accounts.roles import Role, UnitRole
from core import calendar
from finance.models import Instalment
from grants.queries import cause
from notifications import actions, clocks
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind
from notifications.wording import said

UNIT = "agreement__award__application__organisation"
YEAR_CLOSES = (12, 31)
CHECK_DAYS = 5
"""Working days for finance to check an account; no notice sets them, a unit has projects of many."""


# ---- the account ----


def without_account() -> QuerySet[Organisation]:
    """Units to which money is due and that have not said where to pay it."""
    due = Instalment.objects.due().order_by()
    units = Organisation.objects.filter(pk__in=due.values(UNIT))
    return units.exclude(pk__in=BankAccount.objects.standing().order_by().values("organisation"))


def account_page(unit: Organisation) -> str:
    """Where the unit registers its account."""
    return f"{reverse('portal:record', args=[unit.pk])}#accounts"


def _first_due(unit: Organisation) -> Instalment | None:
    rows = Instalment.objects.due().filter(**{UNIT: unit}).order_by("due_at", "id")
    return rows.select_related("agreement__award__application__call__programme__department").first()


def account_due(unit: Organisation) -> datetime | None:
    """By when the unit names its account, for the first instalment that waits for it."""
    instalment = _first_due(unit)
    return instalment and _name_by(instalment)


def _name_by(instalment: Instalment) -> datetime:
    """So early that finance has its days for the check before it pays; at least a day of the unit's own."""
    days = min(CHECK_DAYS, max(instalment.pay_days - 1, 0))
    return calendar.due(instalment.due_at, -days)


def account_followed(unit: Organisation, *, by, at: datetime) -> None:
    """Bring the clock of a unit's account to what is due to it and what it has registered."""
    kind = DeadlineKind.BANK_ACCOUNT
    if BankAccount.objects.standing().filter(organisation=unit).exists():
        actions.meet_deadline(subject=unit, kind=kind, by=by, at=at)
        return
    instalment = _first_due(unit)
    if instalment is None:
        actions.cancel_deadline(subject=unit, kind=kind, by=by, at=at)
        return
    text = _explain_account(instalment)
    due_at = _name_by(instalment)
    if not actions.move_deadline(subject=unit, kind=kind, due_at=due_at, explanation=text):
        open_account(unit, at=at)


def _explain_account(instalment: Instalment):
    return said(
        _(
            "“%(instalment)s”（%(number)s）须在 %(date)s 前拨付，单位还没有登记收款账户；"
            "付款前须经经费管理人员核对"
        ),
        instalment=instalment.name,
        number=instalment.agreement.award.number,
        date=calendar.local_date(instalment.due_at),
    )


def open_account(unit: Organisation, *, at: datetime) -> None:
    """The unit's finance staff and administrators register where to pay."""
    instalment = _first_due(unit)
    actions.open_deadline(
        subject=unit,
        kind=DeadlineKind.BANK_ACCOUNT,
        title=said(_("登记收款账户：%(unit)s"), unit=unit.name),
        url=account_page(unit),
        due_at=_name_by(instalment),
        explanation=_explain_account(instalment),
        owed_by=[
            Owes(organisation=unit, unit_role=UnitRole.FINANCE),
            Owes(organisation=unit, unit_role=UnitRole.ADMIN),
        ],
        at=at,
        **cause(instalment.agreement.award.application.call),
    )


def open_account_check(account: BankAccount, *, at: datetime) -> None:
    """Finance owes the check: in time to pay what is due to the unit, but not before the next working day."""
    due_at = calendar.due(at, CHECK_DAYS)
    text = said(
        _("自 %(date)s 登记起 %(days)s 个工作日内核对，确认后才能付款"),
        date=calendar.local_date(at),
        days=CHECK_DAYS,
    )
    instalment = _first_due(account.organisation)
    if instalment and due_at > (before := calendar.due(instalment.due_at, -1)):
        due_at = max(before, calendar.due(at, 1))
        text = said(
            _("%(date)s 登记，“%(instalment)s”须在 %(due)s 前拨付，确认后才能付款"),
            date=calendar.local_date(at),
            instalment=instalment.name,
            due=calendar.local_date(instalment.due_at),
        )
    actions.open_deadline(
        subject=account,
        kind=DeadlineKind.ACCOUNT_CHECK,
        title=said(_("核对收款账户：%(unit)s"), unit=account.organisation.name),
        url=reverse("admin:accounts_bankaccount_change", args=[account.pk]),
        due_at=due_at,
        explanation=text,
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.FINANCE)],
        at=at,
    )


def account_replaced(account: BankAccount, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=account, kind=DeadlineKind.ACCOUNT_CHECK, by=by, at=at)


def account_checked(account: BankAccount, *, by, at: datetime) -> None:
    """The unit hears of it; what was returned is to be registered anew while money waits."""
    actions.meet_deadline(subject=account, kind=DeadlineKind.ACCOUNT_CHECK, by=by, at=at)
    account_followed(account.organisation, by=by, at=at)
    staff = User.objects.filter(
        memberships__organisation=account.organisation,
        memberships__role__in=[UnitRole.FINANCE, UnitRole.ADMIN],
        memberships__is_active=True,
        is_active=True,
    )
    actions.tell(
        recipients=staff.distinct().order_by("id"),
        template="finance/account",
        context={
            "unit": account.organisation.name,
            "bank": account.bank,
            "last": account.number[-4:],
            "outcome": account.state,
            "reason": account.reason,
        },
        url=account_page(account.organisation),
        at=at,
    )


# ---- the year ----


def open_year_close(instalment: Instalment, *, at: datetime) -> None:
    """What is due is paid before the budget year closes; `at`: when it became due."""
    closes = date(calendar.local_date(at).year, *YEAR_CLOSES)
    call = instalment.agreement.award.application.call
    actions.open_deadline(
        subject=instalment,
        kind=DeadlineKind.YEAR_CLOSE,
        title=f"{instalment.agreement.award.number} {instalment.name}",
        url=reverse("admin:finance_instalment_change", args=[instalment.pk]),
        due_at=calendar.end_of_day(closes),
        explanation=said(_("财政年度 %(date)s 关账，待拨付的资金须在关账前办理"), date=closes),
        owed_by=[Owes(role=Role.FINANCE)],
        at=at,
        **cause(call),
    )


def carry_over(*, at: datetime) -> int:
    """What was not paid before the year closed is to be paid before the next one does; rerun freely.

    The payment's own clock says that it is overdue.
    """
    closes = date(calendar.local_date(at).year, *YEAR_CLOSES)
    over = Deadline.objects.open().filter(kind=DeadlineKind.YEAR_CLOSE, due_at__lt=at, suspended_at=None)

    def one(deadline: Deadline):
        words = {"before": calendar.local_date(deadline.due_at), "date": closes}
        actions.move_deadline(
            subject=deadline.subject,
            kind=DeadlineKind.YEAR_CLOSE,
            due_at=calendar.end_of_day(closes),
            explanation=said(_("%(before)s 关账前没有拨付，须在 %(date)s 关账前办理"), **words),
        )

    return clocks.each("carry_over", over.order_by("pk").iterator(500), one, at=at)


def became_due(instalment: Instalment, *, by, at: datetime) -> None:
    open_year_close(instalment, at=at)
    account_followed(_unit(instalment), by=by, at=at)


def paid(instalment: Instalment, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=instalment, kind=DeadlineKind.YEAR_CLOSE, by=by, at=at)
    account_followed(_unit(instalment), by=by, at=at)


def cancelled(instalment: Instalment, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=instalment, kind=DeadlineKind.YEAR_CLOSE, by=by, at=at)
    account_followed(_unit(instalment), by=by, at=at)


def _unit(instalment: Instalment) -> Organisation:
    return instalment.agreement.award.application.organisation
