"""Ways to reach a person outside the site. The inbox is always there and is no channel.

A channel is a context manager class: entering it connects, `send(delivery)` sends one message.
"""

from importlib import import_module

from django.utils.translation import gettext_lazy as _

_CHANNELS = {"email": (_("邮件"), "notifications.channels.email.Email")}


class ChannelError(Exception):
    """Why a message did not go out."""


class Unreachable(ChannelError):
    """The service does not answer: nothing can be sent now; no message is to blame."""


class Temporary(ChannelError):
    """This message was not taken now; it may be later."""


class Permanent(ChannelError):
    """This message will never be taken as it is."""


def names() -> list[str]:
    return list(_CHANNELS)


def label(name: str) -> str:
    """What people call a channel; its own name when it is none of ours."""
    return str(_CHANNELS[name][0]) if name in _CHANNELS else name


def channel(name: str):
    """The class of a channel. Raises Permanent when there is no such channel."""
    try:
        module, _dot, attribute = _CHANNELS[name][1].rpartition(".")
    except KeyError as error:
        raise Permanent(f"no channel is called {name}") from error
    return getattr(import_module(module), attribute)
