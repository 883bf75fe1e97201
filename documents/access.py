"""Which files a person may read: each app that owns files registers one function, called `reader`.

A reader takes a user and returns a `Q` on `Document`. It must cost no query by itself.
"""

from collections.abc import Callable

from django.db.models import Q

_readers: list[Callable[[object], Q]] = []


def reader(function: Callable[[object], Q]) -> Callable[[object], Q]:
    """Register `function(user) -> Q`. Call it in the owning app's `AppConfig.ready`."""
    if function not in _readers:
        _readers.append(function)
    return function


def readers() -> tuple[Callable[[object], Q], ...]:
    return tuple(_readers)
