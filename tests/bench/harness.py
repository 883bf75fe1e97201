"""Measure a subject and its floor in turn."""

import json
import math
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

ROUNDS = 60
WARM_UP = 5


@dataclass(frozen=True)
class Figure:
    """One line of output: the median of the subject, of the floor, and how many times the floor that is.

    Of twenty runs of the subject nineteen took at most `p95`; one process did `per_second` of them, or of
    the things that each does.
    """

    name: str
    value: float
    unit: str
    floor: float
    ratio: float
    rows: int
    p95: float
    per_second: float

    def line(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Bench:
    """What is measured: `subject` does the work as a user gets it, `floor` the same in bare SQL."""

    name: str
    subject: Callable[[], None]
    floor: Callable[[], None]
    rounds: int = ROUNDS
    """Fewer where one round takes a second."""
    items: int = 1
    """How many things one round does; `per_second` counts things."""
    rows: int | None = None
    """Among how many rows, where that is not the number of applications."""


def milliseconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def measure(bench: Bench, *, rows: int, rounds: int | None = None, warm_up: int = WARM_UP) -> Figure:
    """Run both in turn, as often as asked or as the bench says, after some rounds that do not count.

    Raises what the work raises.
    """
    rounds = rounds or bench.rounds
    for _ in range(min(warm_up, rounds)):
        bench.floor()
        bench.subject()
    floors, subjects = [], []
    for _ in range(rounds):
        floors.append(milliseconds(bench.floor))
        subjects.append(milliseconds(bench.subject))
    floor, value = statistics.median(floors), statistics.median(subjects)
    p95 = sorted(subjects)[math.ceil(len(subjects) * 0.95) - 1]
    return Figure(
        bench.name,
        round(value, 3),
        "ms",
        round(floor, 3),
        round(value / floor, 1),
        bench.rows or rows,
        round(p95, 3),
        round(1000 * bench.items / value, 1),
    )
