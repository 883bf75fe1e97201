"""/demo/mail/: what the demo's mail server received, newest first. Only with `settings.DEMO`."""

from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

SHOWN = 50


@dataclass(frozen=True)
class Mail:
    key: str
    subject: str
    to: str
    sender: str
    at: datetime | None
    text: str


def folder() -> Path:
    return Path(settings.VAR_DIR) / "mail"


def read(path: Path) -> Mail:
    message: EmailMessage = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(preferencelist=("plain", "html"))
    try:
        at = parsedate_to_datetime(message["Date"]) if message["Date"] else None
    except ValueError:
        at = None
    return Mail(
        key=path.stem,
        subject=message["Subject"] or "",
        to=message["To"] or "",
        sender=message["From"] or "",
        at=at,
        text=content(body) if body else "",
    )


def content(body: EmailMessage) -> str:
    """Return the text of a part, whatever its sender wrote about its encoding."""
    try:
        return body.get_content()
    except (LookupError, UnicodeError):
        return body.get_payload(decode=True).decode(errors="replace")


@require_safe
def mails(request):
    paths = sorted(folder().glob("*.eml"), reverse=True) if folder().is_dir() else []
    shown = [read(path) for path in paths[:SHOWN]]
    return render(request, "demo/mails.html", {"mails": shown, "total": len(paths)})


@require_safe
def mail(request, key: str):
    path = folder() / f"{key}.eml"
    if not path.is_file():
        raise Http404
    return render(request, "demo/mail.html", {"mail": read(path)})
