"""Which evaluations and facilities owe what: the second opinion on their deadlines."""

from core import calendar
from facilities import notifications, queries
from facilities.models import AnnualEvaluation, Facility
from facilities.states import EvaluationState, FacilityState
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, entered_at, register


def _in(*states):
    return queries.with_facility(AnnualEvaluation.objects.filter(state__in=states))


def _open_score(evaluation, at):
    notifications.open_score(evaluation, at=entered_at(evaluation, EvaluationState.SCORING, at))


def _removals(at):
    rows = Facility.objects.filter(state=FacilityState.RECTIFYING, removal_due_at__isnull=False)
    return queries.with_call(rows)


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.FACILITY_REPORT,
            model=AnnualEvaluation,
            owing=lambda at: _in(EvaluationState.REPORTING),
            open=lambda evaluation, at: notifications.open_report(evaluation, at=at),
            due=lambda evaluation: evaluation.report_due_at,
            dates=("facilities.AnnualEvaluation.report_due_at",),
        ),
        Obligation(
            kind=DeadlineKind.FACILITY_CHECK,
            model=AnnualEvaluation,
            owing=lambda at: _in(EvaluationState.DISTRICT_CHECK),
            open=lambda evaluation, at: notifications.open_check(evaluation, at=evaluation.submitted_at),
            dates=("facilities.AnnualEvaluation.submitted_at",),
        ),
        Obligation(
            kind=DeadlineKind.FACILITY_SCORE,
            model=AnnualEvaluation,
            owing=lambda at: _in(EvaluationState.SCORING, EvaluationState.GRADED),
            open=_open_score,
        ),
        Obligation(
            kind=DeadlineKind.FACILITY_PUBLICITY,
            model=AnnualEvaluation,
            owing=lambda at: _in(EvaluationState.PUBLISHED),
            open=lambda evaluation, at: notifications.open_publicity(evaluation, at=at),
            due=lambda evaluation: calendar.end_of_day(evaluation.publicity_ends_date),
            dates=("facilities.AnnualEvaluation.publicity_ends_date",),
        ),
        Obligation(
            kind=DeadlineKind.FACILITY_RECTIFY,
            model=Facility,
            owing=lambda at: queries.rectifying(),
            open=lambda facility, at: notifications.open_rectify(facility, at=at),
            due=lambda facility: calendar.end_of_day(facility.rectify_due_date),
            dates=("facilities.Facility.rectify_due_date",),
        ),
        Obligation(
            kind=DeadlineKind.FACILITY_EXPIRY,
            model=Facility,
            owing=lambda at: queries.with_term(),
            open=lambda facility, at: notifications.open_expiry(facility, at=at),
            due=lambda facility: calendar.end_of_day(facility.valid_until),
            dates=("facilities.Facility.valid_until",),
        ),
        Obligation(
            kind=DeadlineKind.FACILITY_REMOVAL,
            model=Facility,
            owing=_removals,
            open=lambda facility, at: notifications.open_removal(facility, at=at),
            due=lambda facility: facility.removal_due_at,
            dates=("facilities.Facility.removal_due_at",),
        ),
    )
