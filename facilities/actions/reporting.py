"""Open a year's evaluations; the platform writes and hands in its self-report (年度自评)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from applications.questions import storable
from core import calendar, workflow
from core.calendar import ONE_DAY, local_date
from core.workflow import Refused
from documents.actions import store
from facilities import notifications, queries, rules
from facilities.actions.filing import hold
from facilities.models import AnnualEvaluation, Facility, FacilityScheme, Window
from facilities.states import EvaluationState, FacilityState
from grants.models import Call
from notifications import clocks
from notifications.models import DeadlineKind

LONGEST_TYPED = 10_000
AHEAD = timedelta(days=30)
"""A year is opened by itself so long before its self-report: the first reminder is due then."""


@transaction.atomic
def open_year(*, call: Call, year: int, by, at: datetime) -> list[AnnualEvaluation]:
    """Begin the evaluation of a year for every standing facility of a call; run again, it adds the rest."""
    rules.check_can_open_year(by, call, year, at=at)
    opened = []
    for facility in queries.to_open(call, year).select_for_update(of=("self",)):
        scheme = queries.scheme_of(facility.call)
        opened.append(_open(facility, scheme, year, scheme.window(year), by=by, at=at))
    return opened


def open_due(*, at: datetime) -> int:
    """Open every year whose window is less than AHEAD away or open, notice by notice; rerun freely."""
    opened, this_year = 0, local_date(at).year

    def near(scheme):
        nonlocal opened
        for year in (this_year - 1, this_year, this_year + 1):
            window = scheme.window(year)
            if window.opens_at - AHEAD <= at < window.closes_at:
                opened += len(open_year(call=scheme.call, year=year, by=None, at=at))

    clocks.each("open_evaluations", queries.schemes_in_use(), near, at=at)
    return opened


def _open(
    facility: Facility, scheme: FacilityScheme, year: int, window: Window, *, by, at, number: int = 1
) -> AnnualEvaluation:
    evaluation = AnnualEvaluation.objects.create(
        facility=facility,
        year=year,
        round=number,
        data_from_date=window.data_from,
        data_to_date=window.data_to,
        report_opens_at=window.opens_at,
        report_due_at=window.closes_at,
        pass_mark=scheme.pass_mark,
        clause=scheme.clause,
    )
    workflow.record(evaluation, "opened", by=by, at=at, to_state=evaluation.state)
    notifications.opened(evaluation, at=at)
    return evaluation


@transaction.atomic
def follow_moments(*, old: Call, call: Call, by, at: datetime) -> None:
    """A new version reports in another time: evaluations whose report is still to come follow it.

    Their data window and pass mark stand as they were opened; a moment that has passed moves nothing.
    """
    before, now = (FacilityScheme.objects.filter(call=version).first() for version in (old, call))
    if before is None or now is None:
        return
    rows = AnnualEvaluation.objects.filter(
        facility__call__series=call.series, state=EvaluationState.REPORTING, round=1, submitted_at=None
    )
    for evaluation in queries.with_facility(rows).order_by("pk"):
        was, window = before.window(evaluation.year), now.window(evaluation.year)
        moments = evaluation.report_opens_at, evaluation.report_due_at
        moved = (window.opens_at, window.closes_at)
        if moments != (was.opens_at, was.closes_at) or moved == moments or window.closes_at <= at:
            continue
        evaluation.report_opens_at, evaluation.report_due_at = moved
        evaluation.save(update_fields=["report_opens_at", "report_due_at"])
        notifications.report_moved(evaluation)
        workflow.record(evaluation, "moved", by=by, at=at, data={"version": call.version})


@transaction.atomic
def ask_again(*, facility: Facility, by, at: datetime) -> AnnualEvaluation:
    """The platform has rectified and asks to be evaluated anew (复评), on what it did since."""
    held = hold(facility)
    rules.check_can_ask_again(by, held, at=at)
    last = AnnualEvaluation.objects.filter(facility=held).first()
    today = local_date(at)
    begins = min(last.data_to_date + ONE_DAY, today)
    window = Window(begins, today, at, calendar.end_of_day(held.rectify_due_date))
    # The first round is the year's own, which may still be to come.
    rounds = AnnualEvaluation.objects.filter(facility=held, year=today.year)
    latest = rounds.aggregate(latest=Max("round"))["latest"] or 1
    scheme = queries.scheme_of(held.call)
    return _open(held, scheme, today.year, window, by=by, at=at, number=latest + 1)


def hold_evaluation(evaluation: AnnualEvaluation) -> AnnualEvaluation:
    """The evaluation as it stands; its facility first, which every move of the two locks in this order."""
    facility = hold(evaluation.facility)
    held = AnnualEvaluation.objects.select_for_update().get(pk=evaluation.pk)
    held.facility = facility
    return held


def _typed(report: Mapping[str, str], scheme: FacilityScheme) -> dict[str, str]:
    names = {"summary", "problems", "green", "green_note"}
    names |= {f"value_{row['code']}" for row in scheme.indicators}
    return {name: storable(str(report[name]))[:LONGEST_TYPED] for name in sorted(names & set(report))}


def save_report(
    *,
    evaluation: AnnualEvaluation,
    report: Mapping[str, str],
    seen: Mapping[str, str] | None = None,
    by,
    at: datetime,
) -> None:
    """Keep what was typed, right or not yet, over the versions of the fields that were `seen`.

    A field that somebody else changed meanwhile stays as it is when this writer left it alone; raises Lost
    naming those that both changed, and keeps the others.
    """
    with transaction.atomic():
        held = hold_evaluation(evaluation)
        rules.check_can_write_report(by, held)
        scheme = queries.scheme_of(held.facility.call)
        written, lost = _over(held.report, _typed(report, scheme), seen)
        other = {"by": held.saved_by, "at": held.saved_at}
        if written or held.saved_at is None:
            held.report |= written
            held.saved_at, held.saved_by = at, by
            held.save(update_fields=["report", "saved_at", "saved_by"])
    evaluation.report, evaluation.saved_at, evaluation.saved_by = held.report, held.saved_at, held.saved_by
    rules.check_unchanged(lost, scheme, **other)


def _over(stored: Mapping[str, str], typed: Mapping[str, str], seen: Mapping[str, str] | None):
    """(what is written, which fields both writers changed)."""
    written, lost = {}, []
    for name, value in typed.items():
        now, before = queries.version_of(stored.get(name, "")), (seen or {}).get(name)
        if value == stored.get(name) or (seen is not None and queries.version_of(value) == before):
            continue  # nothing changed by this writer
        if seen is None or now == before:
            written[name] = value
        else:
            lost.append(name)
    return written, lost


@transaction.atomic
def add_evidence(*, evaluation: AnnualEvaluation, about: str, file, by, at: datetime) -> None:
    """Keep a file that proves an indicator (its code) or the whole report (""), in place of the last."""
    held = hold_evaluation(evaluation)
    rules.check_can_write_report(by, held)
    if about not in dict(queries.evidence_choices(queries.scheme_of(held.facility.call))):
        raise Refused(_("请选择佐证材料说明的指标。"), field="evidence_about")
    kind = queries.EVIDENCE + about
    store(
        subject=held, kind=kind, file=file, name=file.name, by=by, at=at, field="evidence", clause=held.clause
    )


@transaction.atomic
def submit_report(*, evaluation: AnnualEvaluation, by, at: datetime) -> None:
    """Hand the self-report in, with what the cases add up to. Raises Incomplete with every problem."""
    held = hold_evaluation(evaluation)
    facility = held.facility
    scheme = queries.scheme_of(facility.call)
    rules.check_can_submit(by, held, scheme, at=at)
    to = EvaluationState.DISTRICT_CHECK if scheme.district_check else EvaluationState.SCORING
    facts = queries.facts_of(facility, held.data_from_date, held.data_to_date)
    workflow.move(held, to, by=by, at=at, facts=facts, submitted_by=by, submitted_at=at)
    notifications.met(held, DeadlineKind.FACILITY_REPORT, by=by, at=at)
    if facility.state == FacilityState.RECTIFYING:
        notifications.met(facility, DeadlineKind.FACILITY_RECTIFY, by=by, at=at)
    if scheme.district_check:
        notifications.open_check(held, at=at)
    else:
        notifications.open_score(held, at=at)
    evaluation.refresh_from_db()
