"""Stamped tables: asked with the first application that a unit hands in or an office recommends, stale with
the next, in by their moment."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from applications import eligibility, queries, rules, table_clocks
from applications.models import Application, RecommendationLetter, RuleStatus, StampedTable, TableOf
from core import workflow
from documents.actions import store
from documents.models import Document
from grants.models import Call
from notifications.models import Deadline

ENDINGS = ("pdf", "jpg", "jpeg", "png")
FIELD = "table"
WAITS = {
    TableOf.UNIT: gettext_noop("等待单位上传盖章的汇总表，截止 %(time)s。"),
    TableOf.RECOMMENDER: gettext_noop("等待推荐单位上传盖章的推荐汇总表，截止 %(time)s。"),
}
MISSING = {
    TableOf.UNIT: gettext_noop("到 %(time)s 单位没有上传盖章的汇总表。"),
    TableOf.RECOMMENDER: gettext_noop("到 %(time)s 推荐单位没有上传盖章的推荐汇总表。"),
}


def ask_tables(*, application: Application, at: datetime) -> None:
    """Called when an application was handed in, or recommended: the tables have to list it too."""
    for of in TableOf:
        _ask(application, of, at=at)


def ask_recommender(*, application: Application, at: datetime) -> None:
    """Called when an office has recommended it."""
    _ask(application, TableOf.RECOMMENDER, at=at)


def _ask(application: Application, of: str, *, at: datetime) -> None:
    call = application.call
    owner = queries.owner_of_table(application, of)
    until = _until(owner, call, of)
    if owner is None or until is None:
        return
    table, _created = StampedTable.objects.update_or_create(
        series=call.series, of=of, **owner, defaults={"call": call}
    )
    if at > until:
        (stamped,) = queries.stamped_of([table])
        came = stamped.document is not None or (of == TableOf.RECOMMENDER and _in_scanned_letter(application))
        hint = str if came else partial(_said, MISSING[of], until)
        status = RuleStatus.PASSED if came else RuleStatus.FAILED
        _settle(table, status, hint=hint, at=at, application=application)
        return
    _settle(table, RuleStatus.MANUAL, hint=partial(_said, WAITS[of], until), at=at, application=application)
    _follow(table, by=None, at=at)


def _until(owner: dict | None, call: Call, of: str) -> datetime | None:
    return queries.table_until(call, of, owner["batch"]) if owner else None


def follow_tables(*, application: Application, by, at: datetime) -> None:
    """The clocks run while a line waits: called whenever one may have begun or ceased to."""
    for table in queries.tables_for(application):
        _follow(table, by=by, at=at)


def _follow(table: StampedTable, *, by, at: datetime) -> None:
    running = Deadline.objects.open().filter(pk=getattr(queries.table_clock(table), "pk", None)).exists()
    waits = queries.table_lines(table).filter(queries.AWAITED).exists()
    if waits and not running:
        table_clocks.opened(table, at=at)
    elif running and not waits:
        table_clocks.dropped(table, by=by, at=at)


@transaction.atomic
def upload_table(*, table: StampedTable, file, name: str, by, at: datetime) -> Document:
    """Keep a stamped table for all that it has to list. Raises Refused: who, when, type, size."""
    held = StampedTable.objects.select_for_update(of=("self",)).select_related("call", "organisation")
    table = held.get(pk=table.pk)
    rules.check_can_upload_table(by, table, at=at)
    document = store(
        subject=table,
        kind=queries.STAMPED,
        file=file,
        name=name,
        by=by,
        at=at,
        endings=ENDINGS,
        field=FIELD,
        clause=queries.table_clause(table),
    )
    _settle(table, RuleStatus.PASSED, hint=str, at=at)
    table_clocks.done(table, by=by, at=at)
    workflow.record(table, "table_uploaded", by=by, at=at, data={"version": document.version})
    return document


def take_letter(*, letter: RecommendationLetter, by, at: datetime) -> None:
    """A stamped letter with its table counts for what it lists, when it came in time."""
    rows = StampedTable.objects.filter(
        series=letter.call.series,
        of=TableOf.RECOMMENDER,
        organisation_id=letter.recommender_id,
        region=letter.region,
    )
    for table in rows.select_related("call", "organisation"):
        clock = queries.table_clock(table)
        if clock is None or at > clock.due_at:
            continue
        waiting = queries.table_lines(table).filter(queries.AWAITED)
        listed = waiting.filter(application__in=letter.lines.values("application"))
        listed.update(status=RuleStatus.PASSED, evidence=eligibility.kept(str), checked_at=at)
        if not waiting.exists():
            table_clocks.done(table, by=by, at=at)


def _in_scanned_letter(application: Application) -> bool:
    place = queries.recommendation_of(application)
    return place is not None and place.letter_id is not None and queries.is_scanned(place.letter_id)


def renew_table(*, table: StampedTable, by, at: datetime) -> None:
    """The notice names another moment: the clock is set anew, what was too late only by it may come."""
    until = queries.table_until(table.call, table.of, table.batch)
    if until is None or until < at:
        return
    lines = queries.table_lines(table).exclude(application__state__in=queries.NOT_AWAITED_IN)
    missed = lines.filter(officer_status="", status__in=(RuleStatus.MANUAL, RuleStatus.FAILED))
    if missed.exists():
        evidence = eligibility.kept(partial(_said, WAITS[table.of], until))
        missed.update(status=RuleStatus.MANUAL, evidence=evidence, checked_at=at)
        table_clocks.dropped(table, by=by, at=at)
        table_clocks.opened(table, at=at)


def _said(text: str, until: datetime) -> str:
    return _(text) % {"time": queries.local_moment(until)}


def _settle(
    table: StampedTable, status: str, *, hint: Callable[[], str], at: datetime, application=None
) -> None:
    """Of one application, or of all whose line waits; an officer's word stays."""
    lines = queries.table_lines(table)
    lines = lines.filter(application=application) if application else lines.filter(queries.AWAITED)
    lines.filter(officer_status="").update(status=status, evidence=eligibility.kept(hint), checked_at=at)


@transaction.atomic
def lapse_table(*, table: StampedTable, at: datetime) -> None:
    """No stamped table in time: every line that waits for it says no, and officers decide what follows."""
    until = queries.table_clock(table).due_at
    _settle(table, RuleStatus.FAILED, hint=partial(_said, MISSING[table.of], until), at=at)
    table_clocks.dropped(table, by=None, at=at)
    workflow.record(table, "table_missed", by=None, at=at)
