"""What awards do by the clock (the schedule stands in `config/celery.py`)."""

from celery import shared_task
from django.utils import timezone

from awards import actions, queries
from core import calendar
from notifications import clocks


@shared_task
def close_publicities() -> int:
    """Close every notice whose last day has passed, each in a transaction of its own; rerun freely."""
    at = timezone.now()
    return clocks.each(
        "close_publicities",
        queries.overdue_publicities(calendar.local_date(at)),
        lambda publicity: actions.close_publicity(publicity=publicity, by=None, at=at),
        at=at,
    )
