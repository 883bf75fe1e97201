"""Each adapter against a server that checks form and signature."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from notifications import figures, outbox
from notifications.channels import http, sms
from notifications.channels.http import Forbidden, resolve
from notifications.channels.robots import LONGEST, shortened
from notifications.gateways import Circuit
from tests.factories.accounts import UserFactory, officer
from tests.factories.notifications import DeliveryFactory, GatewayFactory, open_deadline, reminder
from tests.notifications.services import (
    DingTalkService,
    FeishuService,
    SignedService,
    SmsService,
    WeComService,
)

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # nine in the morning in Beijing
SECRET = "SEC-of-the-tests"
ROBOTS = {"wecom": WeComService, "dingtalk": DingTalkService, "feishu": FeishuService}


def at_time(at=AT):
    return lambda: at


def state_of(delivery) -> tuple[str, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.error


@pytest.fixture(params=ROBOTS)
def robot(request):
    with ROBOTS[request.param](SECRET) as service:
        service.channel = request.param
        service.gateway = GatewayFactory(channel=request.param, address=service.address, secret=SECRET)
        yield service


def told(channel, **kwargs):
    return reminder(deadline=open_deadline(at=AT), recipient=officer(), at=AT, channel=channel, **kwargs)


def test_a_robot_posts_reason_and_link_and_no_name(robot, settings):
    settings.SITE_URL = "https://jiebang.example"
    delivery = told(robot.channel)
    outbox.deliver(clock=at_time())
    assert robot.accepted == [
        "【里程碑】青科揭榜-0001 样机，2026-03-07 09:00 到期\n期限依据：任务书第三条\n"
        "办理：https://jiebang.example/milestones/1/"
    ]
    assert state_of(delivery) == ("sent", "")


def test_a_robot_that_does_not_believe_us_keeps_the_message(robot):
    robot.gateway.address += "x"
    robot.gateway.save()
    delivery = told(robot.channel)
    outbox.deliver(clock=at_time())
    state, error = state_of(delivery)
    code = {"wecom": "errcode 93000", "dingtalk": "errcode 300001", "feishu": "code 19001"}[robot.channel]
    assert (state, error.split(" ", 2)[:2], delivery.attempts) == ("queued", code.split(), 0)
    assert Circuit.objects.get().failures == 1


@pytest.mark.parametrize("robot", ["dingtalk", "feishu"], indirect=True)
def test_a_wrong_key_is_the_robots_fault(robot):
    robot.secret = "another"
    delivery = told(robot.channel)
    outbox.deliver(clock=at_time())
    state, error = state_of(delivery)
    assert (state, delivery.attempts) == ("queued", 0)
    assert error.split()[1] in ("310000", "19021")


def test_too_fast_is_tried_again_and_nonsense_is_not(robot):
    busy = {"wecom": 45009, "dingtalk": 130101, "feishu": 11232}[robot.channel]
    name = "code" if robot.channel == "feishu" else "errcode"
    robot.answers = [(200, {name: busy}), (200, {name: 99999})]
    first, second = told(robot.channel), told(robot.channel)
    outbox.deliver(clock=at_time())
    assert (state_of(first)[0], first.attempts) == ("queued", 1)
    assert state_of(second)[0] == "failed"
    assert robot.accepted == []


def test_a_post_whose_end_nobody_saw_is_repeated_once_says_so_and_is_counted(robot, monkeypatch):
    delivery, other = told(robot.channel), told(robot.channel)

    class Killed(BaseException):
        """Nothing of ours runs any more."""

    def killed(*_args, **_kwargs):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "_sent", killed)
        with pytest.raises(Killed):
            outbox.deliver(clock=at_time())
    assert (state_of(delivery)[0], delivery.posts, state_of(other)[0], other.posts) == (
        "queued",
        1,
        "queued",
        0,
    )
    outbox.deliver(clock=at_time(AT + outbox.LEASE))
    assert (state_of(delivery), delivery.posts) == (("sent", ""), 2)
    assert (state_of(other), other.posts) == (("sent", ""), 1)
    words = [text.splitlines()[0].partition("【")[0] for text in robot.accepted]
    assert words == ["", "（重发，可能已收到）", ""]
    shown = {row.name: row for row in figures.read(at=AT + timedelta(hours=1)).channels}
    assert (shown[robot.channel].sent, shown[robot.channel].repeated) == (2, 1)


def test_what_a_robot_refused_is_no_post_and_what_it_did_not_answer_may_be_one():
    with WeComService() as service:
        GatewayFactory(channel="wecom", address=service.address)
        service.answers = [(200, {"errcode": 45009}), (200, {"errcode": 99999}), (504, b"proxy")]
        deliveries = [told("wecom") for _ in range(3)]
        outbox.deliver(clock=at_time())
        found = [(state_of(delivery)[0], delivery.posts) for delivery in deliveries]
        assert found == [("queued", 0), ("failed", 0), ("queued", 1)]
        service.answers = [(200, b"")]
        delivery = told("wecom")
    outbox.deliver(clock=at_time())
    assert (state_of(delivery)[0], delivery.posts) == ("queued", 0)


def test_a_long_text_is_cut_between_characters():
    text = shortened("提" * 1000)
    assert len(text.encode()) <= LONGEST
    assert text == "提" * 665 + "…"


def test_a_webhook_is_signed_and_repeated_under_the_same_key():
    with SignedService(SECRET) as service:
        GatewayFactory(channel="webhook", address=service.address, secret=SECRET)
        delivery = told("webhook")
        service.answers = [(503, b"busy")]
        outbox.deliver(clock=at_time())
        assert (state_of(delivery)[0], delivery.attempts) == ("queued", 1)
        outbox.deliver(clock=at_time(delivery.next_try_at))
        assert state_of(delivery) == ("sent", "")
        (event,) = service.accepted
        assert service.keys == [event["id"]] == [f"delivery.{delivery.pk}.20260302010000"]
        assert event["recipient"] == delivery.message.recipient.username
        assert event["deadline"]["lead"] == "d1"
        assert "@" not in str({**event, "id": ""})


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((302, b""), "queued"),
        ((401, b""), "queued"),
        ((404, b""), "queued"),
        ((422, b"no"), "failed"),
        ((429, b""), "queued"),
        ((500, b"x" * 100_000), "queued"),
    ],
)
def test_what_a_webhook_answers(answer, state):
    with SignedService(SECRET) as service:
        GatewayFactory(channel="webhook", address=service.address, secret=SECRET)
        delivery = told("webhook")
        service.answers = [answer]
        outbox.deliver(clock=at_time())
        assert state_of(delivery)[0] == state
        assert service.requests == 1


def test_a_server_that_answers_drop_by_drop_is_cut_off(monkeypatch):
    monkeypatch.setattr(http, "WHOLE", 0.3)
    with WeComService() as service:
        GatewayFactory(channel="wecom", address=service.address)
        service.drip = 0.05
        service.answers = [(200, {"errcode": 0, "errmsg": "ok" * 1000})]
        delivery = told("wecom")
        outbox.deliver(clock=at_time())
        assert state_of(delivery) == ("queued", "TimeoutError: no whole answer within 0.3 s")
        assert delivery.posts == 1


def test_a_server_that_is_gone_costs_no_attempt():
    with SignedService(SECRET) as service:
        address = service.address
    GatewayFactory(channel="webhook", address=address, secret=SECRET)
    delivery = told("webhook")
    outbox.deliver(clock=at_time())
    assert (state_of(delivery)[0], delivery.attempts) == ("queued", 0)
    assert "refused" in delivery.error


@pytest.fixture
def sms_service():
    with SmsService(SECRET) as service:
        GatewayFactory(channel="sms", address=service.address, secret=SECRET)
        yield service


def person(phone="13800138000", verified=True):
    return UserFactory(phone=phone, phone_verified_at=timezone.now() if verified else None)


def texted(recipient, at=AT):
    return reminder(deadline=open_deadline(at=AT), recipient=recipient, at=at, channel="sms")


def test_an_sms_goes_to_the_verified_phone_in_one_part(sms_service):
    delivery = texted(person())
    delivery.message.context["title"] = "很长的标题" * 30
    delivery.message.save()
    outbox.deliver(clock=at_time())
    (found,) = sms_service.accepted
    assert found["phone"] == "13800138000"
    assert len(found["content"]) <= 70
    assert found["content"].startswith("【青岛科技】【里程碑】很长的标题")
    assert found["content"].endswith("…。请登录平台办理。")
    assert state_of(delivery) == ("sent", "")


def test_no_sms_without_a_verified_phone_and_none_to_a_wrong_number(sms_service):
    unverified, wrong = texted(person(verified=False)), texted(person(phone="053280000000"))
    outbox.deliver(clock=at_time())
    assert state_of(unverified) == ("skipped", "收件人没有验证过的手机")
    assert state_of(wrong) == ("failed", "Permanent: code 1001 号码无效")


def test_a_changed_phone_is_no_longer_verified():
    user = person()
    user.phone = "13900139000"
    user.save()
    user.refresh_from_db()
    assert user.phone_verified_at is None


def test_sms_waits_for_the_morning(sms_service):
    night = AT + timedelta(hours=14)
    delivery = texted(person(), at=night)
    outbox.deliver(clock=at_time(night))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("queued", 0)
    morning = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    assert (delivery.next_try_at, delivery.held_until) == (morning, morning)
    # A quiet night is no delay of the channel's.
    outbox.deliver(clock=at_time(morning + timedelta(minutes=1)))
    shown = {row.name: row for row in figures.read(at=morning + timedelta(hours=1)).channels}
    assert (shown["sms"].sent, shown["sms"].late) == (1, 0)


def test_an_sms_does_not_wait_until_it_is_too_late(sms_service):
    night = AT + timedelta(hours=14)
    deadline = open_deadline(at=night, due_in=timedelta(hours=3))
    delivery = reminder(deadline=deadline, recipient=person(), at=night, channel="sms")
    outbox.deliver(clock=at_time(night))
    assert state_of(delivery) == ("sent", "")


def test_a_short_sms_keeps_every_word():
    assert sms.compose("青岛科技", "补正 明天 到期") == "【青岛科技】补正 明天 到期。请登录平台办理。"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "https://192.168.1.1/hook",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://localhost:6379/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "http://",
        "http://x:99999/",
        "gopher",
    ],
)
def test_nothing_goes_into_our_own_network(settings, address):
    settings.EGRESS_NETWORKS = []
    with pytest.raises(Forbidden):
        resolve(address)


def test_the_operator_may_open_a_network(settings):
    settings.EGRESS_NETWORKS = ["10.1.2.0/24"]
    assert resolve("http://10.1.2.3:8080/x") == ("10.1.2.3", 8080)
    assert resolve("https://93.184.216.34/") == ("93.184.216.34", 443)
    with pytest.raises(Forbidden):
        resolve("http://10.1.3.3/")


def test_one_robot_does_not_stop_another():
    with WeComService() as service:
        GatewayFactory(channel="feishu", address="http://127.0.0.1:1/open-apis/bot/v2/hook/5c2f")
        GatewayFactory(channel="wecom", address=service.address)
        lost, sent = told("feishu"), told("wecom")
        outbox.deliver(clock=at_time())
        assert (state_of(lost)[0], state_of(sent)[0]) == ("queued", "sent")


def test_without_a_gateway_it_is_skipped():
    delivery = DeliveryFactory(channel="feishu", message__created_at=AT)
    outbox.deliver(clock=at_time())
    assert state_of(delivery) == ("skipped", "收件人没有这种渠道的通道")
