"""The address in a mail by which its reader unsubscribes, without signing in; and who did."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.urls import reverse

from notifications.models import Unsubscription
from notifications.queries import TOPICS

SALT = "notifications.unsubscribe"


def address(user_id: int, topic: str) -> str:
    """A signed address that says who unsubscribes from what; it works for ever, as mails are kept."""
    token = signing.dumps([user_id, topic], salt=SALT)
    return settings.SITE_URL.rstrip("/") + reverse("notifications:unsubscribe", args=[token])


def read(token: str) -> tuple[int, str]:
    """(user, topic) out of an address. Raises BadSignature."""
    user_id, topic = signing.loads(token, salt=SALT)
    if topic not in TOPICS:
        raise signing.BadSignature(topic)
    return user_id, topic


def leave(*, user_id: int, topic: str, at: datetime) -> None:
    """No more messages of `topic` outside the site. May be repeated."""
    Unsubscription.objects.bulk_create(
        [Unsubscription(user_id=user_id, topic=topic, at=at)], ignore_conflicts=True
    )


def come_back(*, user_id: int, topic: str) -> None:
    Unsubscription.objects.filter(user_id=user_id, topic=topic).delete()


def left(user_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Who of these unsubscribed from what."""
    return set(Unsubscription.objects.filter(user_id__in=user_ids).values_list("user_id", "topic"))
