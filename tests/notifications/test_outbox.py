from datetime import UTC, datetime, timedelta

import pytest
from celery import Celery, current_app
from django.db import transaction

from config.celery import app
from config.machine import free_port
from notifications import actions, circuits, outbox
from notifications.models import Delivery, Message
from notifications.states import DeliveryState
from tests.factories.accounts import UserFactory
from tests.factories.notifications import DeliveryFactory
from tests.notifications.helpers import SmtpServer
from tests.threads import at_once

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at_time(at=AT):
    return lambda: at


@pytest.fixture
def smtp(settings):
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server.sink


def queued(**kwargs) -> Delivery:
    return DeliveryFactory(message__created_at=AT, **kwargs)


def state_of(delivery) -> tuple:
    delivery.refresh_from_db()
    return delivery.state, delivery.attempts, delivery.next_try_at, delivery.sent_at


@pytest.mark.django_db
def test_a_chunk_goes_out_over_one_connection_in_the_recipients_language(smtp, settings):
    settings.SITE_URL = "https://jiebang.example/"
    first, second = queued(), queued(message__recipient__language="en")
    assert outbox.deliver(clock=at_time()) == 2
    assert smtp.connections == 1
    assert [mail["To"] for mail in smtp.mails] == [
        first.message.recipient.email,
        second.message.recipient.email,
    ]
    mail = smtp.mails[0]
    assert mail["Subject"].strip() == "【里程碑】青科揭榜-0001 样机，2026-03-10 23:59 到期"
    text, html = (part.get_content() for part in mail.iter_parts())
    assert "https://jiebang.example/milestones/1/" in text
    assert "期限依据：任务书第三条" in text
    assert '<a href="https://jiebang.example/milestones/1/">打开平台办理' in html
    assert "/messages/unsubscribe/" in mail["List-Unsubscribe"]
    assert mail["Message-ID"] == f"<delivery.{first.pk}.20260302010000@jiebang.example>"
    assert state_of(first) == (DeliveryState.SENT, 1, AT + outbox.LEASE, AT)
    assert outbox.deliver(clock=at_time(AT + timedelta(days=1))) == 0


@pytest.mark.django_db
def test_only_what_is_due_is_claimed_oldest_first(smtp):
    later = queued(next_try_at=AT + MINUTE)
    second, first = queued(next_try_at=AT), queued(next_try_at=AT - MINUTE)
    assert outbox.claim(at=AT, chunk=1) == [first.pk]
    assert outbox.claim(at=AT, chunk=5) == [second.pk]
    assert outbox.claim(at=AT) == []
    assert outbox.claim(at=AT + MINUTE) == [later.pk]


@pytest.mark.django_db
def test_the_rows_of_a_dead_worker_are_taken_up_when_its_lease_has_run_out(smtp):
    delivery = queued()
    assert outbox.claim(at=AT) == [delivery.pk]
    assert outbox.deliver(clock=at_time(AT + outbox.LEASE - timedelta(seconds=1))) == 0
    assert outbox.deliver(clock=at_time(AT + outbox.LEASE)) == 1
    assert state_of(delivery)[:2] == (DeliveryState.SENT, 2)
    assert len(smtp.mails) == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_down_costs_no_attempt(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    delivery = queued()
    for hour in range(30):
        now = AT + timedelta(hours=hour)
        assert outbox.deliver(clock=at_time(now)) == 1
        state, attempts, next_try_at, sent_at = state_of(delivery)
        assert (state, attempts, sent_at) == (DeliveryState.QUEUED, 0, None)
        assert outbox.UNREACHABLE_WAIT <= next_try_at - now <= circuits.LONGEST_WAIT * 1.25
    assert "refused" in delivery.error


@pytest.mark.django_db
def test_a_busy_mailbox_is_tried_again_with_longer_waits_and_given_up_at_last(smtp):
    delivery, other = queued(), queued()
    smtp.answers[delivery.message.recipient.email] = "451 try later"
    now, waits = AT, []
    for _attempt in range(outbox.MAX_ATTEMPTS):
        outbox.deliver(clock=at_time(now))
        state, _attempts, next_try_at, _sent_at = state_of(delivery)
        waits.append((next_try_at - now) / MINUTE)
        now = next_try_at
    assert all(1 <= wait / plain <= 1.25 for wait, plain in zip(waits, [1, 2, 4, 8, 16], strict=False))
    assert 720 <= waits[-2] <= 900
    assert (state, delivery.attempts, delivery.error) == (DeliveryState.FAILED, 12, "451 try later")
    assert state_of(other)[0] == DeliveryState.SENT


@pytest.mark.django_db
def test_a_wrong_address_fails_at_once_and_spares_the_others(smtp):
    wrong, right = queued(), queued()
    smtp.answers[wrong.message.recipient.email] = "550 no such user"
    outbox.deliver(clock=at_time())
    assert (state_of(wrong)[0], wrong.error) == (DeliveryState.FAILED, "Permanent: 550 no such user")
    assert state_of(right)[0] == DeliveryState.SENT


@pytest.mark.django_db
def test_what_cannot_be_written_or_reached_fails_with_its_reason(smtp):
    missing = queued(message__template="notifications/none")
    incomplete = queued(message__context={})
    garbled = queued(message__context={"wording": ["", ""]})
    closed = queued(message__recipient__is_active=False)
    nowhere = queued(message__recipient__email="")
    pigeon = queued(channel="pigeon")
    outbox.deliver(clock=at_time())
    assert {state_of(d)[0] for d in (missing, incomplete, garbled, pigeon)} == {DeliveryState.FAILED}
    assert state_of(closed)[0] == DeliveryState.SKIPPED
    assert missing.error == "TemplateDoesNotExist: notifications/email/none.txt"
    assert closed.error == "账号已停用"
    assert (state_of(nowhere)[0], nowhere.error) == (DeliveryState.SKIPPED, "收件人没有邮箱")
    assert pigeon.error == "no channel is called pigeon"
    assert smtp.mails == []


@pytest.mark.django_db
def test_what_a_slow_server_leaves_over_is_given_back_before_the_lease_ends(smtp):
    deliveries = [queued() for _ in range(4)]
    # Two clock readings per row sent; the third row finds the time used up.
    readings = iter([AT, AT, AT, AT, AT, AT + outbox.WORK_WITHIN])
    assert outbox.deliver(clock=lambda: next(readings, AT + outbox.WORK_WITHIN)) == 4
    assert [state_of(d)[0] for d in deliveries] == ["sent", "sent", "queued", "queued"]
    assert state_of(deliveries[2]) == ("queued", 0, AT + outbox.WORK_WITHIN, None)


@pytest.mark.django_db(transaction=True)
def test_four_workers_deliver_everything_once(smtp):
    for _ in range(40):
        queued()

    def work():
        while outbox.deliver(clock=at_time(), chunk=3):
            pass

    at_once(*4 * [work])
    assert len(smtp.ids) == len(set(smtp.ids)) == 40
    assert Delivery.objects.filter(state=DeliveryState.SENT, attempts=1).count() == 40


@pytest.fixture
def broker_down(settings):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"
    dead = Celery("dead", set_as_current=False)
    dead.config_from_object("django.conf:settings", namespace="CELERY")
    dead.set_current()
    yield
    app.set_current()
    dead.close()


@pytest.mark.django_db(transaction=True)
def test_with_the_broker_down_people_are_told_all_the_same(broker_down, smtp, caplog, monkeypatch):
    waits = []
    monkeypatch.setattr("kombu.utils.functional.sleep", waits.append)
    user = UserFactory()
    with transaction.atomic():
        actions.tell(
            recipients=[user, user],
            template="notifications/reminder",
            context={
                "kind": "payment",
                "title": "首笔",
                "due_at": AT.isoformat(),
                "explanation": "第十条",
                "is_overdue": True,
            },
            at=AT,
        )
    assert [record.message.split(",")[0] for record in caplog.records] == ["the broker does not answer"]
    assert sum(waits) < 1, "the request does not wait for the broker"
    assert Message.objects.get().recipient == user
    assert outbox.deliver(clock=at_time()) == 1
    assert smtp.mails[0]["Subject"].strip() == "【已逾期】拨付：首笔"


@pytest.mark.django_db
def test_one_transaction_pokes_once(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        for _ in range(3):
            actions.tell(recipients=[UserFactory()], template="notifications/reminder", context={}, at=AT)
        actions.tell(recipients=[], template="notifications/reminder", context={}, at=AT)
    assert callbacks == [outbox.poke]


def test_the_current_app_is_ours():
    assert current_app.main == "jiebang"
