"""What reviews do by the clock (the schedule stands in `config/celery.py`)."""

import logging

from celery import shared_task
from django.utils import timezone

from core.workflow import Refused
from grants.models import Topic
from grants.states import TopicState
from reviews import actions, library

log = logging.getLogger(__name__)


@shared_task
def close_bids() -> int:
    """Close every topic whose bidding is over, each in a transaction of its own; rerun freely."""
    at = timezone.now()
    over = Topic.objects.filter(state=TopicState.LISTED, bids_close_at__lt=at).select_related(
        "call__programme"
    )
    closed = 0
    for topic in over.order_by("bids_close_at", "id"):
        try:
            actions.close_bids(topic=topic, by=None, at=at)
        except Refused as refused:
            log.info("topic %s stays open: %s", topic.pk, refused.message)
        else:
            closed += 1
    return closed


@shared_task(expires=600)
def follow_library() -> int:
    """Ask the experts for this year's update once its time has come."""
    return library.follow(by=None, at=timezone.now())
