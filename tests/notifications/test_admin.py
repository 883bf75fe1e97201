from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from notifications.admin import in_words
from notifications.models import AT_ONCE, Delivery, Message, ReminderPolicy
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.notifications import DeliveryFactory, MessageFactory, open_deadline

pytestmark = pytest.mark.django_db
DEADLINES = "admin:notifications_deadline_changelist"


def shown(client, **query):
    return [row.title for row in client.get(reverse(DEADLINES), query).context["cl"].queryset]


def test_the_ladder_shows_what_is_overdue_by_department(client):
    now, department = timezone.now(), OrganisationFactory()
    for title, days in (("将到", -3), ("刚逾期", 0.5), ("一周", 8), ("一月", 40)):
        open_deadline(at=now, title=title, due_in=-timedelta(days=days), department=department)
    open_deadline(at=now, title="别的处室", due_in=-timedelta(days=40), department=OrganisationFactory())
    client.force_login(officer(organisation=department))
    assert shown(client) == ["一月", "一周", "刚逾期", "将到"]
    assert shown(client, overdue="0") == ["一月", "一周", "刚逾期"]
    assert shown(client, overdue="7") == ["一月", "一周"]
    assert shown(client, overdue="30") == ["一月"]
    assert shown(client, overdue="week") == ["将到"]
    client.force_login(officer(Role.LEADER))
    assert shown(client, overdue="30") == ["一月", "别的处室"]


def test_a_deadline_is_only_read(client):
    deadline = open_deadline(at=timezone.now())
    client.force_login(officer(Role.SYSADMIN))
    address = reverse("admin:notifications_deadline_change", args=[deadline.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"title": "x"}).status_code == 403
    assert client.get(reverse("admin:notifications_deadline_add")).status_code == 403


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    department = OrganisationFactory()
    for _ in range(rows):
        open_deadline(at=timezone.now(), department=department)
    client.force_login(officer(organisation=department))
    client.get(reverse(DEADLINES))
    with django_assert_num_queries(9):
        assert client.get(reverse(DEADLINES)).context["cl"].result_count == rows


def test_a_failed_delivery_is_sent_again(client):
    delivery = DeliveryFactory(state="failed", error="550 no such user", message__recipient__name="周海声")
    client.force_login(officer(Role.SYSADMIN))
    body = client.get(reverse("admin:notifications_delivery_changelist")).content.decode()
    assert "周海声" in body
    address = reverse("admin:notifications_delivery_resend", args=[delivery.pk])
    assert client.post(address).status_code == 302
    assert Delivery.objects.get().state == "queued"
    assert client.post(address).status_code == 403
    client.force_login(officer(Role.LEADER))
    assert client.post(address).status_code == 403


def test_the_inbox_is_ones_own_and_opening_reads(client):
    user = officer(Role.FINANCE)
    mine, other = MessageFactory(recipient=user), MessageFactory()
    client.force_login(user)
    rows = client.get(reverse("admin:notifications_message_changelist")).context["cl"].queryset
    assert list(rows) == [mine]
    body = client.get(reverse("admin:notifications_message_change", args=[mine.pk])).content.decode()
    assert "请在到期之前办理下列事项" in body
    assert Message.objects.get(pk=mine.pk).read_at
    assert client.get(reverse("admin:notifications_message_change", args=[other.pk])).status_code == 404
    assert Message.objects.get(pk=other.pk).read_at is None


def test_policies_are_edited_with_care(client):
    policy = ReminderPolicy.objects.get(kind="milestone")
    address = reverse("admin:notifications_reminderpolicy_change", args=[policy.pk])
    client.force_login(officer(Role.SYSADMIN))
    data = {"kind": "milestone", "lead_minutes": "1440, 60,60, -5", "channels": "pigeon"}
    response = client.post(address, data)
    assert response.status_code == 200
    assert "没有叫“pigeon”的渠道" in response.content.decode()
    assert client.post(address, {**data, "channels": "email"}).status_code == 302
    policy.refresh_from_db()
    assert (policy.lead_minutes, policy.channels) == ([1440, 60, -5], ["email"])
    assert client.post(address, {**data, "lead_minutes": "soon"}).status_code == 200
    client.force_login(officer(Role.LEADER))
    assert client.post(address, data).status_code == 403
    assert (
        "提前 1 天" in client.get(reverse("admin:notifications_reminderpolicy_changelist")).content.decode()
    )


def test_leads_in_words():
    found = [in_words(minutes) for minutes in (AT_ONCE, 1440 * 60, 240, 0, -1440, 5)]
    assert found == ["产生时", "提前 60 天", "提前 4 小时", "到期时", "逾期 1 天", "提前 5 分钟"]
