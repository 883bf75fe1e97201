"""Filters for the text of messages, whose context holds plain JSON values only."""

from datetime import datetime

from django import template

from notifications.models import DeadlineKind

register = template.Library()


@register.filter
def moment(text: str) -> datetime:
    """An ISO time out of a message's context as a datetime, to be written by `date`."""
    return datetime.fromisoformat(text)


@register.filter
def deadline_kind(value: str) -> str:
    """The name of a kind of deadline in the reader's language."""
    return DeadlineKind(value).label
