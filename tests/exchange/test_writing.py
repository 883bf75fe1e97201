"""A demand until it is handed in: who posts it, who writes it, what is kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import FactKind
from core.models import Event
from core.workflow import Lost, Refused
from exchange import actions, queries
from exchange.models import Demand
from exchange.states import DemandState
from grants.models import Sourcing
from tests.factories.accounts import (
    OrganisationFactFactory,
    OrganisationFactory,
    UserFactory,
    member_of,
)
from tests.factories.exchange import DemandFactory, tech_sme_call
from tests.factories.reviews import CallFactory, bid_call, manager_of, publish
from tests.threads import at_once

pytestmark = pytest.mark.django_db
S = DemandState


# ---- posting ----


def test_a_member_posts_a_draft_for_the_own_unit():
    unit = OrganisationFactory()
    user = member_of(unit, phone="13812345678")
    at = timezone.now()

    demand = actions.post(call=bid_call(), organisation=unit, by=user, at=at)

    assert (demand.state, demand.organisation, demand.contact_name) == (S.DRAFT, unit, user.name)
    assert [(event.verb, event.by) for event in Event.objects.about(demand)] == [("created", user)]


def test_nobody_posts_for_a_unit_of_others():
    with pytest.raises(Refused) as refused:
        actions.post(call=bid_call(), organisation=OrganisationFactory(), by=UserFactory(), at=timezone.now())

    assert refused.value.field == "credit_code"
    assert not Demand.objects.exists()


def test_a_call_that_takes_applications_only_takes_no_demand():
    unit = OrganisationFactory()

    with pytest.raises(Refused) as refused:
        actions.post(call=publish(CallFactory()), organisation=unit, by=member_of(unit), at=timezone.now())

    assert refused.value.message == "这个通知不征集企业需求。"


def test_a_demand_is_late_by_one_microsecond():
    closes = datetime(2026, 6, 30, 9, tzinfo=UTC)
    call = publish(
        CallFactory(sourcing=Sourcing.DEMAND, closes_at=closes, opens_at=closes - timedelta(days=9))
    )
    unit = OrganisationFactory()
    user = member_of(unit)

    actions.post(call=call, organisation=unit, by=user, at=closes)
    with pytest.raises(Refused) as refused:
        actions.post(call=call, organisation=unit, by=user, at=closes + timedelta(microseconds=1))

    assert refused.value.message == "这个通知已于 2026-06-30 17:00 截止。"
    assert Demand.objects.count() == 1


def test_the_calls_clause_about_demanders_is_asked_of_the_unit_today():
    call = tech_sme_call()
    unit = OrganisationFactory()
    user = member_of(unit)

    with pytest.raises(Refused) as refused:
        actions.post(call=call, organisation=unit, by=user, at=timezone.now())
    OrganisationFactFactory(organisation=unit, kind=FactKind.TECH_SME)
    demand = actions.post(call=call, organisation=unit, by=user, at=timezone.now())

    assert (refused.value.clause, demand.state) == ("第二条", S.DRAFT)
    assert refused.value.message == "不符合“发榜方应为有效期内的科技型中小企业”：请核对单位资料。"


# ---- writing ----


def test_an_incomplete_draft_keeps_what_was_typed():
    unit = OrganisationFactory()
    user = member_of(unit)
    demand = actions.post(call=bid_call(), organisation=unit, by=user, at=timezone.now())

    actions.save(
        demand=demand, values={"title": "密封件"}, typed={"amount": "两百万"}, by=user, at=timezone.now()
    )

    kept = Demand.objects.get()
    assert (kept.title, kept.amount, kept.typed) == ("密封件", None, {"amount": "两百万"})


def test_a_value_that_became_valid_forgets_what_was_typed():
    demand = DemandFactory(typed={"amount": "两百万", "contact_phone": "12"})

    actions.save(
        demand=demand, values={"amount": Decimal(2_000_000)}, by=demand.created_by, at=timezone.now()
    )

    assert Demand.objects.get().typed == {"contact_phone": "12"}


def test_only_the_unit_writes_and_only_while_it_may():
    demand = DemandFactory()
    at = timezone.now()

    for stranger in (UserFactory(), manager_of(demand.call), member_of(OrganisationFactory())):
        with pytest.raises(Refused):
            actions.save(demand=demand, values={"title": "别的"}, by=stranger, at=at)
    actions.submit(demand=demand, by=demand.created_by, at=at)
    with pytest.raises(Refused) as refused:
        actions.save(demand=demand, values={"title": "别的"}, by=demand.created_by, at=at)

    assert refused.value.code == "not_allowed"
    assert Demand.objects.get().title == demand.title


def test_a_save_that_comes_after_a_colleagues_submission_is_lost_not_written():
    demand = DemandFactory()
    stale = Demand.objects.get()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())

    with pytest.raises(Lost):
        actions.save(demand=stale, values={"title": "晚了"}, by=demand.created_by, at=timezone.now())

    assert Demand.objects.get().title == demand.title


@pytest.mark.django_db(transaction=True)
def test_of_two_saves_at_once_the_second_is_told():
    demand = DemandFactory()
    seen = queries.versions(demand)

    def saving(title):
        mine, at = Demand.objects.get(), timezone.now()
        values = {"title": title, "amount": Decimal("2000000")}
        return lambda: actions.save(demand=mine, values=values, seen=seen, by=mine.created_by, at=at)

    results = at_once(saving("一"), saving("二"))

    disputed = [result.conflicts["title"] for result in results if result.conflicts]
    assert [both.theirs for both in disputed] == [Demand.objects.get().title]
    assert {disputed[0].theirs, disputed[0].mine} == {"一", "二"}
