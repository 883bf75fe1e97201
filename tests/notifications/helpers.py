"""A reminder rule; an SMTP server that can misbehave: slow, refusing one recipient, counting connections."""

import time
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller

from config.machine import LOOPBACK, free_port
from notifications.models import DeadlineKind, Reminder, ReminderPolicy, ReminderStep


def policy(*codes, kind=DeadlineKind.MILESTONE, told=None, channels=("email",), **fields) -> ReminderPolicy:
    """The general rule of a kind with these steps; `told` {code: who} beside those who owe."""
    found, _created = ReminderPolicy.objects.update_or_create(
        kind=kind, programme=fields.pop("programme", ""), series=fields.pop("series", None), defaults=fields
    )
    found.steps.all().delete()
    ReminderStep.objects.bulk_create(
        ReminderStep.reading(code, *(told or {}).get(code, ["owners"]), policy=found, channels=list(channels))
        for code in codes
    )
    return found


class Sink:
    """Keeps every mail. `answers` gives the reply for a recipient; `pause` seconds pass before each."""

    def __init__(self, pause: float = 0):
        self.mails, self.answers, self.pause, self.connections = [], {}, pause, 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.get(address)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        time.sleep(self.pause)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    @property
    def ids(self) -> list[str]:
        return [mail["Message-ID"] for mail in self.mails]


class SmtpServer:
    def __init__(self, pause: float = 0, port: int = 0):
        self.sink = Sink(pause)
        self.port = port or free_port()
        self.controller = Controller(self.sink, hostname=LOOPBACK, port=self.port)

    def __enter__(self) -> "SmtpServer":
        self.controller.start()
        return self

    def __exit__(self, *exc_info):
        self.controller.stop()

    @property
    def url(self) -> str:
        return f"smtp://{LOOPBACK}:{self.port}"


def told() -> list[tuple[int, str]]:
    """Who was reminded and at which lead, in order."""
    return list(Reminder.objects.order_by("id").values_list("recipient_id", "lead"))
