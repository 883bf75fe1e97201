"""Who sees money, and what the database itself holds."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from finance import actions, rules
from finance.models import Appropriation, Commitment, Condition, Instalment, Payment
from finance.states import INSTALMENT, InstalmentState
from tests.factories.milestones import (
    AT,
    PARTIES,
    draft_agreement,
    project_call,
)
from tests.finance.helpers import HALF, budget, decide, instalment_of, pay

pytestmark = pytest.mark.django_db


def test_the_parties_see_the_money_and_few_the_account(project):
    found, people = project
    payment = pay(instalment_of(found), by=people["finance"])
    assert {n for n, u in people.all().items() if Instalment.objects.visible_to(u).exists()} == PARTIES
    assert {n for n, u in people.all().items() if Payment.objects.visible_to(u).exists()} == PARTIES
    whole = {n for n, u in people.all().items() if rules.can_see_account(u, payment)}
    assert whole == {"finance", "unit_admin", "unit_finance"}


def test_the_budget_is_for_the_bureau(project):
    found, people = project
    budget(found.award.application.call, HALF)
    seen = {n for n, u in people.all().items() if Appropriation.objects.visible_to(u).exists()}
    assert seen == {"manager", "leader", "finance", "auditor"}


def test_short_accounts_are_hidden_whole():
    assert Payment(payee_account="12345678").masked_account == "****"


def test_money_is_sealed(project):
    found, people = project
    held = budget(found.award.application.call, HALF)
    actions.commit(decision=decide(found.award.application), by=None, at=AT)
    first = instalment_of(found)
    payment = pay(first, by=people["finance"])
    attacks = [
        lambda: Appropriation.objects.filter(pk=held.pk).update(amount=1),
        lambda: Appropriation.objects.filter(pk=held.pk).update(committed=HALF + 1),
        lambda: Commitment.objects.update(amount=1),
        lambda: Commitment.objects.all()._raw_delete("default"),
        lambda: Instalment.objects.filter(pk=first.pk).update(amount=1),
        lambda: Instalment.objects.filter(pk=first.pk)._raw_delete("default"),
        lambda: Instalment.objects.filter(pk=first.pk).update(paid=first.amount + 1),
        lambda: Instalment.objects.filter(pk=first.pk).update(paid=-1),
        lambda: Instalment.objects.filter(name="尾款").update(state="paid"),
        lambda: Instalment.objects.filter(name="尾款").update(state="due"),
        lambda: Payment.objects.update(amount=1),
        lambda: Payment.objects.all()._raw_delete("default"),
        lambda: Payment.objects.create(
            instalment=first,
            amount=-1,
            paid_date=payment.paid_date,
            voucher="X",
            payee_account="1",
            payee_bank="1",
            recorded_by=people["finance"],
            recorded_at=AT,
        ),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()


def test_instalments_that_do_not_add_up_are_refused_at_commit():
    found = draft_agreement(call=project_call(plan=()))
    for amount in (Decimal(1), Decimal("499999.99"), Decimal("500000.01")):
        with pytest.raises(DatabaseError, match="do not add up to the award"):
            _with_one_more(found, amount)
    assert Instalment.objects.filter(agreement=found).count() == 1


@transaction.atomic
def _with_one_more(found, amount):
    more = {"agreement": found, "order": 2, "name": "多出", "condition": Condition.SIGNED}
    Instalment.objects.create(amount=amount, **more)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_every_state_names_who_may_write_and_no_move_is_forgotten():
    assert set(INSTALMENT.owners) == set(InstalmentState.values)
    moves = {(old, new) for old, news in INSTALMENT.transitions.items() for new in news}
    assert moves == {
        ("planned", "due"),
        ("paid", "cancelled"),
        ("planned", "cancelled"),
        ("due", "paid"),
        ("due", "cancelled"),
        ("paid", "due"),
    }
