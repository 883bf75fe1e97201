"""Two who decide, pay, reverse or end at once."""

from decimal import Decimal

import pytest

from core.workflow import Lost, Refused
from finance import actions
from finance.models import Appropriation, Commitment, Payment
from finance.states import InstalmentState
from milestones import actions as milestones
from tests.factories.milestones import (
    AT,
    payee,
    project_call,
)
from tests.factories.reviews import ApplicationFactory
from tests.finance.helpers import HALF, budget, decide, fresh, instalment_of, pay
from tests.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_cannot_share_the_same_money():
    call = project_call()
    budget(call, Decimal(800_000))
    decisions = [decide(ApplicationFactory(call=call)) for _ in range(2)]
    results = at_once(*(lambda d=d: actions.commit(decision=d, by=None, at=AT) for d in decisions))
    assert sorted(type(result).__name__ for result in results) == ["Commitment", "Refused"]
    assert Appropriation.objects.get().committed == HALF
    assert Commitment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ending_frees_what_was_not_paid_whoever_pays_or_decides_at_once():
    """The payment is counted or refused; two decisions cannot share what became free."""
    found, people = fresh()
    application = found.award.application
    budget(application.call, HALF)
    actions.commit(decision=decide(application), by=None, at=AT)
    first = instalment_of(found)
    payee(found)
    people["finance"], people["leader"]
    asked = {"end": "terminated", "ground": "other", "reason": "x", "files": []}
    termination = milestones.ask_termination(agreement=found, **asked, by=people["manager"], at=AT)
    terms = {"opinion": "同意", "clause": "第十八条", "by": people["leader"], "at": AT}
    at_once(
        lambda: milestones.terminate(termination=termination, **terms),
        lambda: pay(first, by=people["finance"], amount=Decimal(100_000)),
    )
    held, kept = Appropriation.objects.get(), instalment_of(found).paid
    assert kept in (0, 100_000)
    assert (held.committed, Commitment.objects.get().kept) == (kept, kept)
    assert instalment_of(found).state == InstalmentState.CANCELLED
    decisions = [decide(ApplicationFactory(call=application.call), Decimal(300_000)) for _ in range(2)]
    results = at_once(*(lambda d=d: actions.commit(decision=d, by=None, at=AT) for d in decisions))
    assert sorted(type(result).__name__ for result in results) == ["Commitment", "Refused"]
    held.refresh_from_db()
    assert held.committed == kept + 300_000


@pytest.mark.django_db(transaction=True)
def test_two_payments_at_once_never_exceed_the_instalment():
    for amount, paid in ((300_000, 300_000), (200_000, 200_000), (150_000, 300_000)):
        found, people = fresh()
        payee(found)  # before the two: they register no account each

        def one(voucher, found=found, by=people["finance"], amount=Decimal(amount)):
            return lambda: pay(instalment_of(found), by=by, amount=amount, voucher=f"{voucher}{found.pk}")

        results = at_once(one("A"), one("B"))
        refused = [result for result in results if isinstance(result, Refused)]
        assert len(refused) == (0 if amount == 150_000 else 1)
        first = instalment_of(found)
        assert first.paid == paid
        assert first.state == (InstalmentState.PAID if paid == 300_000 else InstalmentState.DUE)
        assert sum(Payment.objects.filter(instalment=first).values_list("amount", flat=True)) == paid


@pytest.mark.django_db(transaction=True)
def test_two_reversals_at_once_reverse_once():
    found, people = fresh()
    payment = pay(instalment_of(found), by=people["finance"], amount=Decimal(1000))
    reverse = lambda: actions.reverse_payment(payment=payment, reason="误", by=people["finance"], at=AT)  # noqa: E731
    results = at_once(reverse, reverse)
    assert sorted(type(result).__name__ for result in results) in (
        ["Lost", "Payment"],
        ["Payment", "Refused"],
    )
    assert instalment_of(found).paid == 0
    assert isinstance(Lost("", code="lost"), Refused)
