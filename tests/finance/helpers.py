"""Projects with money: decided, paid, accepted; and several things at once."""

from decimal import Decimal

from awards.models import Decision, Outcome
from core.calendar import local_date
from finance import actions
from finance.models import Appropriation, Instalment, Payment
from milestones import actions as milestones
from notifications.models import Deadline, DeadlineKind
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    agreement,
    hand_in,
    milestone_of,
    payee,
    people_of,
)

HALF = Decimal(500_000)


def fresh(**kwargs):
    """(agreement, the people around it) of a project of its own."""
    found = agreement(owner=OrganisationFactory(), **kwargs)
    return found, people_of(found)


def instalment_of(found, name="首笔") -> Instalment:
    return Instalment.objects.get(agreement=found, name=name)


def pay(instalment, *, by, at=AT, **kwargs) -> Payment:
    payee(instalment.agreement)
    return actions.record_payment(
        instalment=instalment,
        **{
            "amount": instalment.unpaid,
            "paid_date": local_date(at),
            "voucher": f"V{instalment.pk}",
            **kwargs,
        },
        by=by,
        at=at,
    )


def accept(found, people, code, *, at=AT):
    report = hand_in(milestone_of(found, code), at=at)
    if report.milestone.needs_demander_opinion:
        milestones.give_opinion(report=report, opinion="accept", text="", by=people["demander"], at=at)
    milestones.conclude(report=report, outcome="accepted", note="", by=people["manager"], at=at)


def payment_deadline(instalment) -> Deadline | None:
    return Deadline.objects.open().filter(object_id=instalment.pk, kind=DeadlineKind.PAYMENT).first()


def decide(application, amount=HALF, by=None) -> Decision:
    return Decision.objects.create(
        application=application,
        outcome=Outcome.FUND,
        amount=amount,
        reason="符合",
        by=by or application.created_by,
        at=AT,
    )


def budget(call, amount) -> Appropriation:
    return Appropriation.objects.create(programme=call.programme, year=call.year, amount=amount)
