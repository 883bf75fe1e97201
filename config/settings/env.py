"""Typed environment readers that fail loudly: a missing or malformed value stops the start."""

import os
from importlib import import_module
from urllib.parse import urlsplit, urlunsplit

import environ

env = environ.Env()


def secret(name: str) -> str:
    """Return a secret of at least 32 characters. Raises ImproperlyConfigured."""
    value = env.str(name)
    if len(value) < 32:
        raise environ.ImproperlyConfigured(f"{name} must have at least 32 characters")
    return value


def address(name: str, *schemes: str) -> str:
    """Return a URL that has a host and one of `schemes`. Raises ImproperlyConfigured."""
    value = env.str(name)
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname:
        raise environ.ImproperlyConfigured(f"{name} must be an address that begins with {schemes[0]}://")
    return value


def fill_servers(*, ephemeral: bool) -> None:
    """Put the addresses of embedded servers into the environment where it names none.

    `ephemeral` starts servers that end with this process; otherwise those of a running `make demo` are used.
    The embedded servers are a development dependency: with both addresses set they are not imported.
    """
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    embedded = import_module("config.embedded")
    urls = embedded.start(ephemeral=True).urls if ephemeral else embedded.running_urls()
    for name in ("DATABASE_URL", "REDIS_URL"):
        if not os.environ.get(name):
            os.environ.pop(name, None)  # set but empty means unset
            os.environ.update({name: urls[name]} if name in urls else {})


def redis_database(number: int) -> None:
    """Point REDIS_URL at one database of the server, so that parallel test runs do not share keys."""
    os.environ["REDIS_URL"] = urlunsplit(urlsplit(env.str("REDIS_URL"))._replace(path=f"/{number}"))
