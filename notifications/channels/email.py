"""E-mail by Django's SMTP backend, one connection for a chunk of messages."""

import smtplib
from collections.abc import Collection
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from notifications import channels, unsubscribing
from notifications.models import Delivery
from notifications.queries import absolute, idempotency_key, rendered, topic

PERMANENT = 500
"""SMTP answers from here on say "never"."""
CLOSING = 421
"""The server ends the connection: nothing more can be sent over it."""


class Email:
    """Connected between `with` and its end. Raises channels.Unreachable when the server does not answer."""

    def __init__(self, gateway: None = None):
        self.connection = None
        self.legal_kinds: frozenset[str] = frozenset()

    def __enter__(self):
        self.connection = get_connection()
        self.legal_kinds = unsubscribing.legal_kinds()
        try:
            self.connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise channels.Unreachable(str(error)) from error
        return self

    def __exit__(self, *exc_info):
        self.connection.close()

    def send(self, delivery: Delivery) -> None:
        """Send one. Raises Unreachable, Temporary or Permanent."""
        mail = compose(delivery, legal_kinds=self.legal_kinds)
        try:
            self.connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _fault(code, answer) from error
        except smtplib.SMTPResponseException as error:
            raise _fault(error.smtp_code, error.smtp_error) from error
        except OSError as error:  # smtplib's own faults are among them
            raise channels.Unreachable(str(error)) from error
        except ValueError as error:
            raise channels.Permanent(str(error)) from error


def _fault(code: int, answer) -> channels.ChannelError:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    if code == CLOSING:
        return channels.Unreachable(f"{code} {text}")
    kind = channels.Permanent if code >= PERMANENT else channels.Temporary
    return kind(f"{code} {text}")


def compose(delivery: Delivery, *, legal_kinds: Collection[str]) -> EmailMultiAlternatives:
    """Text and HTML; a way to unsubscribe where the kind of message allows it (RFC 2369, RFC 8058)."""
    message = delivery.message
    subject, body = rendered(message)
    headers = {"Message-ID": message_id(delivery), "Auto-Submitted": "auto-generated"}
    leave = ""
    if wanted := topic(message, legal_kinds):
        leave = unsubscribing.address(message.recipient_id, wanted)
        headers["List-Unsubscribe"] = f"<{leave}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    with override(message.recipient.language):
        text = body + (f"\n{_('不想再收到这类邮件')}：{leave}\n" if leave else "")
        mail = EmailMultiAlternatives(
            subject=subject, body=text, to=[message.recipient.email], headers=headers
        )
        context = {"subject": subject, "body": body, "leave": leave}
        context["link"] = absolute(message.url) if message.url else ""
        mail.attach_alternative(render_to_string("notifications/mail.html", context), "text/html")
    return mail


def message_id(delivery: Delivery) -> str:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<{idempotency_key(delivery)}@{host}>"
