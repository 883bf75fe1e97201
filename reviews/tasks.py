"""What reviews do by the clock (the schedule stands in `config/celery.py`)."""

from celery import shared_task
from django.utils import timezone

from grants.models import Topic
from grants.states import TopicState
from notifications import clocks
from reviews import actions, library


@shared_task
def close_bids() -> int:
    """Close every topic whose bidding is over, each in a transaction of its own; rerun freely."""
    at = timezone.now()
    over = Topic.objects.filter(state=TopicState.LISTED, bids_close_at__lt=at).select_related(
        "call__programme"
    )
    return clocks.each(
        "close_bids",
        over.order_by("bids_close_at", "id"),
        lambda topic: actions.close_bids(topic=topic, by=None, at=at),
        at=at,
    )


@shared_task(expires=600)
def follow_library() -> int:
    """Ask the experts for this year's update once its time has come."""
    return library.follow(by=None, at=timezone.now())
