"""Work beside the page: the close of the year, when it has passed."""

from celery import shared_task
from django.utils import timezone

from finance import money_clocks


@shared_task
def carry_over() -> None:
    """What is still due goes on to the close of the new year."""
    money_clocks.carry_over(at=timezone.now())
