"""What a message says, and how far overdue deadlines are."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, CharField, QuerySet, Value, When
from django.template import Context
from django.template.loader import get_template
from django.utils import timezone, translation

from notifications.models import Message


def absolute(url: str) -> str:
    """The full address of a page of ours, for use outside the site."""
    return settings.SITE_URL.rstrip("/") + url if url.startswith("/") else url


def rendered(message: Message, language: str = "") -> tuple[str, str]:
    """(subject, body) in the recipient's language, or in `language`; times in Beijing's.

    Plain text: nothing is escaped, whoever shows it in a page must let the page escape it.
    """
    app, name = message.template.split("/", 1)
    template = get_template(f"{app}/email/{name}.txt").template
    context = {**message.context, "link": absolute(message.url), "recipient_name": message.recipient.name}
    with (
        translation.override(language or message.recipient.language),
        timezone.override(timezone.get_default_timezone()),
    ):
        text = template.render(Context(context, autoescape=False))
    subject, _, body = text.strip().partition("\n")
    return " ".join(subject.split()), body.strip() + "\n"


LADDER = (1, 7, 15, 30)
"""Days overdue at which a rung of the ladder begins."""


def with_rung(deadlines: QuerySet, *, at: datetime) -> QuerySet:
    """Annotate `rung`: "" for not overdue, else the longest number of days of LADDER reached, or "0"."""
    cases = [When(due_at__lt=at - timedelta(days=days), then=Value(str(days))) for days in reversed(LADDER)]
    cases.append(When(due_at__lt=at, then=Value("0")))
    return deadlines.annotate(rung=Case(*cases, default=Value(""), output_field=CharField()))
