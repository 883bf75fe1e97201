"""The demand desk in the admin."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from exchange import actions
from exchange.models import Demand, DemandScheme
from exchange.states import DemandState
from grants.models import Sourcing, Topic
from grants.states import TopicState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.exchange import DemandFactory
from tests.factories.reviews import CallFactory, bid_call, manager_of, publish

pytestmark = pytest.mark.django_db


def url(name, *args):
    return reverse(f"admin:exchange_demand_{name}", args=args)


def submitted(**kwargs):
    demand = DemandFactory(**kwargs)
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    return demand


def test_the_manager_argues_and_lists_by_two_buttons(client):
    demand = submitted()
    client.force_login(manager_of(demand.call))

    page = client.get(url("change", demand.pk))
    argued = client.post(url("argue", demand.pk), {"accept": "yes", "opinion": "可行"})
    listed = client.post(url("put_on_list", demand.pk), {"number": ""})

    assert page.status_code == 200
    assert "论证" in page.content.decode()
    assert (argued.status_code, listed.status_code) == (302, 302)
    demand.refresh_from_db()
    assert demand.state == DemandState.LISTED
    assert Topic.objects.get().content == demand.public_summary


@pytest.mark.parametrize(
    ("name", "data", "state"),
    [
        ("give_back", {"reason": "不清"}, "returned"),
        ("argue", {"accept": "no", "opinion": "不可"}, "rejected"),
    ],
)
def test_the_manager_says_no_with_a_reason(client, name, data, state):
    demand = submitted()
    client.force_login(manager_of(demand.call))

    empty = client.post(url(name, demand.pk), {})
    done = client.post(url(name, demand.pk), data)

    assert (empty.status_code, done.status_code) == (422, 302)
    assert Demand.objects.get().state == state


def test_a_number_that_is_taken_stays_in_the_form(client):
    first, second = submitted(), None
    manager = manager_of(first.call)
    second = submitted(call=first.call)
    for demand in (first, second):
        actions.argue(demand=demand, opinion="可", accept=True, by=manager, at=timezone.now())
    actions.list_demand(demand=first, number="QD-1", by=manager, at=timezone.now())
    client.force_login(manager)

    answer = client.post(url("put_on_list", second.pk), {"number": "QD-1"})

    assert answer.status_code == 422
    assert "已经用过" in answer.content.decode()
    assert 'value="QD-1"' in answer.content.decode()


def test_bidding_ends_by_its_button_not_before_the_time_on_the_list(client):
    demand = submitted()
    manager = manager_of(demand.call)
    actions.argue(demand=demand, opinion="可", accept=True, by=manager, at=timezone.now())
    topic = actions.list_demand(demand=demand, by=manager, at=timezone.now() - timedelta(days=30))
    client.force_login(manager)

    Topic.objects.update(bids_close_at=timezone.now() + timedelta(days=1))
    early = client.post(url("close_bids", demand.pk))
    Topic.objects.update(bids_close_at=None)
    done = client.post(url("close_bids", demand.pk))
    again = client.post(url("close_bids", demand.pk))

    assert (early.status_code, done.status_code, again.status_code) == (422, 302, 403)
    assert Topic.objects.get(pk=topic.pk).state == TopicState.UNFILLED


@pytest.mark.parametrize("role", [Role.EXPERT, Role.PROGRAMME_MANAGER])
def test_other_staff_do_not_reach_a_demand(client, role):
    demand = submitted()
    client.force_login(officer(role, organisation=OrganisationFactory()))

    answers = {client.get(url(name, demand.pk)).status_code for name in ("argue", "give_back")}
    answers.add(client.post(url("argue", demand.pk), {"accept": "yes", "opinion": "可"}).status_code)

    assert answers <= {403, 404}
    assert Demand.objects.get().state == DemandState.SUBMITTED


def test_who_sees_everything_reads_and_presses_no_button(client):
    demand = submitted()
    client.force_login(officer(Role.AUDITOR))

    assert client.get(url("change", demand.pk)).status_code == 200
    assert client.post(url("argue", demand.pk), {"accept": "yes", "opinion": "可"}).status_code == 403


def test_the_list_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    call = bid_call()
    client.force_login(manager_of(call))
    unit = OrganisationFactory()
    writer = submitted(call=call, organisation=unit).created_by
    client.get(url("changelist"))

    for count in (1, 30):
        while Demand.objects.count() < count:
            submitted(call=call, organisation=unit, created_by=writer)
        with django_assert_num_queries(7):
            client.get(url("changelist"))


def test_a_scheme_is_frozen_with_its_call(client):
    call = CallFactory(sourcing=Sourcing.DEMAND, closes_at=None, bid_days=20)
    scheme = DemandScheme.objects.create(call=call, argument_days=5, clause="第六条")
    client.force_login(officer(Role.SYSADMIN))
    page = client.get(reverse("admin:exchange_demandscheme_change", args=[scheme.pk]))
    assert page.context["has_change_permission"]
    publish(call)
    for name in ("change", "delete"):
        address = reverse(f"admin:exchange_demandscheme_{name}", args=[scheme.pk])
        assert client.post(address, {"post": "yes"}).status_code == 403
    add = reverse("admin:exchange_demandscheme_add")
    assert "还没有发布的通知" in client.post(add, {"call": scheme.call_id}).content.decode()
    # Nor does anybody write into what another department drafts.
    theirs, add = CallFactory(), reverse("admin:reviews_criterion_add")
    for manager, refused in ((manager_of(call), True), (manager_of(theirs), False)):
        client.force_login(manager)
        page = client.post(add, {"call": theirs.pk}).content.decode()
        assert ("还没有发布的通知" in page) == refused
