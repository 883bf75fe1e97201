"""What stands in the summary tables of a unit (单位申报汇总表), and which tables it has."""

from typing import NamedTuple

from django.db.models import QuerySet

from accounts.models import Organisation
from applications.models import Application, Participant, StampedTable, TableOf
from applications.queries.records import calls_among
from applications.queries.stamped_tables import Stamped, stamped_of
from applications.states import ApplicationState
from grants.models import Call

MOST_TABLES = 20
"""Calls with tables on the desk of a unit, the newest ones."""


def of_unit_in(call: Call, unit) -> QuerySet[Application]:
    """What a unit has handed in to a call, in any of its versions, in the order of their numbers."""
    rows = Application.objects.filter(
        call__series=call.series, organisation=unit, submitted_at__isnull=False
    ).exclude(state=ApplicationState.WITHDRAWN)
    return rows.select_related("organisation", "project_type", "topic").order_by("number", "pk")


def leaders_of(rows) -> dict[int, str]:
    """Application → the name of its leader; one query."""
    people = Participant.objects.filter(application__in=[row.pk for row in rows], role="pi")
    return dict(people.values_list("application_id", "name"))


class TableRow(NamedTuple):
    """One table on the desk of a unit; `stamped` where the notice asks for the stamped one."""

    unit: Organisation
    call: Call
    stamped: Stamped | None


def tables_of(user) -> list[TableRow]:
    """One row for each unit and call of what an administrator's units handed in, the newest calls first."""
    rows = Application.objects.filter(
        organisation_id__in=user.scope.admin_units, submitted_at__isnull=False
    ).exclude(state=ApplicationState.WITHDRAWN)
    pairs = set(rows.order_by().values_list("organisation_id", "call__series"))
    units = Organisation.objects.in_bulk({unit for unit, _series in pairs})
    calls = calls_among(rows)[:MOST_TABLES] if pairs else []
    named = sorted(units.values(), key=lambda unit: unit.name)
    asked = StampedTable.objects.filter(
        of=TableOf.UNIT, organisation__in=units, series__in={call.series for call in calls}
    )
    stamped = {
        (row.table.organisation_id, row.table.series): row
        for row in stamped_of(list(asked.select_related("call")))
    }
    return [
        TableRow(unit, call, stamped.get((unit.pk, call.series)))
        for call in calls
        for unit in named
        if (unit.pk, call.series) in pairs
    ]
