"""Rows about projects elsewhere beside those that are recorded: what is new, what differs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db.models import Q

from applications.models import ParticipantRole, PastProject
from applications.states import RecordStatus

COMPARED = ("title", "role", "status", "starts_date", "ends_date", "amount", "months_per_year")
NEW, CHANGED, SAME = "new", "changed", "same"


class Compared(NamedTuple):
    """One row: what would become of it, the record that it is about, what differs (field, before, after)."""

    what: str
    row: Mapping
    project: PastProject | None
    differences: list[tuple]

    @property
    def named(self) -> list[tuple]:
        """The differences with the words for the fields and their values."""
        shown = {"role": dict(ParticipantRole.choices), "status": dict(RecordStatus.choices)}
        return [
            (
                PastProject._meta.get_field(name).verbose_name,
                *(shown.get(name, {}).get(value, value) for value in values),
            )
            for name, *values in self.differences
        ]


def key_of(row: Mapping) -> tuple:
    """What tells a project apart: see `PastProject`."""
    title = "" if row["number"] else row["title"]
    return (row["plan"], row["number"], title, row["credit_code"], row["id_number"])


def compared(rows: Sequence[Mapping], *, lock: bool = False) -> list[Compared]:
    """Every row beside its record, in order; one query."""
    numbers = {row["id_number"] for row in rows} - {""}
    codes = {row["credit_code"] for row in rows} - {""}
    found = PastProject.objects.filter(Q(id_number__in=numbers) | Q(credit_code__in=codes)).order_by("pk")
    known = {key_of(vars(project)): project for project in (found.select_for_update() if lock else found)}
    return [_compared(row, known.get(key_of(row))) for row in rows]


def _compared(row: Mapping, project: PastProject | None) -> Compared:
    if project is None:
        return Compared(NEW, row, None, [])
    differences = [
        (name, getattr(project, name), row[name]) for name in COMPARED if getattr(project, name) != row[name]
    ]
    return Compared(CHANGED if differences else SAME, row, project, differences)
