"""What the database itself holds of a demand."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from exchange import actions
from exchange.models import Demand, DemandScheme
from exchange.states import DEMAND, DemandState
from tests.factories.accounts import OrganisationFactory
from tests.factories.exchange import DemandFactory
from tests.factories.reviews import TopicFactory, bid_call

pytestmark = pytest.mark.django_db


def attack(demand, **changed):
    with pytest.raises(DatabaseError), transaction.atomic():
        Demand.objects.filter(pk=demand.pk).update(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "别的"},
        {"problem": "别的"},
        {"public_summary": "别的"},
        {"indicators": []},
        {"amount": 1, "offered_amount": 1},
        {"bidder_conditions": "别的"},
        {"name_is_public": True},
        {"contact_phone": "13900000000"},
    ],
)
def test_what_was_handed_in_does_not_change(changed):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())

    attack(demand, **changed)
    attack(demand, organisation=OrganisationFactory())


@pytest.mark.parametrize(
    "missing",
    [
        {"title": ""},
        {"problem": ""},
        {"public_summary": ""},
        {"amount": None},
        {"offered_amount": None},
        {"deadline_date": None},
        {"ip_ownership": ""},
        {"contact_name": ""},
        {"offered_amount": 3_000_000},
        {"offered_amount": 0},
    ],
)
def test_an_incomplete_demand_is_kept_as_a_draft_and_as_nothing_else(missing):
    demand = DemandFactory(**missing)

    attack(demand, state=DemandState.SUBMITTED, submitted_at=timezone.now(), submitted_by=demand.created_by)

    assert Demand.objects.get().state == DemandState.DRAFT


def test_times_come_with_people_and_topics_with_the_list():
    demand = DemandFactory()
    now = timezone.now()

    attack(demand, submitted_at=now)
    attack(demand, argued_at=now)
    attack(demand, state=DemandState.SUBMITTED)
    attack(demand, topic=TopicFactory())
    attack(demand, state=DemandState.LISTED, submitted_at=now, submitted_by=demand.created_by)


def test_the_scheme_is_frozen_with_its_call():
    call = bid_call()

    with pytest.raises(DatabaseError), transaction.atomic():
        DemandScheme.objects.create(call=call)


def test_every_state_names_who_may_write():
    assert set(DEMAND.owners) == set(DemandState.values)
