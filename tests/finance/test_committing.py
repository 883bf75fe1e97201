"""Money set aside for an award."""

from decimal import Decimal

import pytest

from core.workflow import Refused
from finance import actions
from tests.factories.milestones import (
    AT,
    project_call,
)
from tests.factories.reviews import ApplicationFactory
from tests.finance.helpers import HALF, budget, decide

pytestmark = pytest.mark.django_db


def test_without_a_budget_nothing_is_committed():
    application = ApplicationFactory()
    with pytest.raises(Refused, match="2026 年度还没有预算安排") as refused:
        actions.commit(decision=decide(application), by=None, at=AT)
    assert refused.value.field == "amount"


def test_a_commitment_counts_and_the_sentence_says_what_is_left():
    call = project_call()
    held = budget(call, Decimal(800_000))
    first = ApplicationFactory(call=call)
    actions.commit(decision=decide(first), by=None, at=AT)
    held.refresh_from_db()
    assert (held.committed, held.left) == (HALF, Decimal(300_000))
    with pytest.raises(Refused, match="还可安排 30 万元，本项拟资助 50 万元") as refused:
        actions.commit(decision=decide(ApplicationFactory(call=call)), by=None, at=AT)
    assert (refused.value.field, refused.value.code) == ("amount", "overcommitted")
    actions.release(application=first, by=None, at=AT)
    actions.release(application=first, by=None, at=AT)
    held.refresh_from_db()
    assert held.committed == 0
