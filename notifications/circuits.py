"""A circuit breaker for each way out: after some failures in a row it opens, then one probe decides.

It is kept in PostgreSQL, beside the deliveries that wait for it: it survives every restart, all workers
obey the same row, and the operations page reads it. While all is well it costs one read a chunk.
"""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F

from notifications.gateways import Circuit

FAILURES = 5
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=30)
PROBE_WITHIN = timedelta(minutes=1)
"""A probe that has not come back by then died with its worker; the next one may try."""


class Breaker:
    """One route as one worker sees it for one chunk."""

    def __init__(self, route: str, circuit: Circuit | None, *, at: datetime):
        self.route = route
        self.failures = circuit.failures if circuit else 0
        self.retry_at = circuit.retry_at if circuit else None
        self.probing = False
        if self.retry_at and self.retry_at <= at:
            until = at + PROBE_WITHIN
            won = Circuit.objects.filter(route=route, retry_at=self.retry_at).update(retry_at=until)
            self.retry_at, self.probing = until, bool(won)

    @property
    def passes(self) -> bool:
        """Closed, or half-open and ours to probe."""
        return self.retry_at is None or self.probing

    def worked(self) -> None:
        """A message went through: the circuit is closed."""
        if self.failures:
            Circuit.objects.filter(route=self.route).update(failures=0, opened=0, retry_at=None, error="")
        self.failures, self.retry_at, self.probing = 0, None, False

    def failed(self, *, error: str, at: datetime) -> None:
        """One more failure in a row; at FAILURES, or when a probe fails, the circuit opens."""
        Circuit.objects.bulk_create([Circuit(route=self.route)], ignore_conflicts=True)
        Circuit.objects.filter(route=self.route).update(
            failures=F("failures") + 1, error=error[:1000], failed_at=at
        )
        circuit = Circuit.objects.get(route=self.route)
        self.failures = circuit.failures
        if self.probing or (circuit.failures >= FAILURES and circuit.retry_at is None):
            wait = min(FIRST_WAIT * 2 ** min(circuit.opened, 10), LONGEST_WAIT)
            self.retry_at = at + wait * random.uniform(1, 1.25)  # noqa: S311 (spreads the workers)
            Circuit.objects.filter(route=self.route).update(opened=F("opened") + 1, retry_at=self.retry_at)
        else:
            self.retry_at = circuit.retry_at
        self.probing = False


def breakers(routes: Iterable[str], *, at: datetime) -> dict[str, Breaker]:
    """The breakers of these routes, read in one query."""
    routes = list(routes)
    known = {circuit.route: circuit for circuit in Circuit.objects.filter(route__in=routes)}
    return {route: Breaker(route, known.get(route), at=at) for route in routes}
