"""An SMTP server that can misbehave: slow, refusing one recipient, counting connections."""

import time
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller

from config.machine import LOOPBACK, free_port


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
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
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
