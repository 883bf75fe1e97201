"""SMS through an HTTP gateway: an approved template and signature, one part of 70 characters, no link.

The gateway takes the JSON below, signed like our webhooks, and answers
`{"code": 0}` or `{"code": n, "message": "…", "retry": true|false}`. Providers with forms of their own are
reached through the bureau's SMS platform or a small bridge that speaks this form.
"""

import time

from django.utils.translation import gettext as _
from django.utils.translation import override

from notifications import channels
from notifications.channels import signing
from notifications.channels.http import Post, check_status, dump
from notifications.gateways import Gateway
from notifications.models import Delivery
from notifications.queries import idempotency_key, rendered

PART = 70
"""Characters of one part, the signature counted; a longer text is charged twice and may arrive in two."""


class Sms:
    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.post = Post(gateway.address)

    def __enter__(self):
        self.post.__enter__()
        return self

    def __exit__(self, *exc_info):
        self.post.__exit__(*exc_info)

    def send(self, delivery: Delivery) -> None:
        """Send one to the recipient's verified phone. Raises Unreachable, Temporary or Permanent."""
        subject, _body = rendered(delivery.message)
        recipient = delivery.message.recipient
        with override(recipient.language):
            self.say(subject, to=recipient.phone, key=idempotency_key(delivery))

    def test(self, to: str) -> None:
        self.say(_("这是一条测试短信"), to=to, key=f"test.{self.gateway.pk}.{time.time_ns()}")

    def say(self, text: str, *, to: str, key: str, tail: str | None = None) -> None:
        content = compose(self.gateway.signature, text, tail=tail)
        payload = dump(
            {
                "account": self.gateway.account,
                "template_id": self.gateway.template_id,
                "signature": self.gateway.signature,
                "phone": to,
                "content": content,
                "params": {"content": content.removeprefix(f"【{self.gateway.signature}】")},
                "request_id": key,
            }
        )
        answer = signing.post_signed(
            self.post, secret=self.gateway.secret, seconds=int(time.time()), payload=payload, key=key
        )
        check_status(answer)
        found = answer.json()
        if found.get("code") == 0:
            return
        kind = channels.Temporary if found.get("retry") else channels.Permanent
        raise kind(f"code {found.get('code')} {found.get('message', '')}"[:300])


def compose(signature: str, text: str, *, tail: str | None = None) -> str:
    """【signature】 and the text in one part; what is too long loses its end, never its beginning."""
    head = f"【{signature}】"
    tail = _("请登录平台办理。") if tail is None else tail
    room = PART - len(head) - len(tail) - 1
    words = " ".join(text.split())
    words = words if len(words) <= room else words[: room - 1] + "…"
    return f"{head}{words}。{tail}" if len(head) + len(words) + 1 + len(tail) <= PART else head + words
