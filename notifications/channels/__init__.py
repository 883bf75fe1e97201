"""Ways to reach a person outside the site. The inbox is always there and is no channel.

A channel is a class made with its `Gateway` (None for e-mail) and used as a context manager: entering it
connects, `send(delivery)` sends one message, `test(to)` sends a word to show that it works.
"""

from dataclasses import dataclass
from importlib import import_module

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Kind:
    """What a channel is called, where it stands, and how many a minute its provider takes by default."""

    label: object
    path: str
    per_minute: int | None = None


# The robots' limits are those their makers document: 20, 20 and 100 a minute.
_CHANNELS = {
    "email": Kind(_("邮件"), "notifications.channels.email.Email"),
    "sms": Kind(_("短信"), "notifications.channels.sms.Sms", 600),
    "wecom": Kind(_("企业微信机器人"), "notifications.channels.robots.WeCom", 20),
    "dingtalk": Kind(_("钉钉机器人"), "notifications.channels.robots.DingTalk", 20),
    "feishu": Kind(_("飞书机器人"), "notifications.channels.robots.Feishu", 100),
    "webhook": Kind(_("推送接口"), "notifications.channels.webhook.Webhook", 6000),
}


class ChannelError(Exception):
    """Why a message did not go out."""


class Uncertain(ChannelError):
    """The message went out and nothing that can be understood came back: whether it arrived, nobody knows."""


class Unreachable(ChannelError):
    """The service does not answer or does not believe us: nothing can be sent now; no message is to blame."""


class Unanswered(Unreachable, Uncertain):
    """Sent, and the connection ended without an answer."""


class Temporary(ChannelError):
    """This message was not taken now; it may be later."""


class Busy(Temporary):
    """Not taken now, and the service is the reason: after some of these in a row its circuit opens."""


class Muddled(Busy, Uncertain):
    """Sent, and somebody between us and the service answered."""


class Permanent(ChannelError):
    """This message will never be taken as it is."""


def names() -> list[str]:
    return list(_CHANNELS)


def label(name: str) -> str:
    """What people call a channel; its own name when it is none of ours."""
    return str(_CHANNELS[name].label) if name in _CHANNELS else name


def per_minute(name: str) -> int | None:
    """How many messages a minute a channel takes unless its gateway says otherwise; None for any number."""
    return _CHANNELS[name].per_minute if name in _CHANNELS else None


def channel(name: str):
    """The class of a channel. Raises Permanent when there is no such channel."""
    try:
        module, _dot, attribute = _CHANNELS[name].path.rpartition(".")
    except KeyError as error:
        raise Permanent(f"no channel is called {name}") from error
    return getattr(import_module(module), attribute)
