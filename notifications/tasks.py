"""Run by the clock (`config/celery.py`); each takes the time and delegates."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from notifications import outbox
from notifications import sweep as sweeping

RUN = timedelta(seconds=25)
"""The clock asks again every 30 seconds; one run must not occupy a worker for hours."""


@shared_task(expires=300)
def sweep() -> int:
    """Remind of everything that is due now, then have it delivered."""
    told = sweeping.sweep(at=timezone.now())
    if told:
        outbox.poke()
    return told


@shared_task(expires=300)
def deliver_outbox() -> int:
    """Deliver chunk by chunk until nothing waits or the run has taken its time."""
    until = timezone.now() + RUN
    delivered = 0
    while timezone.now() < until:
        claimed = outbox.deliver(clock=timezone.now)
        delivered += claimed
        if claimed < outbox.CHUNK:
            break
    return delivered
