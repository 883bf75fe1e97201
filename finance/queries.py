"""What pages of money read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from accounts.models import BankAccount, Organisation
from applications.models import Application
from awards.conditions import Place
from awards.models import Agreement
from awards.states import ENDED_EARLY
from finance.models import (
    Appropriation,
    Condition,
    Instalment,
    InstalmentTemplate,
    Payment,
    Refund,
    RefundReceipt,
    Settlement,
)
from finance.states import InstalmentState
from grants.models import Call, Instrument
from milestones.models import Milestone, Termination
from milestones.states import MilestoneState, TerminationState


def with_project(instalments: QuerySet) -> QuerySet:
    """Everything a line about an instalment names, in the same query."""
    return instalments.select_related(
        "agreement__award__application__organisation",
        "agreement__award__application__call__programme",
        "milestone",
    )


def place_of(instalment: Instalment) -> Place:
    """Where the clauses hold that the notice names for payments."""
    return Place(instalment.order, instalment.name, instalment.payable)


def payment_plan(call: Call, milestones: list[Milestone]) -> list[InstalmentTemplate]:
    """What a notice names; without a plan one sum: on signing, or ex post after the last milestone."""
    plan = list(InstalmentTemplate.objects.filter(call=call).order_by("order"))
    if plan:
        return plan
    whole = InstalmentTemplate(call=call, order=1, name=_("一次拨付"), share=100, condition=Condition.SIGNED)
    if call.instrument == Instrument.EX_POST and milestones:
        whole.condition, whole.milestone_code = Condition.MILESTONE, milestones[-1].code
    return [whole]


def account_of(unit: Organisation, *, on: date) -> BankAccount | None:
    """The account of a unit that counts on a day, confirmed or waiting for that."""
    return BankAccount.objects.standing().filter(organisation=unit, valid_from__lte=on).first()


def with_account(instalments: QuerySet, *, on: date) -> QuerySet:
    """`account_state`: that of the unit's account that counts on a day; None without one."""
    unit = OuterRef("agreement__award__application__organisation")
    accounts = BankAccount.objects.standing().filter(organisation=unit, valid_from__lte=on)
    return instalments.annotate(account_state=Subquery(accounts.values("state")[:1]))


def payments_of(agreement: Agreement) -> QuerySet:
    return (
        Payment.objects.filter(instalment__agreement=agreement)
        .select_related("instalment__agreement__award__application", "recorded_by")
        .order_by("recorded_at", "id")
    )


def appropriation_of(application: Application) -> Appropriation | None:
    """The budget that an application's award is paid from: its programme's, in the year of its call."""
    return Appropriation.objects.filter(
        programme_id=application.call.programme_id, year=application.call.year
    ).first()


def totals_of(instalments: Iterable[Instalment]) -> dict[str, Decimal]:
    """{amount, due, paid} of instalments: what was granted, is waiting to be paid, is paid."""
    totals = {"amount": Decimal(0), "due": Decimal(0), "paid": Decimal(0)}
    for instalment in instalments:
        totals["amount"] += instalment.amount
        totals["paid"] += instalment.paid
        if instalment.state == InstalmentState.DUE:
            totals["due"] += instalment.unpaid
    return totals


def is_settled(agreement: Agreement) -> bool:
    """Whether every milestone and report is accepted and every instalment paid or cancelled.

    A report that is no longer due counts for nothing; without any instalment nothing is settled.

    Where no public money was granted the milestones alone decide.
    """
    milestones = Milestone.objects.filter(agreement=agreement)
    instalments = Instalment.objects.filter(agreement=agreement)
    done = [InstalmentState.PAID, InstalmentState.CANCELLED]
    return (
        (instalments.exists() if agreement.award.amount else milestones.exists())
        and not milestones.exclude(state__in=[MilestoneState.ACCEPTED, MilestoneState.WAIVED]).exists()
        and not instalments.exclude(state__in=done).exists()
    )


@dataclass(frozen=True)
class Spending:
    """What went out in a year, reversals taken off, and what came back: refunds are no negative payments."""

    paid: Decimal
    refunded: Decimal

    @property
    def net(self) -> Decimal:
        return self.paid - self.refunded


def spending_in(programme_id: int, year: int) -> Spending:
    """Of a programme in a calendar year: two queries."""
    path = "agreement__award__application__call__programme"
    paid = Payment.objects.filter(**{f"instalment__{path}": programme_id}, paid_date__year=year)
    back = RefundReceipt.objects.filter(**{f"refund__{path}": programme_id}, received_date__year=year)
    return Spending(*(rows.aggregate(total=Sum("amount"))["total"] or Decimal(0) for rows in (paid, back)))


def refunds_of(agreement: Agreement) -> list[Refund]:
    """What was demanded back, each with what came: two queries."""
    return list(
        Refund.objects.filter(agreement=agreement).prefetch_related("receipts").order_by("demanded_at", "id")
    )


def paid_to(agreement: Agreement) -> Decimal:
    paid = Instalment.objects.filter(agreement=agreement).aggregate(total=Sum("paid"))["total"]
    return paid or Decimal(0)


def kept_by(agreement: Agreement) -> Decimal:
    """What a project has of the money paid to it: less what came back."""
    back = Refund.objects.filter(agreement=agreement).aggregate(total=Sum("returned"))["total"]
    return paid_to(agreement) - (back or Decimal(0))


def end_of(agreement: Agreement) -> Termination:
    """The decision that ended the project before its time."""
    return Termination.objects.get(agreement=agreement, state=TerminationState.APPROVED)


def to_settle() -> QuerySet:
    """Projects ended before their time with money paid that nobody has settled yet."""
    paid = Instalment.objects.filter(agreement=OuterRef("pk"), paid__gt=0)
    settled = Settlement.objects.filter(agreement=OuterRef("pk"))
    return Agreement.objects.filter(Exists(paid), ~Exists(settled), state__in=ENDED_EARLY)


def settlement_of(agreement: Agreement) -> Settlement | None:
    if agreement.state not in ENDED_EARLY:
        return None
    return Settlement.objects.filter(agreement=agreement).select_related("settled_by").first()
