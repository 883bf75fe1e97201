"""The stamped table of a unit: asked with its first application, stale with the next, in by its moment."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from applications import queries, rules, table_clocks
from applications.models import Application, RuleStatus, UnitTable
from core import workflow
from documents.actions import store
from documents.models import Document
from notifications.models import Deadline

ENDINGS = ("pdf", "jpg", "jpeg", "png")
FIELD = "table"


def ask_table(*, application: Application, at: datetime) -> None:
    """Called when an application was handed in: the unit's table has to list it too."""
    call = application.call
    until = queries.table_until(call)
    if until is None:
        return
    table, _created = UnitTable.objects.update_or_create(
        series=call.series, organisation=application.organisation, defaults={"call": call}
    )
    if at > until:
        (stamped,) = queries.stamped_of([table])
        came = stamped.document is not None
        hint = "" if came else _missing(until)
        status = RuleStatus.PASSED if came else RuleStatus.FAILED
        _settle(table, status, hint=hint, at=at, application=application)
        return
    _settle(table, RuleStatus.MANUAL, hint=_waits(until), at=at, application=application)
    follow_table(application=application, by=None, at=at)


def follow_table(*, application: Application, by, at: datetime) -> None:
    """The clock runs while a line waits: called whenever one may have begun or ceased to."""
    table = queries.table_of(application)
    if table is None:
        return
    running = Deadline.objects.open().filter(pk=getattr(queries.table_clock(table), "pk", None)).exists()
    waits = queries.table_lines(table).filter(queries.AWAITED).exists()
    if waits and not running:
        table_clocks.opened(table, at=at)
    elif running and not waits:
        table_clocks.dropped(table, by=by, at=at)


@transaction.atomic
def upload_table(*, table: UnitTable, file, name: str, by, at: datetime) -> Document:
    """Keep the stamped table of a unit for all that it handed in. Raises Refused: who, when, type, size."""
    held = UnitTable.objects.select_for_update(of=("self",)).select_related("call", "organisation")
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
        clause=table.call.table_clause,
    )
    _settle(table, RuleStatus.PASSED, hint="", at=at)
    table_clocks.done(table, by=by, at=at)
    workflow.record(table, "table_uploaded", by=by, at=at, data={"version": document.version})
    return document


def renew_table(*, table: UnitTable, by, at: datetime) -> None:
    """The notice names another moment: the clock is set anew, what was too late only by it may come."""
    until = queries.table_until(table.call)
    if until is None or until < at:
        return
    lines = queries.table_lines(table).exclude(application__state__in=queries.NOT_AWAITED_IN)
    missed = lines.filter(officer_status="", status__in=(RuleStatus.MANUAL, RuleStatus.FAILED))
    if missed.exists():
        missed.update(status=RuleStatus.MANUAL, evidence={"facts": {}, "hint": _waits(until)}, checked_at=at)
        table_clocks.dropped(table, by=by, at=at)
        table_clocks.opened(table, at=at)


def _waits(until: datetime) -> str:
    return _("等待单位上传盖章的汇总表，截止 %(time)s。") % {"time": queries.local_moment(until)}


def _settle(table: UnitTable, status: str, *, hint: str, at: datetime, application=None) -> None:
    """Of one application, or of all whose line waits; an officer's word stays."""
    lines = queries.table_lines(table)
    lines = lines.filter(application=application) if application else lines.filter(queries.AWAITED)
    lines.filter(officer_status="").update(status=status, evidence={"facts": {}, "hint": hint}, checked_at=at)


def _missing(until: datetime) -> str:
    return _("到 %(time)s 单位没有上传盖章的汇总表。") % {"time": queries.local_moment(until)}


@transaction.atomic
def lapse_table(*, table: UnitTable, at: datetime) -> None:
    """No stamped table in time: every line that waits for it says no, and officers decide what follows."""
    _settle(table, RuleStatus.FAILED, hint=_missing(queries.table_clock(table).due_at), at=at)
    table_clocks.dropped(table, by=None, at=at)
    workflow.record(table, "table_missed", by=None, at=at)
