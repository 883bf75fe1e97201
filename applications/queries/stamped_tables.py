"""Stamped tables of units and recommenders: until when, whose line waits for one, what came."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from applications.models import Application, Nomination, RuleResult, RuleStatus, StampedTable, TableOf
from applications.queries.scans import NOT_AWAITED_IN
from core import calendar
from documents.models import Document
from grants.models import RECOMMENDER_TABLE_RULE, TABLE_RULE, Call
from grants.queries import in_force, intakes_of
from notifications.models import Deadline, DeadlineKind
from notifications.states import DeadlineState

STAMPED = "stamped_table"
"""The kind of document under which stamped tables are kept."""

RULES = {TableOf.UNIT: TABLE_RULE, TableOf.RECOMMENDER: RECOMMENDER_TABLE_RULE}
"""Whose table → the code of the lines about it."""

KINDS = {TableOf.UNIT: DeadlineKind.UNIT_TABLE, TableOf.RECOMMENDER: DeadlineKind.RECOMMENDER_TABLE}
"""Whose table → the kind of its clock."""


def asks_table(call: Call, of: str) -> bool:
    return call.asks_recommender_table if of == TableOf.RECOMMENDER else call.table_days is not None


def table_clause(table: StampedTable) -> str:
    call = table.call
    return call.recommender_table_clause if table.of == TableOf.RECOMMENDER else call.table_clause


def table_until(call: Call, of: str, batch: str = "") -> datetime | None:
    """The last moment for the stamped table, by the notice as it stands; None where none is asked."""
    return table_moment(call, in_force(call), of, batch) if asks_table(call, of) else None


def table_moment(call: Call, now: Call, of: str, batch: str = "") -> datetime | None:
    """What the version `call` asks for, by the moments of the version in force (`now`), or of one of its
    batches; no query without batches.

    Zero days: with the unit's own review, or with recommending, by its closing moment.
    """
    if not asks_table(call, of):
        return None
    if of == TableOf.RECOMMENDER and call.recommender_table_until:
        return now.recommender_table_until or call.recommender_table_until
    since, last = table_counts_from(now, of, batch)
    days, kind = call.table_days, call.table_day_kind
    if of == TableOf.RECOMMENDER:
        days, kind = call.recommender_table_days, call.recommender_table_day_kind
    if since is None:
        return None
    return calendar.due(since, days, kind=kind) if days else last


def table_counts_from(now: Call, of: str, batch: str = "") -> tuple[datetime | None, datetime | None]:
    """The closing from which its days count, and the moment that ends the office's own work.

    A batch of several types, each with moments of its own, has one table: the last of them holds.
    """
    batches = [row for row in intakes_of(now) if row.code == batch]
    found = batches[-1] if batches else now
    if of == TableOf.RECOMMENDER:
        return found.recommender_closes_at, found.recommender_closes_at
    return found.closes_at, found.unit_closes_at or found.closes_at


def table_clock(table: StampedTable) -> Deadline | None:
    """The last clock of a table, whether it runs or not."""
    about = ContentType.objects.get_for_model(StampedTable)
    rows = Deadline.objects.filter(content_type=about, object_id=table.pk, kind=KINDS[table.of])
    return rows.order_by("-pk").first()


def table_lines(table: StampedTable) -> QuerySet[RuleResult]:
    """The lines about the table of all that the unit has handed in, or the recommender recommended."""
    lines = RuleResult.objects.filter(rule__code=RULES[table.of], application__call__series=table.series)
    if table.batch:
        lines = lines.filter(application__intake__code=table.batch)
    if table.of == TableOf.UNIT:
        return lines.filter(application__organisation=table.organisation_id)
    places = Nomination.objects.filter(
        series=table.series,
        recommender=table.organisation_id,
        region=table.region,
        recommended_at__isnull=False,
    )
    return lines.filter(application__in=places.values("application"))


AWAITED = Q(status=RuleStatus.MANUAL, officer_status="") & ~Q(application__state__in=NOT_AWAITED_IN)


def tables_owing(of: str) -> QuerySet[StampedTable]:
    """Tables for which a line waits."""
    waiting = RuleResult.objects.alias(batch=Coalesce("application__intake__code", Value(""))).filter(
        AWAITED,
        rule__code=RULES[of],
        application__call__series=OuterRef("series"),
        batch=OuterRef("batch"),
    )
    if of == TableOf.UNIT:
        waiting = waiting.filter(application__organisation=OuterRef("organisation"))
    else:
        places = Nomination.objects.annotate(office=Coalesce("recommender_id", 0)).filter(
            application=OuterRef("application"),
            region=OuterRef(OuterRef("region")),
            office=Coalesce(OuterRef(OuterRef("organisation_id")), 0),
            recommended_at__isnull=False,
        )
        waiting = waiting.filter(Exists(places))
    return StampedTable.objects.filter(Exists(waiting), of=of)


def tables_lapsed(at: datetime) -> QuerySet[Deadline]:
    """Clocks of tables that ran out."""
    rows = Deadline.objects.open().filter(kind__in=KINDS.values(), due_at__lt=at)
    return rows.filter(suspended_at=None).order_by("pk")


def owner_of_table(application: Application, of: str) -> dict | None:
    """Who has to list the application in its table, as fields; None where nobody has (yet).

    No query where the notice asks for none.
    """
    if not asks_table(application.call, of):
        return None
    batch = {"batch": application.intake.code if application.intake_id else ""}
    if of == TableOf.UNIT:
        return {"organisation_id": application.organisation_id, "region": "", **batch}
    place = Nomination.objects.filter(application=application, recommended_at__isnull=False).first()
    return place and {"organisation_id": place.recommender_id, "region": place.region, **batch}


def tables_for(application: Application) -> list[StampedTable]:
    """The tables in which the application has to stand: its unit's, its recommender's."""
    found = []
    for of in TableOf:
        owner = owner_of_table(application, of)
        if owner is not None:
            rows = StampedTable.objects.filter(series=application.call.series, of=of, **owner)
            found += rows.select_related("call", "organisation")
    return found


class Stamped(NamedTuple):
    """What is asked of one unit or recommender for one call, and what came of it."""

    table: StampedTable
    document: Document | None
    clock: Deadline | None

    @property
    def is_owed(self) -> bool:
        return self.clock is not None and self.clock.state == DeadlineState.OPEN


def stamped_of(tables: Collection[StampedTable]) -> list[Stamped]:
    """Two queries, however many; none without tables."""
    if not tables:
        return []
    about = ContentType.objects.get_for_model(StampedTable)
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
            content_type=about, object_id__in=keys, kind__in=KINDS.values()
        ).order_by("pk")
    }
    return [Stamped(table, files.get(table.pk), clocks.get(table.pk)) for table in tables]


def stamped_for(application: Application, user) -> list[Stamped]:
    """What came of the tables in which the application has to stand, as far as the person may read them."""
    tables = tables_for(application)
    if not tables:
        return []
    seen = StampedTable.objects.visible_to(user).filter(pk__in=[table.pk for table in tables])
    known = set(seen.values_list("pk", flat=True))
    return stamped_of([table for table in tables if table.pk in known])


def stamped_by_offices(offices, calls: Collection[Call]) -> dict[tuple, Stamped]:
    """(organisation, region, series) → what these offices owe of these calls; at most three queries."""
    if not any(in_force(call).asks_recommender_table or call.asks_recommender_table for call in calls):
        return {}
    wanted = Q(pk__in=[])
    for office in offices:
        wanted |= Q(organisation=office.organisation_id, region=office.region)
    tables = StampedTable.objects.filter(
        wanted, of=TableOf.RECOMMENDER, series__in={call.series for call in calls}
    )
    found = {}
    for row in stamped_of(list(tables.select_related("call").order_by("pk"))):
        key = (row.table.organisation_id, row.table.region, row.table.series)
        # Of several batches the first that is still owed, else the last.
        if key not in found or not found[key].is_owed:
            found[key] = row
    return found
