"""Stamped tables of units: until when, whose line waits for one, what came."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet

from applications.models import Application, RuleResult, RuleStatus, UnitTable
from applications.queries.scans import NOT_AWAITED_IN
from core import calendar
from documents.models import Document
from grants.models import TABLE_RULE, Call
from grants.queries import in_force
from notifications.models import Deadline, DeadlineKind

STAMPED = "unit_table"
"""The kind of document under which stamped tables are kept."""


def table_until(call: Call) -> datetime | None:
    """The last moment for the stamped table, counted from the notice as it stands; None where none is asked.

    Zero days: with the unit's own review, by its closing moment.
    """
    now = in_force(call)
    if call.table_days is None or now.closes_at is None:
        return None
    if call.table_days == 0:
        return now.unit_closes_at or now.closes_at
    return calendar.due(now.closes_at, call.table_days, kind=call.table_day_kind)


def table_clock(table: UnitTable) -> Deadline | None:
    """The last clock of a table, whether it runs or not."""
    about = ContentType.objects.get_for_model(UnitTable)
    rows = Deadline.objects.filter(content_type=about, object_id=table.pk, kind=DeadlineKind.UNIT_TABLE)
    return rows.order_by("-pk").first()


def table_lines(table: UnitTable) -> QuerySet[RuleResult]:
    """The lines about the table of all that the unit has handed in to the call."""
    return RuleResult.objects.filter(
        rule__code=TABLE_RULE,
        application__organisation=table.organisation_id,
        application__call__series=table.series,
    )


AWAITED = Q(status=RuleStatus.MANUAL, officer_status="") & ~Q(application__state__in=NOT_AWAITED_IN)


def tables_owing() -> QuerySet[UnitTable]:
    """Tables for which a line waits."""
    waiting = RuleResult.objects.filter(
        AWAITED,
        rule__code=TABLE_RULE,
        application__organisation=OuterRef("organisation"),
        application__call__series=OuterRef("series"),
    )
    return UnitTable.objects.filter(Exists(waiting))


def tables_lapsed(at: datetime) -> QuerySet[Deadline]:
    """Clocks of tables that ran out."""
    rows = Deadline.objects.open().filter(kind=DeadlineKind.UNIT_TABLE, due_at__lt=at)
    return rows.filter(suspended_at=None).order_by("pk")


def table_of(application: Application) -> UnitTable | None:
    """The table that the application's unit owes; no query where the notice asks for none."""
    if application.call.table_days is None:
        return None
    rows = UnitTable.objects.filter(series=application.call.series, organisation=application.organisation_id)
    return rows.select_related("call", "organisation").first()


class Stamped(NamedTuple):
    """What is asked of one unit for one call, and what came of it."""

    table: UnitTable
    document: Document | None
    clock: Deadline | None


def stamped_of(tables: Collection[UnitTable]) -> list[Stamped]:
    """Two queries, however many; none without tables."""
    if not tables:
        return []
    about = ContentType.objects.get_for_model(UnitTable)
    keys = [table.pk for table in tables]
    files = {
        row.object_id: row
        for row in Document.objects.filter(content_type=about, object_id__in=keys, kind=STAMPED).order_by(
            "version"
        )
    }
    clocks = {
        row.object_id: row
        for row in Deadline.objects.filter(
            content_type=about, object_id__in=keys, kind=DeadlineKind.UNIT_TABLE
        ).order_by("pk")
    }
    return [Stamped(table, files.get(table.pk), clocks.get(table.pk)) for table in tables]


def stamped_for(application: Application) -> Stamped | None:
    """What came of the table of the application's unit."""
    table = table_of(application)
    return stamped_of([table])[0] if table else None
