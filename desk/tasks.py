"""Rehearsals take their time: a worker runs them."""

from celery import shared_task
from django.utils import timezone

from desk import rehearsal
from desk.models import Rehearsal
from notifications import clocks


@shared_task
def rehearse(pk: int) -> None:
    """Run once; a second delivery of the message finds it claimed."""
    if row := rehearsal.claim(pk, at=timezone.now()):
        rehearsal.run(row, now=timezone.now)


@shared_task
def rehearse_pending() -> None:
    """Runs for which no message went out (no broker at that moment); those that were lost are told."""
    rehearsal.give_up(at=timezone.now())
    waiting = Rehearsal.objects.filter(claimed_at=None).values_list("pk", flat=True)
    clocks.each("rehearse_pending", waiting, rehearse, at=timezone.now(), atomic=False)
