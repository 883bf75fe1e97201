"""What a message says, and how far overdue deadlines are."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Case, CharField, QuerySet, Value, When
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.models import DeadlineKind, Delivery, Message
from notifications.wording import Said


def absolute(url: str) -> str:
    """The full address of a page of ours, for use outside the site."""
    return settings.SITE_URL.rstrip("/") + url if url.startswith("/") else url


def rendered(message: Message, language: str = "", *, on_page: bool = False) -> tuple[str, str]:
    """(subject, body) in the recipient's language, or in `language`; times in Beijing's.

    `on_page`: for the page on which a decision is acknowledged; elsewhere its text says where to do so.

    Plain text: nothing is escaped, whoever shows it in a page must let the page escape it.
    """
    app, name = message.template.split("/", 1)
    template = get_template(f"{app}/email/{name}.txt").template
    context = {**message.context, "link": absolute(message.url), "recipient_name": message.recipient.name}
    language = language or message.recipient.language
    with translation.override(language), timezone.override(timezone.get_default_timezone()):
        own = message.context.get("wording", {}).get(language)
        if own and own[1]:
            return worded(own[0], own[1], context)
        text = template.render(Context(_spoken(context), autoescape=False)).strip()
        if message.notice_id and not on_page:
            text += "\n\n" + _to_acknowledge(message)
    subject, _nl, body = text.partition("\n")
    return " ".join(subject.split()), body.strip() + "\n"


def _to_acknowledge(message: Message) -> str:
    """What a served decision says at its end: acknowledge here, or it is deemed served then."""
    notice = message.notice
    if notice.served_at == notice.deemed_at:
        return ""
    text = _("本通知须签收，请在此签收：%(link)s\n有关期限自签收之日起算；逾期未签收的，%(date)s 视为送达。")
    return text % {
        "link": absolute(reverse("portal:notice", args=[notice.pk])),
        "date": f"{timezone.localtime(notice.deemed_at):%Y-%m-%d}",
    }


def worded(subject: str, body: str, context: dict) -> tuple[str, str]:
    """A rule's own text with its placeholders filled in, in the active language."""
    due = datetime.fromisoformat(context["due_at"]).astimezone(timezone.get_default_timezone())
    words = {
        "name": context["recipient_name"],
        "kind": str(DeadlineKind(context["kind"]).label),
        "title": str(Said.of(context["title"])),
        "due": f"{due:%Y-%m-%d %H:%M}",
        "explanation": str(Said.of(context["explanation"])),
        "link": context["link"],
    }
    subject = (subject or "{title}").format_map(words)
    return " ".join(subject.split()), body.format_map(words).strip() + "\n"


def _spoken(value):
    """The context with every sentence that is kept as data said in the active language."""
    if isinstance(value, dict):
        if value.keys() == {"text", "words"}:
            return str(Said.of(value))
        return {name: _spoken(inner) for name, inner in value.items()}
    return [_spoken(inner) for inner in value] if isinstance(value, list) else value


def idempotency_key(delivery: Delivery) -> str:
    """The same for every attempt, so that what was sent twice around a crash is recognised as one."""
    return f"delivery.{delivery.pk}.{delivery.message.created_at:%Y%m%d%H%M%S}"


REMINDER_TEMPLATE = "notifications/reminder"
_PROGRESS = {
    "applications/submitted",
    "applications/passed",
    "exchange/argued",
    "exchange/listed",
    "reviews/bids_closed",
    "reviews/complete",
}
PROGRESS = "progress"


def topic(message: Message, legal_kinds: Collection[str]) -> str:
    """What its reader may unsubscribe from: PROGRESS or a kind of deadline; "" for nothing.

    A reminder may be left unless a rule makes its kind a legal notice; decisions and the like may not.
    """
    if message.notice_id:
        return ""
    if message.template in _PROGRESS:
        return PROGRESS
    kind = message.context.get("kind", "") if message.template == REMINDER_TEMPLATE else ""
    return kind if kind in DeadlineKind.values and kind not in legal_kinds else ""


def topic_label(topic: str) -> str:
    """What people call a topic. Raises ValueError for one that there is not."""
    if topic == PROGRESS:
        return str(_("办理进展"))
    return _("“%(kind)s”的提醒") % {"kind": DeadlineKind(topic).label}


LADDER = (1, 7, 15, 30)
"""Days overdue at which a rung of the ladder begins."""


def rung_label(days: int) -> str:
    return ngettext("逾期 %(days)s 天以上", "逾期 %(days)s 天以上", days) % {"days": days}


def with_rung(deadlines: QuerySet, *, at: datetime) -> QuerySet:
    """Annotate `rung`: "" for not overdue, else the longest number of days of LADDER reached, or "0"."""
    cases = [When(due_at__lt=at - timedelta(days=days), then=Value(str(days))) for days in reversed(LADDER)]
    cases.append(When(due_at__lt=at, then=Value("0")))
    return deadlines.annotate(rung=Case(*cases, default=Value(""), output_field=CharField()))
