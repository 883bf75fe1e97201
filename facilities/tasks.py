"""What facilities do by the clock (the schedule stands in `config/celery.py`)."""

from celery import shared_task
from django.utils import timezone

from facilities import actions


@shared_task
def conclude_due() -> int:
    """Grades whose publicity is over take effect."""
    return actions.conclude_due(at=timezone.now())


@shared_task
def expire_due() -> int:
    """Filings whose term is over end."""
    return actions.expire_due(at=timezone.now())


@shared_task
def open_due() -> int:
    """A year whose reporting window is near begins, whether or not anybody thought of it."""
    return actions.open_due(at=timezone.now())
