"""What stands in the summary tables of a unit (单位申报汇总表), and which tables it has."""

from typing import NamedTuple

from django.db.models import QuerySet

from accounts.models import Organisation
from applications.models import Application, Participant, StampedTable, TableOf
from applications.queries.records import calls_among
from applications.queries.stamped_tables import Stamped, stamped_of
from applications.states import ApplicationState
from grants.models import Call, Intake

MOST_TABLES = 20
"""Calls with tables on the desk of a unit, the newest ones."""


def of_unit_in(call: Call, unit, batch: str = "") -> QuerySet[Application]:
    """What a unit has handed in to a call, in any of its versions, in the order of their numbers.

    With the code of a batch (批次): to that one.
    """
    rows = Application.objects.filter(
        call__series=call.series, organisation=unit, submitted_at__isnull=False
    ).exclude(state=ApplicationState.WITHDRAWN)
    if batch:
        rows = rows.filter(intake__code=batch)
    return rows.select_related("organisation", "project_type", "topic").order_by("number", "pk")


def leaders_of(rows) -> dict[int, str]:
    """Application → the name of its leader; one query."""
    people = Participant.objects.current().filter(application__in=[row.pk for row in rows], role="pi")
    return dict(people.values_list("application_id", "name"))


class TableRow(NamedTuple):
    """One table on the desk of a unit; `stamped` where the notice asks for the stamped one."""

    unit: Organisation
    call: Call
    batch: Intake | None
    stamped: Stamped | None


def tables_of(user) -> list[TableRow]:
    """One row for each unit and call of what an administrator's units handed in, the newest calls first."""
    rows = Application.objects.filter(
        organisation_id__in=user.scope.admin_units, submitted_at__isnull=False
    ).exclude(state=ApplicationState.WITHDRAWN)
    found = set(rows.order_by().values_list("organisation_id", "call__series", "intake__code"))
    batches = _batches(code for _unit, _series, code in found if code)
    units = Organisation.objects.in_bulk({unit for unit, _series, _code in found})
    calls = calls_among(rows)[:MOST_TABLES] if found else []
    named = {unit.pk: unit for unit in sorted(units.values(), key=lambda unit: unit.name)}
    asked = StampedTable.objects.filter(
        of=TableOf.UNIT, organisation__in=units, series__in={call.series for call in calls}
    )
    stamped = {
        (row.table.organisation_id, row.table.series, row.table.batch): row
        for row in stamped_of(list(asked.select_related("call")))
    }
    return [
        TableRow(unit, call, batches.get((series, code)), stamped.get((unit_pk, series, code or "")))
        for call in calls
        for unit_pk, unit in named.items()
        for other, series, code in sorted(found, key=lambda one: one[2] or "")
        if other == unit_pk and series == call.series
    ]


def _batches(codes) -> dict[tuple, Intake]:
    """(series, code) → the batch; no query without codes."""
    codes = set(codes)
    rows = Intake.objects.filter(code__in=codes).select_related("call") if codes else ()
    return {(row.call.series, row.code): row for row in rows}
