"""What the API tells of calls and topics, and to whom."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from grants.actions import topic_unfilled
from grants.states import CallState, TopicState
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db


def client_of(user=None):
    client = APIClient()
    if user:
        client.force_authenticate(user)
    return client


def test_everybody_reads_published_calls_and_nobody_else_drafts():
    call, draft = CallFactory(), CallFactory(draft=True)

    rows = client_of().get("/api/v1/calls/").json()["results"]

    assert [row["id"] for row in rows] == [call.pk]
    assert client_of().get(f"/api/v1/calls/{draft.pk}/").status_code == 404
    manager = officer(Role.PROGRAMME_MANAGER, draft.programme.department)
    assert client_of(manager).get(f"/api/v1/calls/{draft.pk}/").status_code == 200
    detail = client_of().get(f"/api/v1/calls/{call.pk}/").json()
    assert [rule["code"] for rule in detail["rules"]] == ["U1", "P1"]
    assert "expression" not in detail["rules"][0]


def test_a_manager_publishes_and_others_do_not():
    call = CallFactory(draft=True, parts__stages=("formal_check", "decision"))
    url = f"/api/v1/calls/{call.pk}/publish/"

    assert client_of().post(url).status_code in (401, 403)
    assert client_of(UserFactory()).post(url).status_code == 404
    assert client_of(officer(Role.AUDITOR)).post(url).status_code == 422
    call.refresh_from_db()
    assert call.state == CallState.DRAFT


def test_the_demand_side_is_named_only_where_it_agreed():
    masked = TopicFactory(owner=OrganisationFactory(), owner_is_public=False)
    named = TopicFactory(owner=OrganisationFactory(), owner_is_public=True, call=masked.call)

    rows = client_of().get("/api/v1/topics/").json()["results"]

    assert [(row["id"], row["owner_name"]) for row in rows] == [
        (named.pk, named.owner.name),
        (masked.pk, None),
    ]
    assert masked.owner.name not in str(rows)


@pytest.mark.parametrize("number", [1, 30])
def test_lists_cost_the_same_whatever_they_hold(number, django_assert_num_queries):
    call = CallFactory()
    TopicFactory.create_batch(number, call=call, owner=OrganisationFactory())
    client = client_of()

    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/topics/").json()["results"]) == number
    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/calls/").json()["results"]) == 1


def test_a_manager_lists_an_unfilled_task_again():
    topic = TopicFactory(call=CallFactory(demand=True))
    relist_url, closes = f"/api/v1/topics/{topic.pk}/relist/", timezone.now() + timedelta(days=20)
    manager = officer(Role.PROGRAMME_MANAGER, topic.call.programme.department)
    sent = {"bids_close_at": closes.isoformat(), "note": "降低指标后再试"}
    assert client_of(manager).post(relist_url, sent).json()["error"]["code"] == "not_allowed"
    topic_unfilled(topic=topic, by=manager, at=timezone.now())

    assert client_of().post(relist_url, sent).status_code in (401, 403)
    for by in (UserFactory(), officer(Role.AUDITOR), officer(Role.PROGRAMME_MANAGER, OrganisationFactory())):
        assert client_of(by).post(relist_url, sent).status_code in (404, 422)
    for odd in (
        {},
        {"bids_close_at": "soon"},
        {"bids_close_at": "0001-01-01"},
        sent | {"bids_close_at": "2020-01-01T00:00:00Z"},
    ):
        assert client_of(manager).post(relist_url, odd).json()["error"]["field"] == "bids_close_at"
    topic.refresh_from_db()
    assert topic.state == TopicState.UNFILLED

    answer = client_of(manager).post(relist_url, sent)
    assert (answer.status_code, answer.json()["state"]) == (200, TopicState.LISTED)
    topic.refresh_from_db()
    assert (topic.state, topic.bids_close_at) == (TopicState.LISTED, closes)
