from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role
from notifications.actions import Owes
from notifications.models import Message
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.notifications import MessageFactory, open_deadline

pytestmark = pytest.mark.django_db


def caller(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def titles(client, **query):
    return [row["title"] for row in client.get("/api/v1/deadlines/", query).json()["results"]]


def test_deadlines_are_ones_own_and_ones_departments():
    now, user, department = timezone.now(), UserFactory(), OrganisationFactory()
    manager = officer(organisation=department)
    open_deadline(
        at=now, owed_by=[Owes(user=user)], title="晚", due_in=timedelta(days=9), department=department
    )
    open_deadline(at=now, owed_by=[Owes(user=user)], title="早", due_in=timedelta(days=1))
    assert titles(caller(user)) == ["早", "晚"]
    assert titles(caller(manager)) == ["晚"]
    assert titles(caller(manager), mine="true") == []
    assert titles(caller(UserFactory())) == []
    assert titles(caller(officer(Role.AUDITOR))) == ["早", "晚"]
    assert titles(caller(user), due_before=(now + timedelta(days=5)).isoformat()) == ["早"]
    assert APIClient().get("/api/v1/deadlines/").status_code in (401, 403)


def test_messages_are_ones_own_and_can_be_read():
    mine, other = MessageFactory(), MessageFactory()
    client = caller(mine.recipient)
    rows = client.get("/api/v1/messages/", {"unread": "true"}).json()["results"]
    assert [row["id"] for row in rows] == [mine.pk]
    assert rows[0]["subject"].startswith("【里程碑】")
    assert client.post(f"/api/v1/messages/{other.pk}/read/").status_code == 404
    assert client.post(f"/api/v1/messages/{mine.pk}/read/").json()["read_at"]
    assert client.get("/api/v1/messages/", {"unread": "true"}).json()["results"] == []
    assert Message.objects.get(pk=other.pk).read_at is None


@pytest.mark.parametrize("rows", [1, 30])
def test_lists_cost_the_same_for_any_number(django_assert_num_queries, rows):
    user = UserFactory()
    for _ in range(rows):
        open_deadline(at=timezone.now(), owed_by=[Owes(user=user)])
        MessageFactory(recipient=user)
    client = caller(user)
    client.get("/api/v1/deadlines/")
    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/deadlines/").json()["results"]) == rows
    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/messages/").json()["results"]) == rows
