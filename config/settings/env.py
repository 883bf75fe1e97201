"""Typed environment readers that fail loudly: a missing or malformed value stops the start."""

import environ

env = environ.Env()


def secret(name: str) -> str:
    """Return a secret of at least 32 characters. Raises ImproperlyConfigured."""
    value = env.str(name)
    if len(value) < 32:
        raise environ.ImproperlyConfigured(f"{name} must have at least 32 characters")
    return value
