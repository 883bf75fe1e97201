"""The address in a mail by which its reader unsubscribes, without signing in; and who did.

Courtesies about progress are left by an `Unsubscription`, reminders of a kind of deadline by the person's
`Subscription` without a channel, the same that they see among their preferences.
"""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.urls import reverse

from notifications.models import ReminderPolicy, Subscription, Unsubscription
from notifications.queries import PROGRESS, topic_label

SALT = "notifications.unsubscribe"


def address(user_id: int, topic: str) -> str:
    """A signed address that says who unsubscribes from what; it works for ever, as mails are kept."""
    token = signing.dumps([user_id, topic], salt=SALT)
    return settings.SITE_URL.rstrip("/") + reverse("notifications:unsubscribe", args=[token])


def read(token: str) -> tuple[int, str]:
    """(user, topic) out of an address. Raises BadSignature."""
    user_id, topic = signing.loads(token, salt=SALT)
    try:
        topic_label(topic)
    except ValueError as error:
        raise signing.BadSignature(topic) from error
    return user_id, topic


def legal_kinds() -> frozenset[str]:
    """Kinds of deadlines that some rule makes a legal notice: nobody is offered to leave them."""
    return frozenset(ReminderPolicy.objects.filter(is_legal=True).values_list("kind", flat=True))


def leave(*, user_id: int, topic: str, at: datetime) -> None:
    """No more messages of `topic` outside the site. May be repeated."""
    if topic == PROGRESS:
        Unsubscription.objects.bulk_create(
            [Unsubscription(user_id=user_id, topic=topic, at=at)], ignore_conflicts=True
        )
    else:
        Subscription.objects.update_or_create(user_id=user_id, kind=topic, defaults={"channels": []})


def come_back(*, user_id: int, topic: str) -> None:
    """By the channels of the rule again."""
    if topic == PROGRESS:
        Unsubscription.objects.filter(user_id=user_id, topic=topic).delete()
    else:
        Subscription.objects.filter(user_id=user_id, kind=topic).delete()


def has_left(*, user_id: int, topic: str) -> bool:
    if topic == PROGRESS:
        return bool(left_progress([user_id]))
    return Subscription.objects.filter(user_id=user_id, kind=topic, channels=[]).exists()


def left_progress(user_ids: Iterable[int]) -> set[int]:
    """Who of these wants no courtesies about progress."""
    found = Unsubscription.objects.filter(user_id__in=user_ids, topic=PROGRESS)
    return set(found.values_list("user_id", flat=True))
