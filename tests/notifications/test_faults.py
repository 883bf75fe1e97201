"""Delivery by a real Celery worker over a real SMTP server, with what can break broken."""

import shutil
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from config.celery import app
from config.embedded.place import passing
from config.embedded.server import Valkey
from notifications import outbox
from notifications.actions import Owes
from notifications.models import Delivery, Reminder
from notifications.states import DeliveryState
from tests.conftest import wait_until
from tests.factories.accounts import UserFactory
from tests.factories.notifications import DeliveryFactory, GatewayFactory, open_deadline
from tests.notifications.helpers import SmtpServer
from tests.notifications.services import SignedService

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def empty_queue():
    app.control.purge()
    yield
    app.control.purge()


def sent() -> int:
    return Delivery.objects.filter(state=DeliveryState.SENT).count()


@pytest.fixture
def queue():
    """A Valkey of our own, which may be killed; the test's is shared."""
    place = passing()
    server = Valkey(place, lasting=False, port=None)
    server.start()
    server.wait_ready()
    yield server
    server.stop()
    shutil.rmtree(place.base, ignore_errors=True)


def poke_at(server) -> None:
    # Each worker of the suite has a database of its own, and so has the Celery worker that it starts.
    database = settings.REDIS_URL.rpartition("/")[2]
    with app.connection_for_write(f"{server.url.rpartition('/')[0]}/{database}") as connection:
        app.send_task("notifications.tasks.deliver_outbox", connection=connection)


def test_a_killed_worker_and_a_killed_queue_lose_nothing(celery_worker, queue):
    """The same with everything killed, again and again, on ten thousand: `make bench NAME=faults`."""
    total = 300
    person = UserFactory()
    with SmtpServer(pause=0.01) as smtp, SignedService("secret") as hook:
        GatewayFactory(address=hook.address, secret=hook.secret)
        for channel in ("email", "webhook") * (total // 2):
            DeliveryFactory(channel=channel, message__recipient=person)

        def received() -> int:
            return len(smtp.sink.mails) + len(hook.accepted)

        later = Delivery.objects.filter(pk__in=Delivery.objects.order_by("-pk")[:100])
        later.update(next_try_at=timezone.now() + timedelta(hours=1))
        worker = celery_worker(EMAIL_URL=smtp.url, REDIS_URL=queue.url)
        poke_at(queue)
        wait_until(lambda: received() >= 60, "sixty messages")
        worker.kill()
        before = sent()
        assert 0 < before < total
        assert received() - before in (0, 1)
        # What the dead worker had claimed waits for its lease; let the time pass.
        Delivery.objects.filter(state=DeliveryState.QUEUED).exclude(pk__in=later).update(
            next_try_at=timezone.now()
        )
        celery_worker(EMAIL_URL=smtp.url, REDIS_URL=queue.url)
        poke_at(queue)
        wait_until(lambda: received() >= 120, "as many again")
        queue.process.kill()
        queue.process.wait()
        wait_until(lambda: sent() == total - 100, "the chunk, which needs no queue")
        later.update(next_try_at=timezone.now())
        queue.start()
        queue.wait_ready()
        poke_at(queue)
        wait_until(lambda: sent() == total, "the rest")
    assert len(set(smtp.sink.ids)) == len(hook.accepted) == total // 2
    assert len(smtp.sink.ids) + len(hook.keys) - total in (0, 1)


def test_a_worker_delivers_what_waited_for_it_and_for_the_mail_server_and_sweeps(celery_worker):
    """One worker for all three: starting one takes as long as forty tests."""
    delivery = DeliveryFactory()
    outbox.poke()
    with SmtpServer() as server:
        port = server.port
    celery_worker(EMAIL_URL=server.url)
    assert [list(answer.values()) for answer in app.control.ping(timeout=5)] == [[{"ok": "pong"}]]
    wait_until(lambda: Delivery.objects.exclude(error="").exists(), "the refusal of a server that is away")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (DeliveryState.QUEUED, 0)
    Delivery.objects.update(next_try_at=timezone.now())
    with SmtpServer(port=port) as server:
        outbox.poke()
        wait_until(lambda: sent() == 1, "the message that waited")
        user = UserFactory()
        open_deadline(at=timezone.now(), owed_by=[Owes(user=user)])
        for _ in range(3):
            app.send_task(app.conf.beat_schedule["sweep-deadlines"]["task"])
        wait_until(lambda: sent() == 2, "the reminder")
        assert [mail["To"] for mail in server.sink.mails] == [delivery.message.recipient.email, user.email]
    assert Reminder.objects.count() == 1
