"""How late the reports of running projects are: what a rule about overdue reports reads.

Whoever keeps the reports (an app further down) says so through `source`; without one none is late.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from django.utils import timezone


@dataclass
class Late:
    """Days by which the latest report is overdue, by unit (its id) and by leader (ID number)."""

    of_units: dict[int, int] = field(default_factory=dict)
    of_people: dict[str, int] = field(default_factory=dict)


Source = Callable[..., Late]
_sources: list[Source] = []


def source(function: Source) -> None:
    """Called by the app that keeps the reports, when it is ready."""
    if function not in _sources:
        _sources.append(function)


def late(units: Collection[int], numbers: Collection[str]) -> Late:
    """As of now: a report that came in meanwhile no longer stands in the way."""
    found = Late()
    for function in _sources:
        more = function(units=set(units), numbers=set(numbers) - {""}, at=timezone.now())
        for mine, theirs in ((found.of_units, more.of_units), (found.of_people, more.of_people)):
            for key, days in theirs.items():
                mine[key] = max(days, mine.get(key, 0))
    return found
