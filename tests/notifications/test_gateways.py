"""Gateways as the system administrator keeps them, tests them, and sees how delivery is doing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from core.models import Event
from notifications import operating
from notifications.gateways import Circuit, Gateway
from notifications.models import Delivery
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.notifications import DeliveryFactory, GatewayFactory
from tests.notifications.services import DingTalkService, SmsService

pytestmark = pytest.mark.django_db
LIST = "admin:notifications_gateway_changelist"
OPERATIONS = "admin:notifications_delivery_operations"
DELIVERIES = "admin:notifications_delivery_changelist"


@pytest.fixture
def operator(client):
    user = officer(Role.SYSADMIN)
    client.force_login(user)
    return user


def entered(**kwargs):
    return {
        "channel": "dingtalk",
        "name": "资源处群",
        "address": "https://93.184.216.34/robot/send?access_token=566c",
        "secret": "SEC-1",
        "is_active": "on",
        **kwargs,
    }


def change(gateway) -> str:
    return reverse("admin:notifications_gateway_change", args=[gateway.pk])


def test_address_and_secret_are_written_and_never_shown(client, operator):
    response = client.post(reverse("admin:notifications_gateway_add"), entered())
    assert response.status_code == 302, response.context["adminform"].form.errors
    gateway = Gateway.objects.get()
    assert (gateway.address[-4:], gateway.secret, gateway.host) == ("566c", "SEC-1", "93.184.216.34")
    for address in (change(gateway), reverse(LIST)):
        body = client.get(address).content.decode()
        assert "566c" not in body
        assert "SEC-1" not in body
    assert "93.184.216.34" in body
    history = {f"core-event-content_type-object_id-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
    kept = entered(name="新名", address="", secret="", **history)
    assert client.post(change(gateway), kept).status_code == 302
    gateway.refresh_from_db()
    assert (gateway.name, gateway.address[-4:], gateway.secret) == ("新名", "566c", "SEC-1")
    assert list(Event.objects.about(gateway).order_by("id").values_list("verb", "by")) == [
        ("added", operator.pk),
        ("changed", operator.pk),
    ]


def test_the_table_holds_ciphertext(settings):
    gateway = GatewayFactory(secret="SEC-1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret || address FROM notifications_gateway")
        stored = cursor.fetchone()[0]
    assert "SEC-1" not in stored
    assert "127.0.0.1" not in stored
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert Gateway.objects.get().secret == gateway.secret
    settings.SECRET_KEY_FALLBACKS = []
    assert Gateway.objects.get().secret == ""


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"address": "https://10.0.0.1/"}, "不在内部网络"),
        ({"address": "ftp://93.184.216.34/"}, "不能向这个地址发送"),
        ({"address": ""}, "请填写地址"),
        ({"channel": "webhook", "secret": ""}, "短信与推送接口要有密钥"),
        ({"channel": "sms"}, "短信通道要有模板编号和签名"),
        ({"per_minute": "0"}, "1"),
    ],
)
def test_what_cannot_work_is_refused_in_words(client, operator, wrong, sentence):
    response = client.post(reverse("admin:notifications_gateway_add"), entered(**wrong))
    assert response.status_code == 200
    assert sentence in str(response.context["adminform"].form.errors)
    assert not Gateway.objects.exists()


@pytest.mark.parametrize("organisation", [None, "one"])
def test_one_active_gateway_for_each_place_and_channel(client, operator, organisation):
    place = organisation and OrganisationFactory()
    GatewayFactory(channel="dingtalk", organisation=place)
    GatewayFactory(channel="dingtalk", organisation=place, is_active=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        GatewayFactory(channel="dingtalk", organisation=place)
    data = entered(organisation=place.pk) if place else entered()
    response = client.post(reverse("admin:notifications_gateway_add"), data)
    assert "已有启用的通道" in str(response.context["adminform"].form.errors)


@pytest.mark.parametrize("role", [Role.LEADER, Role.AUDITOR, Role.PROGRAMME_MANAGER])
def test_only_the_system_administrator_keeps_gateways(client, role):
    gateway = GatewayFactory()
    client.force_login(officer(role))
    for address in (reverse(LIST), change(gateway), reverse("admin:notifications_gateway_add")):
        assert client.get(address).status_code == 403
    assert client.post(reverse("admin:notifications_gateway_test", args=[gateway.pk])).status_code == 403


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_costs_the_same_for_any_number(client, operator, django_assert_num_queries, rows):
    for _ in range(rows):
        GatewayFactory(organisation=OrganisationFactory())
    client.get(reverse(LIST))
    with django_assert_num_queries(6):
        assert client.get(reverse(LIST)).context["cl"].result_count == rows


def test_a_test_says_what_the_service_said(client, operator):
    with DingTalkService("SEC-1") as service:
        gateway = GatewayFactory(channel="dingtalk", address=service.address, secret="SEC-1")
        Circuit.objects.create(route=gateway.route, failures=9, opened=2, retry_at=timezone.now())
        address = reverse("admin:notifications_gateway_test", args=[gateway.pk])
        assert client.post(address).status_code == 302
        assert len(service.accepted) == 1
        assert not Circuit.objects.exists()
        service.secret = "another"
        response = client.post(address)
    assert response.status_code == 422
    assert "errcode 310000 sign not match" in response.content.decode()


def test_an_sms_test_asks_for_a_number(client, operator):
    with SmsService("s") as service:
        gateway = GatewayFactory(channel="sms", address=service.address, secret="s")
        address = reverse("admin:notifications_gateway_test", args=[gateway.pk])
        assert "请填写接收测试的手机号" in client.post(address).content.decode()
        assert client.post(address, {"to": "13800138000"}).status_code == 302
        assert service.accepted[0]["content"].startswith("【青岛科技】这是一条测试短信")


def test_dead_letters_are_sent_again_in_bulk(client, operator):
    dead = [DeliveryFactory(state="failed", attempts=12, error="550 no") for _ in range(3)]
    sent = DeliveryFactory(state="sent", sent_at=timezone.now())
    chosen = [dead[0].pk, dead[1].pk, sent.pk]
    data = {"action": "resend_chosen", "_selected_action": chosen}
    body = client.post(reverse(DELIVERIES), data, follow=True).content.decode()
    assert "2 条已重新排队" in body
    states = Delivery.objects.order_by("id").values_list("state", "attempts")
    assert list(states) == [("queued", 0), ("queued", 0), ("failed", 12), ("sent", 0)]
    assert Event.objects.about(dead[0]).get().note == "550 no"
    client.force_login(officer(Role.LEADER))
    client.post(reverse(DELIVERIES), {**data, "_selected_action": [dead[2].pk]})
    assert Delivery.objects.get(pk=dead[2].pk).state == "failed"


@pytest.mark.parametrize("rows", [1, 30])
def test_the_deliveries_cost_the_same_for_any_number(client, operator, django_assert_num_queries, rows):
    for _ in range(rows):
        DeliveryFactory(gateway=GatewayFactory(organisation=OrganisationFactory()))
    client.get(reverse(DELIVERIES))
    with django_assert_num_queries(7):
        assert client.get(reverse(DELIVERIES)).context["cl"].result_count == rows


def test_figures_lead_to_their_dead_letters(client, operator):
    wanted = DeliveryFactory(channel="sms", state="failed")
    DeliveryFactory(channel="sms")
    DeliveryFactory(state="failed")
    body = client.get(reverse(OPERATIONS)).content.decode()
    address = f"{reverse(DELIVERIES)}?state__exact=failed&amp;channel=sms"
    assert address in body
    assert list(client.get(address.replace("&amp;", "&")).context["cl"].queryset) == [wanted]


def test_the_operations_page_speaks_plainly(client, operator):
    now = timezone.now()
    gateway = GatewayFactory(channel="feishu", name="飞书群")
    Circuit.objects.create(
        route=gateway.route, failures=6, opened=1, retry_at=now + timedelta(minutes=1), error="code 19021"
    )
    DeliveryFactory(state="failed")
    DeliveryFactory()
    DeliveryFactory(state="sent", sent_at=now - timedelta(minutes=5), message__created_at=now - timedelta(1))
    body = client.get(reverse(OPERATIONS)).content.decode()
    assert "还没有运行过" in body
    assert "现在有 1 条到点待发" in body
    assert "1 条发送失败，等待处理" in body
    assert "已暂停" in body
    assert "code 19021" in body
    operating.beat(name=operating.SWEEP, at=now - timedelta(minutes=1))
    assert "提醒程序正常" in client.get(reverse(OPERATIONS)).content.decode()
    operating.beat(name=operating.SWEEP, at=now - timedelta(hours=1))
    assert "没有再运行" in client.get(reverse(OPERATIONS)).content.decode()
    client.force_login(officer(Role.AUDITOR))
    assert client.get(reverse(OPERATIONS)).status_code == 200
    client.force_login(officer(Role.FINANCE))
    assert client.get(reverse(OPERATIONS)).status_code == 403
