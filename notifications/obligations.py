"""What must have an open deadline, said once per kind, and whether the table of deadlines agrees.

Actions open and close deadlines in the transaction that causes them. This is the second opinion: every app
registers which of its objects owe what, `check` compares and `mend` repairs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet

from core import calendar, workflow
from core.models import Event
from notifications.models import Deadline
from notifications.states import DeadlineState


@dataclass(frozen=True)
class Obligation:
    """One kind of deadline about one model.

    `owing` gives the objects that must have an open deadline; `open` opens it for one, `at` the moment of
    mending; `due` says when it is due where the object itself has the date (None: somebody else set it).
    `dates` names the fields of models that this covers. `is_printed`: a published document names the date,
    which no new table of working days changes.
    """

    kind: str
    model: type[models.Model]
    owing: Callable[[datetime], QuerySet]
    open: Callable[[Any, datetime], None]
    due: Callable[[Any], datetime | None] = lambda subject: None
    dates: tuple[str, ...] = ()
    is_printed: bool = False


REGISTRY: dict[str, Obligation] = {}


def register(*obligations: Obligation) -> None:
    """Called by each app when it is ready."""
    for obligation in obligations:
        REGISTRY[obligation.kind] = obligation


@dataclass(frozen=True)
class Drift:
    """One object whose deadline is `missing`, `surplus` or `moved`."""

    what: str
    obligation: Obligation
    object_id: int
    subject: models.Model | None = None
    due_at: datetime | None = None

    def __str__(self) -> str:
        label = self.obligation.model._meta.label
        return f"{self.what} {self.obligation.kind} {label}:{self.object_id}"


def entered_at(subject: models.Model, state: str, default: datetime) -> datetime:
    """When an object came into a state, by its history."""
    moves = Event.objects.about(subject).filter(to_state=state).order_by("-at", "-id")
    return moves.values_list("at", flat=True).first() or default


def _open(obligation: Obligation) -> QuerySet[Deadline]:
    about = ContentType.objects.get_for_model(obligation.model)
    return Deadline.objects.open().filter(kind=obligation.kind, content_type=about)


def _alive() -> set[type[models.Model]]:
    """The models of which anything exists at all; one query."""
    kinds = list(dict.fromkeys(obligation.model for obligation in REGISTRY.values()))
    found = ContentType.objects.values_list(*[Exists(kind._default_manager.all()) for kind in kinds]).first()
    return {kind for kind, exists in zip(kinds, found or [True] * len(kinds), strict=True) if exists}


def check(*, at: datetime) -> Iterator[Drift]:
    """Every disagreement, kind by kind: at most two queries each, three where objects have the date.

    Where nothing of a kind exists and no deadline of it runs, nothing is asked.
    """
    alive = _alive()
    running = set(Deadline.objects.open().order_by().values_list("kind", flat=True).distinct())
    for obligation in REGISTRY.values():
        owing = obligation.owing(at)
        clock = _open(obligation).filter(object_id=OuterRef("pk"))
        if obligation.model in alive:
            for subject in owing.filter(~Exists(clock)).order_by("pk").iterator(500):
                yield Drift("missing", obligation, subject.pk, subject)
        if obligation.kind not in running:
            continue
        surplus = _open(obligation).exclude(object_id__in=owing.order_by().values("pk"))
        for key in surplus.order_by("pk").values_list("object_id", flat=True).iterator(500):
            yield Drift("surplus", obligation, key)
        if obligation.dates:
            yield from _moved(obligation, owing, clock)


def _moved(obligation: Obligation, owing: QuerySet, clock: QuerySet) -> Iterator[Drift]:
    running = clock.filter(suspended_at=None)
    rows = owing.filter(Exists(running)).annotate(
        clock_due=running.values("due_at")[:1], clock_ends=running.values("period_ends_date")[:1]
    )
    for subject in rows.iterator(500):
        due_at = obligation.due(subject)
        if due_at is None or due_at == subject.clock_due:
            continue
        # A period that ended on a rest day: the object has its last day, the deadline the working day.
        if subject.clock_ends is None or subject.clock_ends != calendar.local_date(due_at):
            yield Drift("moved", obligation, subject.pk, subject, due_at)


def mend(*, at: datetime) -> list[Drift]:
    """Repair every disagreement, each in a transaction of its own. Returns what was repaired."""
    mended = []
    for drift in list(check(at=at)):
        with transaction.atomic():
            _mend(drift, at=at)
        mended.append(drift)
    return mended


def _mend(drift: Drift, *, at: datetime) -> None:
    if drift.what == "missing":
        drift.obligation.open(drift.subject, at)
        return
    deadline = _open(drift.obligation).filter(object_id=drift.object_id).select_for_update().first()
    if deadline is None:
        return
    if drift.what == "surplus":
        workflow.move(deadline, DeadlineState.CANCELLED, by=None, at=at, closed_at=at, suspended_at=None)
    else:
        Deadline.objects.filter(pk=deadline.pk).update(due_at=drift.due_at, period_ends_date=None)
        workflow.record(deadline, "mended", by=None, at=at)
