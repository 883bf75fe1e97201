"""Work of the clock on many rows, in which no row stops the others."""

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from core.workflow import Refused
from notifications.gateways import Pulse

log = logging.getLogger(__name__)


def each(
    name: str, rows: Iterable[Any], act: Callable[[Any], object], *, at: datetime, atomic: bool = True
) -> int:
    """Call `act` with each row, each in a transaction of its own unless it makes its own (not `atomic`).

    Returns how many were done.
    What is refused waits for its time, and `act` returns False for what it left alone; neither counts.
    A row that raises is logged and counted under the `name` of the clock (operations page, /metrics), and
    the rest go on. Lets a fault through only when PostgreSQL itself is away, or the task's time is over.
    """
    done = failed = 0
    error = ""
    for row in rows:
        try:
            with transaction.atomic() if atomic else nullcontext():
                done += act(row) is not False
        except SoftTimeLimitExceeded:
            # The worker is told to stop: the rest waits for the next run.
            log.warning("%s is stopped at %r after %s rows", name, row, done)
            _note(name, failed=failed + 1, error=f"{row!r}: stopped by the time limit", at=at)
            raise
        except Refused as refused:
            log.info("%s leaves %r alone: %s", name, row, refused.message)
        except Exception as fault:
            if not connection.is_usable():
                raise
            log.exception("%s fails at %r", name, row)
            failed += 1
            error = error or f"{row!r}: {type(fault).__name__}: {fault}"[:500]
    _note(name, failed=failed, error=error, at=at)
    return done


def _note(name: str, *, failed: int, error: str, at: datetime) -> None:
    Pulse.objects.bulk_create(
        [Pulse(name=name, at=at, failed=failed, error=error)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at", "failed", "error"],
    )
