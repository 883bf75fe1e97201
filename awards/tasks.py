"""What awards do by the clock (the schedule stands in `config/celery.py`)."""

import logging

from celery import shared_task
from django.utils import timezone

from awards import actions, queries
from core import calendar
from core.workflow import Refused

log = logging.getLogger(__name__)


@shared_task
def close_publicities() -> int:
    """Close every notice whose last day has passed, each in a transaction of its own; rerun freely."""
    at = timezone.now()
    closed = 0
    for publicity in queries.overdue_publicities(calendar.local_date(at)):
        try:
            actions.close_publicity(publicity=publicity, by=None, at=at)
        except Refused as refused:
            log.info("publicity %s stays open: %s", publicity.pk, refused.message)
        else:
            closed += 1
    return closed
