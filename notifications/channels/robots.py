"""Robots of WeCom, DingTalk and Feishu: a line in a group, with the link to act on it.

All three answer 200 with a code in the body. The codes that mean "too fast" or "busy" are about this
moment, those that mean a wrong key or a closed robot are about the robot; the rest is about the message.
"""

import time
from typing import ClassVar

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from notifications import channels
from notifications.channels import signing
from notifications.channels.http import Answer, Post, check_status, dump
from notifications.gateways import Gateway
from notifications.models import Delivery
from notifications.queries import absolute, rendered
from notifications.wording import Said

LONGEST = 2000
"""Bytes of UTF-8; WeCom takes 2048, the others more."""


class Robot:
    """What the three have in common. `code_name` is the field of the answer that is 0 when all is well."""

    code_name = "errcode"
    message_name = "errmsg"
    busy: ClassVar[frozenset[int]] = frozenset()
    refused: ClassVar[frozenset[int]] = frozenset()

    def __init__(self, gateway: Gateway):
        self.gateway = gateway
        self.post = Post(gateway.address)

    def __enter__(self):
        self.post.__enter__()
        return self

    def __exit__(self, *exc_info):
        self.post.__exit__(*exc_info)

    def send(self, delivery: Delivery) -> None:
        """Post what concerns the group; no name of a person is in it."""
        self._say(group_text(delivery))

    def test(self, to: str = "") -> None:
        self._say(_("这是一条测试消息：揭榜平台可以向本群发送提醒。"))

    def _say(self, text: str) -> None:
        self._judge(self._post(shortened(text)))

    def _post(self, text: str) -> Answer:
        return self.post.send(dump({"msgtype": "text", "text": {"content": text}}))

    def _judge(self, answer: Answer) -> None:
        # Feishu answers 400 with a code of its own to what it does not understand.
        if answer.status not in (200, 400):
            check_status(answer)
        found = answer.json()
        code = found.get(self.code_name)
        if code == 0:
            return
        text = f"{self.code_name} {code} {found.get(self.message_name, '')}"[:300]
        if code in self.refused:
            raise channels.Unreachable(text)
        if code in self.busy or code is None:
            raise channels.Busy(text)
        raise channels.Permanent(text)


class WeCom(Robot):
    busy = frozenset({-1, 45009, 45033})
    refused = frozenset({93000, 93008, 40014, 40001})


class DingTalk(Robot):
    busy = frozenset({-1, 130101, 130103, 410100})
    refused = frozenset({300001, 310000, 400013, 400101, 400102, 400106})

    def _post(self, text: str) -> Answer:
        query = signing.dingtalk(self.gateway.secret, int(time.time() * 1000)) if self.gateway.secret else ""
        return self.post.send(dump({"msgtype": "text", "text": {"content": text}}), query=query)


class Feishu(Robot):
    code_name, message_name = "code", "msg"
    busy = frozenset({11232, 99991400})
    refused = frozenset({19001, 19021, 19022, 19024})

    def _post(self, text: str) -> Answer:
        signed = signing.feishu(self.gateway.secret, int(time.time())) if self.gateway.secret else {}
        return self.post.send(dump({**signed, "msg_type": "text", "content": {"text": text}}))


def group_text(delivery: Delivery) -> str:
    """Subject, reason and link, in the language of the site: a group has no language of its own."""
    language = settings.LANGUAGE_CODE
    lines = [rendered(delivery.message, language)[0]]
    with override(language):
        if delivery.posts:
            lines[0] = _("（重发，可能已收到）") + lines[0]
        if reason := delivery.message.context.get("explanation"):
            lines.append(_("期限依据") + "：" + str(Said.of(reason)))
        if delivery.message.url:
            lines.append(_("办理") + "：" + absolute(delivery.message.url))
    return "\n".join(lines)


def shortened(text: str) -> str:
    """At most LONGEST bytes, cut between characters."""
    raw = text.encode()
    return text if len(raw) <= LONGEST else raw[: LONGEST - 3].decode(errors="ignore") + "…"
