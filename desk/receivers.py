"""What the desk does when a call is published. Connected in `DeskConfig.ready`."""

from django.dispatch import receiver

from desk import amendments, checks
from grants import signals


@receiver(signals.publishing, dispatch_uid="desk.publishing")
def publishing(sender, call, by, at, **kwargs):
    """Whichever door the notice leaves by, the desk's errors stop it."""
    checks.check_publishable(call, at=at)
    if call.amends_id:
        amendments.check_publishing(call)


@receiver(signals.published, dispatch_uid="desk.published")
def published(sender, call, by, at, **kwargs):
    if call.amends_id:
        amendments.take_effect(call=call, by=by, at=at)
