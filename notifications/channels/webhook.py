"""Outgoing webhooks: one signed JSON event for each message to a person."""

import time

from notifications.channels import signing
from notifications.channels.http import Post, check_status, dump
from notifications.gateways import Gateway
from notifications.models import Delivery
from notifications.queries import absolute, idempotency_key, rendered


class Webhook:
    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.post = Post(gateway.address)

    def __enter__(self):
        self.post.__enter__()
        return self

    def __exit__(self, *exc_info):
        self.post.__exit__(*exc_info)

    def send(self, delivery: Delivery) -> None:
        """Send one event. Raises Unreachable, Temporary or Permanent."""
        self._send(event(delivery), idempotency_key(delivery))

    def test(self, to: str = "") -> None:
        key = f"test.{self.gateway.pk}.{time.time_ns()}"
        self._send({"id": key, "type": "test"}, key)

    def _send(self, content: dict, key: str) -> None:
        answer = signing.post_signed(
            self.post, secret=self.gateway.secret, seconds=int(time.time()), payload=dump(content), key=key
        )
        check_status(answer)


def event(delivery: Delivery) -> dict:
    """What the receiver learns: whom it concerns by account, no address and no phone number."""
    message = delivery.message
    subject, body = rendered(message)
    reminder = getattr(message, "reminder", None)
    return {
        "id": idempotency_key(delivery),
        "type": message.template,
        "created_at": message.created_at.isoformat(),
        "recipient": message.recipient.username,
        "subject": subject,
        "body": body,
        "link": absolute(message.url) if message.url else "",
        "deadline": reminder
        and {
            "id": reminder.deadline_id,
            "due_at": reminder.due_at.isoformat(),
            "lead": reminder.lead,
        },
    }
