"""Work by the clock: certificates that end soon, batches that open."""

from celery import shared_task
from django.utils import timezone

from portal import actions


@shared_task
def warn_of_expiry() -> None:
    """Repeated by beat; each certificate is told of once."""
    actions.warn_of_expiry(at=timezone.now())


@shared_task
def tell_of_batches() -> None:
    """Repeated by beat; each batch is told of once."""
    actions.tell_of_batches(at=timezone.now())
