"""E-mail by Django's SMTP backend, one connection for a chunk of messages."""

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from notifications import channels
from notifications.models import Delivery
from notifications.queries import rendered

PERMANENT = 500
"""SMTP answers from here on say "never"."""


class Email:
    """Connected between `with` and its end. Raises channels.Unreachable when the server does not answer."""

    def __enter__(self):
        self.connection = get_connection()
        try:
            self.connection.open()
        except OSError as error:
            raise channels.Unreachable(str(error)) from error
        return self

    def __exit__(self, *exc_info):
        self.connection.close()

    def send(self, delivery: Delivery) -> None:
        """Send one. Raises Unreachable, Temporary or Permanent."""
        mail = compose(delivery)
        try:
            self.connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _fault(code, answer) from error
        except smtplib.SMTPResponseException as error:
            raise _fault(error.smtp_code, error.smtp_error) from error
        except OSError as error:
            raise channels.Unreachable(str(error)) from error
        except ValueError as error:
            raise channels.Permanent(str(error)) from error


def _fault(code: int, answer) -> channels.ChannelError:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    kind = channels.Permanent if code >= PERMANENT else channels.Temporary
    return kind(f"{code} {text}")


def compose(delivery: Delivery) -> EmailMessage:
    subject, body = rendered(delivery.message)
    return EmailMessage(
        subject=subject,
        body=body,
        to=[delivery.message.recipient.email],
        headers={"Message-ID": message_id(delivery), "Auto-Submitted": "auto-generated"},
    )


def message_id(delivery: Delivery) -> str:
    """The same for every attempt, so that a mail sent twice around a crash is recognised as one."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<delivery.{delivery.pk}.{delivery.message.created_at:%Y%m%d%H%M%S}@{host}>"
