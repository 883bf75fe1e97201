"""The bureau's side of a year: the district's check, score and grade, publicity, what follows from it."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from core import calendar, workflow
from core.calendar import DayKind, local_date
from core.workflow import Refused
from facilities import notifications, queries, rules
from facilities.actions.reporting import hold_evaluation
from facilities.models import AnnualEvaluation
from facilities.states import EvaluationState, FacilityState
from notifications import clocks
from notifications.models import DeadlineKind


@transaction.atomic
def check_green(*, evaluation: AnnualEvaluation, is_green: bool, opinion: str, by, at: datetime) -> None:
    """The district's opinion on the green gate; without it there is no payment, the score is the bureau's."""
    held = hold_evaluation(evaluation)
    rules.check_can_check(by, held)
    if not opinion.strip():
        raise Refused(_("请填写审查意见。"), field="opinion")
    opinion = opinion.strip()
    workflow.move(
        held,
        EvaluationState.SCORING,
        by=by,
        at=at,
        note=opinion,
        is_green=is_green,
        check_opinion=opinion,
        checked_by=by,
        checked_at=at,
    )
    notifications.met(held, DeadlineKind.FACILITY_CHECK, by=by, at=at)
    notifications.open_score(held, at=at)
    evaluation.refresh_from_db()


@transaction.atomic
def return_report(*, evaluation: AnnualEvaluation, reason: str, by, at: datetime) -> None:
    """Hand the self-report back; there is at least the time that the call gives for it."""
    held = hold_evaluation(evaluation)
    rules.check_can_return(by, held)
    rules.check_reason(reason)
    scheme = queries.scheme_of(held.facility.call)
    due_at = max(held.report_due_at, calendar.due(at, scheme.return_days))
    notifications.fell_away(held, *notifications.YEARLY, by=by, at=at)
    workflow.move(
        held,
        EvaluationState.REPORTING,
        by=by,
        at=at,
        note=reason.strip(),
        report_due_at=due_at,
        is_green=None,
        check_opinion="",
        checked_by=None,
        checked_at=None,
    )
    notifications.returned(held, reason.strip(), at=at)
    if held.facility.state == FacilityState.RECTIFYING and held.facility.removal_due_at is None:
        notifications.open_rectify(held.facility, at=at)
    evaluation.refresh_from_db()


@transaction.atomic
def go_on_without_report(*, evaluation: AnnualEvaluation, reason: str, by, at: datetime) -> None:
    """The platform did not report in time: it is scored on what the bureau knows."""
    held = hold_evaluation(evaluation)
    rules.check_can_go_on(by, held, at=at)
    rules.check_reason(reason)
    facts = queries.facts_of(held.facility, held.data_from_date, held.data_to_date)
    workflow.move(held, EvaluationState.SCORING, by=by, at=at, note=reason.strip(), facts=facts)
    notifications.fell_away(held, DeadlineKind.FACILITY_REPORT, by=by, at=at)
    notifications.fell_away(held.facility, DeadlineKind.FACILITY_RECTIFY, by=by, at=at)
    notifications.open_score(held, at=at)
    evaluation.refresh_from_db()


@transaction.atomic
def score(*, evaluation: AnnualEvaluation, score: Decimal, opinion: str, by, at: datetime) -> None:
    """Give the score; the grade follows from the marks of the call."""
    held = hold_evaluation(evaluation)
    rules.check_can_score(by, held)
    rules.check_score(score)
    scheme = queries.scheme_of(held.facility.call)
    if score < scheme.pass_mark and not opinion.strip():
        raise Refused(_("不合格的，请写明理由。"), field="opinion", clause=held.clause)
    workflow.move(
        held,
        EvaluationState.GRADED,
        by=by,
        at=at,
        note=f"{score}",
        score=score,
        grade=scheme.grade_of(score),
        score_opinion=opinion.strip(),
        scored_by=by,
        scored_at=at,
    )
    evaluation.refresh_from_db()


@transaction.atomic
def score_again(*, evaluation: AnnualEvaluation, reason: str, by, at: datetime) -> None:
    """Back to scoring: a mistake was found, or an objection upheld during the publicity."""
    held = hold_evaluation(evaluation)
    rules.check_can_score_again(by, held)
    rules.check_reason(reason)
    was_public = held.state == EvaluationState.PUBLISHED
    workflow.move(held, EvaluationState.SCORING, by=by, at=at, note=reason.strip(), publicity_ends_date=None)
    if was_public:
        notifications.fell_away(held, DeadlineKind.FACILITY_PUBLICITY, by=by, at=at)
        notifications.open_score(held, at=at)
    evaluation.refresh_from_db()


@transaction.atomic
def publish(*, evaluation: AnnualEvaluation, by, at: datetime) -> None:
    """Make the grade public for the days that the call names."""
    held = hold_evaluation(evaluation)
    rules.check_can_publish(by, held)
    scheme = queries.scheme_of(held.facility.call)
    ends = calendar.add_days(local_date(at), scheme.publicity_days)
    workflow.move(held, EvaluationState.PUBLISHED, by=by, at=at, publicity_ends_date=ends)
    notifications.met(held, DeadlineKind.FACILITY_SCORE, by=by, at=at)
    notifications.published(held, at=at)
    evaluation.refresh_from_db()


@transaction.atomic
def conclude(*, evaluation: AnnualEvaluation, by, at: datetime) -> None:
    """The publicity is over: the grade takes effect, and the facility stands, rectifies or is restored."""
    held = hold_evaluation(evaluation)
    rules.check_can_conclude(by, held, at=at)
    workflow.move(held, EvaluationState.CONCLUDED, by=by, at=at)
    notifications.met(held, DeadlineKind.FACILITY_PUBLICITY, by=by, at=at)
    if held.has_passed:
        _passed(held, by=by, at=at)
    else:
        _failed(held, by=by, at=at)
    evaluation.refresh_from_db()


def _passed(evaluation: AnnualEvaluation, *, by, at: datetime) -> None:
    """A pass ends the rectifying, whatever clock of it ran."""
    facility = evaluation.facility
    if facility.state != FacilityState.RECTIFYING:
        return
    for kind in (DeadlineKind.FACILITY_RECTIFY, DeadlineKind.FACILITY_REMOVAL):
        notifications.fell_away(facility, kind, by=by, at=at)
    note = _("复评得分 %(score)s") % {"score": evaluation.score}
    workflow.move(
        facility,
        FacilityState.OPERATING,
        by=by,
        at=at,
        note=note,
        failures=0,
        rectify_due_date=None,
        removal_due_at=None,
    )
    notifications.state_changed(facility, note=note, at=at)


def _failed(evaluation: AnnualEvaluation, *, by, at: datetime) -> None:
    facility = evaluation.facility
    scheme = queries.scheme_of(facility.call)
    failures = facility.failures + 1
    is_last = failures >= scheme.failures_until_removal
    months = calendar.add_days(local_date(at), scheme.rectify_months, kind=DayKind.MONTH)
    fields = {
        "failures": failures,
        "rectify_due_date": facility.rectify_due_date if is_last and facility.rectify_due_date else months,
        "removal_due_at": calendar.due(at, scheme.removal_days) if is_last else None,
    }
    note = _("年度评价得分 %(score)s，不合格") % {"score": evaluation.score}
    notifications.fell_away(facility, DeadlineKind.FACILITY_RECTIFY, by=by, at=at)
    if facility.state == FacilityState.OPERATING:
        workflow.move(facility, FacilityState.RECTIFYING, by=by, at=at, note=note, **fields)
    else:
        for name, value in fields.items():
            setattr(facility, name, value)
        facility.save(update_fields=list(fields))
        workflow.record(facility, "failed_again", by=by, at=at, note=note)
    notifications.failed(facility, scheme, at=at)


def conclude_due(*, at: datetime) -> int:
    """Conclude every evaluation whose publicity is over, each in a transaction of its own; rerun freely."""
    return clocks.each(
        "conclude_evaluations",
        queries.over_publicity(local_date(at)).iterator(500),
        lambda evaluation: conclude(evaluation=evaluation, by=None, at=at),
        at=at,
    )


@transaction.atomic
def mark_paid(*, evaluation: AnnualEvaluation, amount: Decimal, paid_date: date, by, at: datetime) -> None:
    """Note what was paid upon the grade. Raises Refused for who did not pass or is not green."""
    held = hold_evaluation(evaluation)
    rules.check_can_pay(by, held)
    if amount <= 0:
        raise Refused(_("拨付金额应大于 0。"), field="amount")
    if paid_date > local_date(at):
        raise Refused(_("拨付日期不能晚于今天。"), field="paid_date")
    held.paid_amount, held.paid_date = amount, paid_date
    held.save(update_fields=["paid_amount", "paid_date"])
    data = {"amount": str(amount), "date": paid_date.isoformat()}
    workflow.record(held, "paid", by=by, at=at, data=data)
    evaluation.refresh_from_db()
