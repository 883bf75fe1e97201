"""Deliver what is queued: claim a chunk, send it, note what became of each row.

A claim is a lease: `next_try_at` is pushed ahead, so that the rows of a worker that died are taken up
again when it has run out. Each row is marked right after it was sent; whatever dies, at most the one
message in flight goes out twice, and then under the same message id.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from celery import current_app
from django.db import connection, transaction
from django.db.models import F
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from kombu.exceptions import OperationalError

from notifications import channels
from notifications.models import Delivery
from notifications.states import DeliveryState

logger = logging.getLogger(__name__)

CHUNK = 500
LEASE = timedelta(minutes=3)
WORK_WITHIN = timedelta(minutes=2)
"""Rows not sent by then are given back: the lease must not run out under a living worker."""
UNREACHABLE_WAIT = timedelta(minutes=1)
MAX_ATTEMPTS = 12
LONGEST_WAIT = timedelta(hours=12)

CLAIM = """
    UPDATE notifications_delivery SET attempts = attempts + 1, next_try_at = %(until)s::timestamptz
    WHERE id IN (
        SELECT id FROM notifications_delivery
        WHERE state = %(queued)s AND next_try_at <= %(at)s::timestamptz
        ORDER BY next_try_at, id
        LIMIT %(chunk)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""

Clock = Callable[[], datetime]


def poke() -> None:
    """Ask a worker to deliver now. With the broker down nothing is lost: the clock finds the rows."""
    try:
        current_app.send_task("notifications.tasks.deliver_outbox")
    except (OperationalError, OSError) as error:
        logger.warning("the broker does not answer, the outbox waits for the clock: %s", error)


def poke_on_commit() -> None:
    """Poke once for the running transaction, however many messages it writes."""
    if not any(callback is poke for _sids, callback, _robust in connection.run_on_commit):
        transaction.on_commit(poke, robust=True)


def backoff(attempts: int) -> timedelta:
    """1, 2, 4 … minutes, at most half a day."""
    return min(timedelta(minutes=2 ** (attempts - 1)), LONGEST_WAIT)


def claim(*, at: datetime, chunk: int = CHUNK) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {"at": at, "until": at + LEASE, "queued": DeliveryState.QUEUED.value, "chunk": chunk},
        )
        return sorted(row[0] for row in cursor.fetchall())


def deliver(*, clock: Clock, chunk: int = CHUNK) -> int:
    """Deliver one chunk. Returns how many rows were claimed; 0 when nothing is waiting."""
    started = clock()
    claimed = claim(at=started, chunk=chunk)
    by_channel = defaultdict(list)
    for delivery in (
        Delivery.objects.filter(pk__in=claimed).select_related("message__recipient").order_by("id")
    ):
        by_channel[delivery.channel].append(delivery)
    for name, deliveries in by_channel.items():
        _deliver_on(name, deliveries, clock=clock, until=started + WORK_WITHIN)
    return len(claimed)


def _deliver_on(name: str, deliveries: list[Delivery], *, clock: Clock, until: datetime) -> None:
    waiting = list(reversed(deliveries))
    try:
        with channels.channel(name)() as connected:
            while waiting and clock() < until:
                _send(connected, waiting[-1], clock=clock)
                waiting.pop()
        give_back(waiting, at=clock())
    except channels.Unreachable as error:
        logger.warning("channel %s does not answer: %s", name, error)
        give_back(waiting, at=clock() + UNREACHABLE_WAIT, error=str(error))
    except channels.Permanent as error:
        for delivery in waiting:
            _failed(delivery, error=str(error))


def _send(connected, delivery: Delivery, *, clock: Clock) -> None:
    """Send one row and mark it. Lets Unreachable through: that is about the channel, not the row."""
    if not delivery.message.recipient.is_active:
        _failed(delivery, error="the account is closed")
        return
    try:
        connected.send(delivery)
    except (channels.Permanent, TemplateDoesNotExist, TemplateSyntaxError, ValueError, KeyError) as error:
        _failed(delivery, error=f"{type(error).__name__}: {error}")
    except channels.Temporary as error:
        if delivery.attempts >= MAX_ATTEMPTS:
            _failed(delivery, error=str(error))
        else:
            _later(delivery, at=clock() + backoff(delivery.attempts), error=str(error))
    else:
        _queued(delivery).update(state=DeliveryState.SENT, sent_at=clock(), error="")


def _queued(delivery: Delivery):
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED)


def _failed(delivery: Delivery, *, error: str) -> None:
    logger.warning("delivery %s failed: %s", delivery.pk, error)
    _queued(delivery).update(state=DeliveryState.FAILED, error=error[:1000])


def _later(delivery: Delivery, *, at: datetime, error: str) -> None:
    _queued(delivery).update(next_try_at=at, error=error[:1000])


def give_back(deliveries: Iterable[Delivery], *, at: datetime, error: str = "") -> None:
    """Rows that were claimed but not tried: they wait again and the claim does not count."""
    Delivery.objects.filter(
        pk__in=[delivery.pk for delivery in deliveries], state=DeliveryState.QUEUED
    ).update(next_try_at=at, attempts=F("attempts") - 1, error=error[:1000])
