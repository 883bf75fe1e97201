"""The same invoice, contract, paper or patent twice: what was used where. It is shown, never decided."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef

from applications import questions
from applications.models import Application, NumberKind, UsedNumber
from applications.models.numbers import LONGEST, plain_number
from applications.states import ApplicationState
from grants.models import Question

ONCE = "once"
"""The setting of a line, a list or a column: the kind of number that it holds."""
MOST_SHOWN = 200
GIVEN_UP = (ApplicationState.WITHDRAWN, ApplicationState.REJECTED)
"""What was used there may be used again; officers see it all the same."""


@dataclass(frozen=True)
class Found:
    """One number in the answers to a form."""

    kind: str
    printed: str
    question: str
    column: str = ""
    row: int = 0

    @property
    def value(self) -> str:
        return plain_number(self.kind, self.printed)


@dataclass(frozen=True)
class Repeat:
    """A number of one form and another place in which it stands."""

    mine: UsedNumber
    other: UsedNumber
    is_own: bool
    """The other place is in the same application."""
    is_readable: bool
    """Whoever looks may read the other application."""


def numbers_in(asked: Iterable[Question], stored: Mapping[str, object]) -> Iterator[Found]:
    """The numbers that count only once, as answers (code → stored JSON) say them."""
    for question in asked:
        value = stored.get(question.code)
        columns = {c.code: once for c in questions.columns_of(question) if (once := _once(c.question))}
        if columns and isinstance(value, list):
            for number, row in enumerate(value, start=1):
                for column, kind in columns.items():
                    yield from _said(kind, row.get(column), question.code, column, number)
        elif kind := _once(question):
            items = enumerate(value, start=1) if isinstance(value, list) else [(0, value)]
            for number, item in items:
                yield from _said(kind, item, question.code, "", number)


def _once(question) -> str:
    kind = question.config.get(ONCE)
    return kind if kind in NumberKind.values else ""


def _said(kind, text, *where) -> Iterator[Found]:
    if isinstance(text, str) and plain_number(kind, text):
        yield Found(kind, text.strip()[:LONGEST], *where)


def asks_for_numbers(asked: Iterable[Question]) -> bool:
    return any(_once(q) or any(_once(c.question) for c in questions.columns_of(q)) for q in asked)


def _alike(application: Application, milestone: int | None):
    """What says the numbers of one form, that form included.

    What is claimed is compared with all other applications and within itself; a result also with what the
    application itself said, and with what was handed in for other milestones.
    """
    own = UsedNumber.objects.filter(application=application, milestone=milestone)
    rows = UsedNumber.objects.filter(Exists(own.filter(kind=OuterRef("kind"), value=OuterRef("value"))))
    return rows if milestone else rows.exclude(application=application, milestone__isnull=False)


def has_repeats(application: Application) -> bool:
    """Whether any number of the application stands in a second place; one query."""
    rows = _alike(application, None).order_by().values("kind", "value")
    return rows.annotate(places=Count("pk")).filter(places__gt=1).exists()


def repeats(application: Application, user, *, milestone: int | None = None) -> list[Repeat]:
    """Where else the numbers of an application, or of the results of a milestone, stand: two queries."""
    places = _alike(application, milestone).select_related(
        "application__call__programme__department", "application__organisation"
    )
    alike = defaultdict(list)
    for place in places.order_by("-application_id", "id")[: MOST_SHOWN * 2]:
        alike[place.kind, place.value].append(place)
    others = {p.application_id for rows in alike.values() for p in rows} - {application.pk}
    known = {application.pk}
    if others:
        readable = Application.objects.visible_to(user).filter(pk__in=others).order_by()
        known |= set(readable.values_list("pk", flat=True))
    found = [
        Repeat(mine, other, other.application_id == application.pk, other.application_id in known)
        for rows in alike.values()
        for mine in rows
        if mine.application_id == application.pk and mine.milestone == milestone
        for other in rows
        if other != mine
    ]
    return sorted(found, key=lambda one: (one.mine.pk, not one.is_own))[:MOST_SHOWN]


def repeats_by_row(application: Application, question: str, user) -> dict[int, list[Repeat]]:
    """Row of a table of the application → where else its numbers stand."""
    found = defaultdict(list)
    for repeat in repeats(application, user):
        if repeat.mine.question == question:
            found[repeat.mine.row].append(repeat)
    return found


def repeated(
    applications: Iterable[Application],
    answers: Mapping[int, Mapping[str, object]],
    asked: Mapping[int, Iterable[Question]],
) -> dict[int, list[str]]:
    """{application id: its numbers that stand in others, which have not been given up}: one query."""
    found = {a.pk: list(numbers_in(asked[a.call_id], answers.get(a.pk, {}))) for a in applications}
    values = {number.value for numbers in found.values() for number in numbers}
    used = defaultdict(set)
    if values:
        elsewhere = UsedNumber.objects.filter(value__in=values).exclude(application__state__in=GIVEN_UP)
        for kind, value, pk in elsewhere.values_list("kind", "value", "application_id"):
            used[kind, value].add(pk)
    return {
        pk: [number.printed for number in numbers if used[number.kind, number.value] - {pk}]
        for pk, numbers in found.items()
    }
