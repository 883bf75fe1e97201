"""What the portal hears of. Connected in `PortalConfig.ready`."""

from django.dispatch import receiver

from grants import signals
from portal import actions


@receiver(signals.published, dispatch_uid="portal.call_published")
def call_published(sender, call, by, at, **kwargs):
    """Whoever subscribed hears of a new notice; an amended one is told to those who applied, by others."""
    if call.version == 1 and not call.is_invitation_only:
        actions.tell_subscribers(call=call, at=at)
