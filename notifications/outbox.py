"""Deliver what is queued: claim a chunk, send it, note what became of each row.

A claim is a lease: `next_try_at` is pushed ahead, so that the rows of a worker that died are taken up
again when it has run out. Each row is marked right after it was sent, and when PostgreSQL is away at that
moment the worker waits for it; whatever dies, at most the one message in flight goes out twice, and then
under the same message id or idempotency key. Robots know no such key: what is about to be posted is
counted first (`Delivery.posts`), so that a post whose end nobody saw says that it repeats, and is counted.

`routing` says what is still worth sending and by which way; each way has its rate limit (`rates`) and its
circuit breaker (`circuits`).
"""

import logging
import time
import zlib
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db import OperationalError as DatabaseAway
from django.db.models import Case, DateTimeField, F, Value, When
from kombu.exceptions import OperationalError

from notifications import channels, circuits, rates, routing
from notifications.gateways import ROBOTS
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

# The rows are found once, whatever the plan: a subquery with LIMIT that is run again finds others.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM notifications_delivery
        WHERE state = %(queued)s AND next_try_at <= %(at)s::timestamptz
        ORDER BY next_try_at, id
        LIMIT %(chunk)s
        FOR UPDATE SKIP LOCKED
    )
    UPDATE notifications_delivery SET attempts = attempts + 1, next_try_at = %(until)s::timestamptz
    FROM due WHERE notifications_delivery.id = due.id
    RETURNING notifications_delivery.id
"""

# Once for each message; written out because composing it anew each time costs as much as running it.
MARK = "UPDATE notifications_delivery SET state = %s, sent_at = %s, error = '' WHERE id = %s AND state = %s"

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


def backoff(delivery: Delivery) -> timedelta:
    """1, 2, 4 … minutes, at most half a day, and up to a quarter more: what failed together comes apart.

    The extra is drawn from the row's number and attempt, so that it needs no luck to be repeated.
    """
    wait = min(timedelta(minutes=2 ** (delivery.attempts - 1)), LONGEST_WAIT)
    return wait * (1 + zlib.crc32(f"{delivery.pk}.{delivery.attempts}".encode()) / 2**34)


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
    if not claimed:
        return 0
    deliveries = Delivery.objects.filter(pk__in=claimed).order_by("id")
    deliveries = deliveries.select_related(
        "message__recipient", "message__notice", "message__reminder__deadline"
    )
    routes = routing.plan(list(deliveries), at=started)
    breakers = circuits.breakers((route.name for route in routes), at=started)
    for route, rows in routes.items():
        Run(route, breakers[route.name], rows, clock=clock, until=started + WORK_WITHIN).go()
    return len(claimed)


class Run:
    """The rows of one chunk that go one way: those allowed now are sent, the others are given back."""

    def __init__(self, route, breaker: circuits.Breaker, rows: list[Delivery], *, clock: Clock, until):
        self.route, self.breaker, self.clock, self.until = route, breaker, clock, until
        self.waiting = list(reversed(rows))

    def go(self) -> None:
        if not self.breaker.passes:
            self._wait_for_circuit()
            return
        allowance = rates.take(self.route.name, wanted=len(self.waiting), per_minute=self.route.per_minute)
        try:
            if allowance.granted:
                with self.route.connect() as connected:
                    self._send(connected, allowance.granted)
        except channels.Unreachable as error:
            logger.warning("%s does not answer: %s", self.route.name, error)
            self.breaker.failed(error=str(error), at=self.clock())
            self._wait_for_circuit(error=str(error))
        except channels.Permanent as error:
            while self.waiting:
                _failed(self.waiting.pop(), error=str(error))
        else:
            if not self.breaker.passes:
                self._wait_for_circuit()
            elif self.clock() >= self.until:
                give_back(self.waiting, at=self.clock())
            else:
                hold_back(list(reversed(self.waiting)), allowance, at=self.clock())

    def _send(self, connected, granted: int) -> None:
        while self.waiting and granted and self.breaker.passes and self.clock() < self.until:
            _send(connected, self.waiting[-1], self.breaker, clock=self.clock, until=self.until)
            self.waiting.pop()
            granted -= 1

    def _wait_for_circuit(self, error: str = "") -> None:
        wait = self.clock() + UNREACHABLE_WAIT
        give_back(self.waiting, at=max(wait, self.breaker.retry_at or wait), error=error)


@contextmanager
def _counted(delivery: Delivery):
    """Count a robot's post before it is made; what certainly did not reach the group is taken back."""
    if delivery.channel not in ROBOTS:
        yield
        return
    _queued(delivery).update(posts=F("posts") + 1)
    try:
        yield
    except (channels.Uncertain, SoftTimeLimitExceeded):
        raise
    except Exception:
        _queued(delivery).update(posts=F("posts") - 1)
        raise


def _send(connected, delivery: Delivery, breaker: circuits.Breaker, *, clock: Clock, until: datetime) -> None:
    """Send one row and mark it. Lets Unreachable through: that is about the way, not the row."""
    try:
        with _counted(delivery):
            connected.send(delivery)
    except (channels.Unreachable, DatabaseError, InterfaceError, SoftTimeLimitExceeded):
        raise
    except channels.Temporary as error:
        if delivery.attempts >= MAX_ATTEMPTS:
            _failed(delivery, error=str(error))
        else:
            _later(delivery, at=clock() + backoff(delivery), error=str(error))
        if isinstance(error, channels.Busy):
            breaker.failed(error=str(error), at=clock())
    except Exception as error:
        # Whatever it is, it must not keep the rows behind it waiting: a dead letter says what is wrong.
        if not isinstance(error, channels.Permanent):
            logger.exception("delivery %s cannot be composed", delivery.pk)
        _failed(delivery, error=f"{type(error).__name__}: {error}")
    else:
        _sent(delivery, clock=clock, until=until)
        breaker.worked()


def _queued(delivery: Delivery):
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.QUEUED)


def _sent(delivery: Delivery, *, clock: Clock, until: datetime) -> None:
    """Mark as sent. The message is out: as long as the lease lasts, a lost database is waited for."""
    at = clock()
    while True:
        try:
            with connection.cursor() as cursor:
                cursor.execute(MARK, [DeliveryState.SENT.value, at, delivery.pk, DeliveryState.QUEUED.value])
        except (DatabaseAway, InterfaceError) as error:
            if connection.in_atomic_block or clock() >= until:
                raise
            logger.warning("delivery %s is out, waiting for PostgreSQL to note it: %s", delivery.pk, error)
            connection.close()
            time.sleep(0.2)
        else:
            return


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


def hold_back(deliveries: list[Delivery], allowance: rates.Allowance, *, at: datetime) -> None:
    """Give back what the rate limit did not let through, each row for its own turn."""
    if not deliveries:
        return
    turns = [
        When(pk=delivery.pk, then=Value(at + allowance.wait + turn * allowance.interval))
        for turn, delivery in enumerate(deliveries)
    ]
    Delivery.objects.filter(
        pk__in=[delivery.pk for delivery in deliveries], state=DeliveryState.QUEUED
    ).update(next_try_at=Case(*turns, output_field=DateTimeField()), attempts=F("attempts") - 1)
