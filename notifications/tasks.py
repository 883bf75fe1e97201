"""Run by the clock (`config/celery.py`); each takes the time and delegates."""

from datetime import timedelta

from celery import shared_task
from django.urls import reverse
from django.utils import timezone

from notifications import actions, operating, outbox, receipts
from notifications import sweep as sweeping

RUN = timedelta(seconds=25)
"""The clock asks again every 30 seconds; one run must not occupy a worker for hours."""


@shared_task(expires=300)
def sweep() -> int:
    """Remind of everything that is due now, then have it delivered."""
    told = sweeping.sweep(at=timezone.now())
    operating.beat(name=operating.SWEEP, at=timezone.now())
    actions.lapse_rights(at=timezone.now())
    if told:
        outbox.poke()
    return told


@shared_task(expires=300)
def deem_served() -> int:
    """What nobody acknowledged in time counts as served."""
    return receipts.deem_served(at=timezone.now())


@shared_task(expires=3600)
def digest() -> int:
    """The one mail a day of those who want no more; what the system administrators are asked for."""
    operating.ask_for_calendar(at=timezone.now())
    written = sweeping.digest(at=timezone.now(), url=reverse("portal:todo"))
    if written:
        outbox.poke()
    return written


@shared_task(expires=300)
def deliver_outbox() -> int:
    """Deliver chunk by chunk until nothing waits or the run has taken its time.

    A first chunk that was full calls one more worker: all that are free join in, and each calls only once.
    """
    until = timezone.now() + RUN
    delivered = 0
    while timezone.now() < until:
        claimed = outbox.deliver(clock=timezone.now)
        if claimed == outbox.CHUNK and not delivered:
            outbox.poke()
        delivered += claimed
        if claimed < outbox.CHUNK:
            break
    operating.beat(name="deliver", at=timezone.now())
    return delivered
