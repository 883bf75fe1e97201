"""How delivery is doing, in numbers: read by /metrics and by the operations page.

Everything is counted in the tables themselves, so that no number survives a lost process wrongly. The
counts run over partial indexes: what waits, what failed, and what was sent within a day.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from notifications import channels
from notifications.gateways import Circuit, Gateway, Pulse

LATE_AFTER = timedelta(minutes=15)
DAY_HOURS = 24

WAITING = """
    SELECT delivery.channel, count(*), count(*) FILTER (WHERE delivery.next_try_at <= %(at)s),
           min(GREATEST(message.created_at, delivery.held_until))
    FROM notifications_delivery AS delivery
    JOIN notifications_message AS message ON message.id = delivery.message_id
    WHERE delivery.state = 'queued'
    GROUP BY delivery.channel
"""
SENT = """
    SELECT delivery.channel, floor(extract(epoch FROM %(at)s - delivery.sent_at) / 3600)::int, count(*),
           count(*) FILTER (
               WHERE delivery.sent_at > GREATEST(message.created_at, delivery.held_until) + %(late)s)
    FROM notifications_delivery AS delivery
    JOIN notifications_message AS message ON message.id = delivery.message_id
    WHERE delivery.state = 'sent' AND delivery.sent_at > %(at)s - interval '24 hours'
      AND delivery.sent_at <= %(at)s
    GROUP BY 1, 2
"""
REPEATED = """
    SELECT channel, count(*) FROM notifications_delivery
    WHERE posts > 1 AND state = 'sent' AND sent_at > %(at)s - interval '24 hours' GROUP BY channel
"""
FAILED = "SELECT channel, count(*) FROM notifications_delivery WHERE state = 'failed' GROUP BY channel"


@dataclass
class ChannelFigures:
    """One channel. `hours` holds what was sent in each of the last 24, the latest last."""

    name: str
    waiting: int = 0
    due: int = 0
    oldest: timedelta = timedelta(0)
    failed: int = 0
    late: int = 0
    repeated: int = 0
    """Sent to a group by a robot that may have been heard before."""
    hours: list[int] = field(default_factory=lambda: [0] * DAY_HOURS)

    @property
    def label(self) -> str:
        return channels.label(self.name)

    @property
    def sent(self) -> int:
        return sum(self.hours)

    @property
    def last_hour(self) -> int:
        return self.hours[-1]


@dataclass(frozen=True)
class CircuitFigures:
    """One way out: `state` is closed, open or half-open."""

    route: str
    channel: str
    name: str
    state: str
    failures: int
    retry_at: datetime | None
    error: str


@dataclass(frozen=True)
class Figures:
    at: datetime
    channels: list[ChannelFigures]
    circuits: list[CircuitFigures]
    pulses: dict[str, Pulse]

    @property
    def failures(self) -> list[Pulse]:
        """Clocks that failed at something in their last run."""
        return [pulse for pulse in self.pulses.values() if pulse.failed]


def read(*, at: datetime) -> Figures:
    """Everything, in seven queries."""
    pulses = {pulse.name: pulse for pulse in Pulse.objects.order_by("name")}
    return Figures(at, _channels(at), _circuits(at), pulses)


def _channels(at: datetime) -> list[ChannelFigures]:
    found: dict[str, ChannelFigures] = keyed(ChannelFigures)
    for name in channels.names():
        found[name]
    parameters = {"at": at, "late": LATE_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(WAITING, parameters)
        for name, waiting, due, oldest in cursor.fetchall():
            row = found[name]
            row.waiting, row.due, row.oldest = waiting, due, max(at - oldest, timedelta(0))
        cursor.execute(SENT, parameters)
        for name, hours_ago, sent, late in cursor.fetchall():
            row = found[name]
            row.hours[DAY_HOURS - 1 - min(hours_ago, DAY_HOURS - 1)] += sent
            row.late += late
        cursor.execute(REPEATED, parameters)
        for name, repeated in cursor.fetchall():
            found[name].repeated = repeated
        cursor.execute(FAILED)
        for name, failed in cursor.fetchall():
            found[name].failed = failed
    return list(found.values())


def keyed(make: Callable) -> dict:
    """A dictionary that makes the value of a new key out of the key."""

    class Keyed(defaultdict):
        def __missing__(self, key):
            self[key] = make(key)
            return self[key]

    return Keyed()


def _circuits(at: datetime) -> list[CircuitFigures]:
    """E-mail and each active gateway; a way that never failed has no row and is closed."""
    known = {circuit.route: circuit for circuit in Circuit.objects.all()}
    ways = [("email", "email", channels.label("email"))]
    ways += [(g.route, g.channel, g.name) for g in Gateway.objects.active().order_by("channel", "id")]
    found = []
    for route, channel, name in ways:
        circuit = known.get(route) or Circuit(route=route)
        found.append(
            CircuitFigures(
                route=route,
                channel=channel,
                name=name,
                state=_state(circuit, at),
                failures=circuit.failures,
                retry_at=circuit.retry_at,
                error=circuit.error,
            )
        )
    return found


def _state(circuit: Circuit, at: datetime) -> str:
    if circuit.retry_at is None:
        return "closed"
    return "open" if circuit.retry_at > at else "half-open"
