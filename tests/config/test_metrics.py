"""/metrics, and what happens when deadlines are no longer looked at."""

from datetime import timedelta

import pytest
from django.core.checks import run_checks
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.roles import Role
from notifications import operating
from notifications.gateways import Circuit, Pulse
from notifications.models import Message
from tests.factories.accounts import UserFactory, officer
from tests.factories.notifications import DeliveryFactory, GatewayFactory

pytestmark = pytest.mark.django_db


def warnings() -> list[str]:
    return [warning.id for warning in run_checks(databases=["default"])]


def gauges(client, **headers) -> dict[tuple, float]:
    response = client.get(reverse("metrics"), headers=headers)
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    return {
        (sample.name.removeprefix("jiebang_"), *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_gauges_say_how_delivery_is_doing(client):
    now = timezone.now()
    operating.beat(name=operating.SWEEP, at=now)
    hour = timedelta(hours=1)
    DeliveryFactory(message__created_at=now - hour)
    DeliveryFactory(message__created_at=now, next_try_at=now + hour)
    DeliveryFactory(message__created_at=now - hour, state="sent", sent_at=now - hour / 60)
    DeliveryFactory(message__created_at=now - 3 * hour, state="sent", sent_at=now - 3 * hour)
    DeliveryFactory(message__created_at=now - 90 * hour, state="sent", sent_at=now - 80 * hour)
    DeliveryFactory(channel="sms", state="failed")
    DeliveryFactory(channel="feishu", state="sent", sent_at=now - hour, posts=2)
    Pulse.objects.create(name="close_bids", at=now, failed=3, error="…")
    gateway = GatewayFactory(channel="feishu")
    Circuit.objects.create(route=gateway.route, failures=5, retry_at=now + hour)
    found = gauges(client)
    assert found["deliveries_waiting", "email"] == 2
    assert found["deliveries_due", "email"] == 1
    assert found["deliveries_sent_last_hour", "email"] == 1
    assert found["deliveries_sent_last_day", "email"] == 2
    assert found["deliveries_late_last_day", "email"] == 1
    assert found["deliveries_failed", "sms"] == 1
    assert found["deliveries_failed", "webhook"] == 0
    assert (
        found["deliveries_repeated_last_day", "feishu"],
        found["deliveries_repeated_last_day", "email"],
    ) == (1, 0)
    assert (found["last_run_failures", "close_bids"], found["last_run_failures", "sweep"]) == (3, 0)
    assert 3600 <= found["queue_age_seconds", "email"] < 3700
    assert found["circuit_state", "feishu", gateway.route] == 2
    assert found["circuit_state", "email", "email"] == 0
    assert found["last_run_timestamp_seconds", "sweep"] == pytest.approx(now.timestamp(), abs=1)


def test_the_cost_does_not_grow_with_the_rows(client, django_assert_num_queries):
    for rows in (1, 30):
        for _ in range(rows):
            DeliveryFactory()
            GatewayFactory(is_active=False)
        with django_assert_num_queries(7):
            gauges(client)


def test_strangers_find_nothing(client, settings):
    address = reverse("metrics")
    assert client.get(address, REMOTE_ADDR="93.184.216.34").status_code == 404
    assert client.get(address, REMOTE_ADDR="").status_code == 404
    for header in ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"):
        assert client.get(address, headers={header: "93.184.216.34"}).status_code == 404
    settings.METRICS_TOKEN = "0123456789"
    assert client.get(address).status_code == 404
    assert client.get(address, headers={"Authorization": "Bearer 1"}).status_code == 404
    assert gauges(client, Authorization="Bearer 0123456789")
    assert client.post(address).status_code == 405


def test_silence_is_told_once_to_those_who_run_the_system(client):
    now = timezone.now()
    administrator, root = officer(Role.SYSADMIN), UserFactory(is_superuser=True, is_staff=True)
    officer(Role.LEADER)
    assert client.get("/readyz").json()["reminders"] == "ok", "a new installation is not silent yet"
    operating.beat(name=operating.SWEEP, at=now - timedelta(hours=2))
    for _ in range(2):
        response = client.get("/readyz")
        assert (response.status_code, response.json()["reminders"]) == (200, "silent")
    assert set(Message.objects.values_list("recipient", flat=True)) == {administrator.pk, root.pk}
    assert Message.objects.count() == 2
    client.force_login(administrator)
    body = client.get(
        reverse("admin:notifications_message_change", args=[administrator.inbox.get().pk])
    ).content.decode()
    assert "提醒程序已停止运行" in body
    assert client.get(administrator.inbox.get().url).status_code == 200
    assert "jiebang.W004" in warnings()
    operating.beat(name=operating.SWEEP, at=now)
    assert client.get("/readyz").json()["reminders"] == "ok"
    assert "jiebang.W004" not in warnings()
    Pulse.objects.update(at=now - timedelta(hours=1), alarmed_at=now - timedelta(hours=3))
    client.get("/readyz")
    assert Message.objects.count() == 4, "the next silence is told again"
