"""Delivery by a real Celery worker over a real SMTP server, with what can break broken."""

import pytest
from django.utils import timezone

from config.celery import app
from notifications import outbox
from notifications.actions import Owes
from notifications.models import Delivery, Reminder
from notifications.states import DeliveryState
from tests.conftest import wait_until
from tests.factories.accounts import UserFactory
from tests.factories.notifications import DeliveryFactory, open_deadline
from tests.notifications.helpers import SmtpServer

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def empty_queue():
    app.control.purge()
    yield
    app.control.purge()


def sent() -> int:
    return Delivery.objects.filter(state=DeliveryState.SENT).count()


def test_a_killed_worker_costs_at_most_the_message_in_flight(celery_worker):
    total = 60
    for _ in range(total):
        DeliveryFactory()
    with SmtpServer(pause=0.05) as server:
        worker = celery_worker(EMAIL_URL=server.url)
        outbox.poke()
        wait_until(lambda: len(server.sink.mails) >= 10, "ten mails")
        worker.kill()
        before = sent()
        assert 0 < before < total
        assert len(server.sink.mails) - before in (0, 1)
        # What the dead worker had claimed waits for its lease; let the time pass.
        Delivery.objects.filter(state=DeliveryState.QUEUED).update(next_try_at=timezone.now())
        celery_worker(EMAIL_URL=server.url)
        outbox.poke()
        wait_until(lambda: sent() == total, "the rest")
        ids = server.sink.ids
    assert len(set(ids)) == total
    assert len(ids) - total in (0, 1)


def test_a_deadline_becomes_a_mail_by_beat_and_worker(celery_worker):
    user = UserFactory()
    open_deadline(at=timezone.now(), owed_by=[Owes(user=user)])
    with SmtpServer() as server:
        celery_worker(EMAIL_URL=server.url)
        for _ in range(3):
            app.send_task(app.conf.beat_schedule["sweep-deadlines"]["task"])
        wait_until(lambda: sent() == 1, "the reminder")
    assert [mail["To"] for mail in server.sink.mails] == [user.email]
    assert Reminder.objects.count() == 1


def test_what_was_told_while_no_worker_ran_goes_out_when_one_starts(celery_worker):
    DeliveryFactory()
    outbox.poke()
    with SmtpServer() as server:
        celery_worker(EMAIL_URL=server.url)
        wait_until(lambda: sent() == 1, "the message")
        assert len(server.sink.ids) == 1


def test_a_mail_server_that_comes_back_gets_what_waited(celery_worker):
    delivery = DeliveryFactory()
    with SmtpServer() as server:
        port_of_nothing = server.url
    worker = celery_worker(EMAIL_URL=port_of_nothing)
    outbox.poke()
    wait_until(lambda: Delivery.objects.exclude(error="").exists(), "the refusal")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.QUEUED, 0)
    worker.stop()
    Delivery.objects.update(next_try_at=timezone.now())
    with SmtpServer() as server:
        celery_worker(EMAIL_URL=server.url)
        outbox.poke()
        wait_until(lambda: sent() == 1, "the message")
        assert len(server.sink.ids) == 1
