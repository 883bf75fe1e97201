"""Money set aside for an award."""

from decimal import Decimal

import pytest

from core.workflow import Refused
from finance import actions
from grants.models import Call, Quota
from tests.factories.accounts import OrganisationFactFactory
from tests.factories.grants import in_order
from tests.factories.milestones import (
    AT,
    project_call,
)
from tests.factories.reviews import ApplicationFactory, publish
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
    assert refused.value.clause == call.number
    actions.release(application=first, by=None, at=AT)
    actions.release(application=first, by=None, at=AT)
    held.refresh_from_db()
    assert held.committed == 0


def test_some_projects_get_no_more_than_their_share_of_the_years_budget():
    call = project_call()
    budget(call, Decimal(5_000_000))
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    share = {"of": "award", "applies_when": "unit.size != 'small'", "percent": 20, "clause": "第六条"}
    in_order(Quota, [share], call=call)
    call = publish(call)
    small, *others = ApplicationFactory.create_batch(4, call=call)
    OrganisationFactFactory(organisation=small.organisation, kind="size", text="small", number=None)
    # Of whose size nobody knows it counts like those that are not small.
    for application in (*others[:2], small):
        actions.commit(decision=decide(application), by=None, at=AT)
    last = decide(others[2])
    with pytest.raises(Refused, match="不超过年度预算的 20%，即 100 万元：已安排 100 万元") as refused:
        actions.commit(decision=last, by=None, at=AT)
    assert (refused.value.code, refused.value.clause) == ("share", "第六条")
    actions.release(application=others[0], by=None, at=AT)
    actions.commit(decision=last, by=None, at=AT)
