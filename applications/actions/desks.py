"""What the unit, the recommender and the officer do with an application handed in."""

from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from applications import notifications, paper_clocks, queries, rules, scan_clocks, signals
from applications.actions.flow import advance, enter, office_behind
from applications.actions.joining import agree, follow_joint
from applications.actions.nominating import follow_nominators
from applications.actions.paper_copies import ask_papers
from applications.actions.recommending import keep_place
from applications.actions.signing import sign_off
from applications.actions.tabling import ask_recommender, follow_tables
from applications.models import (
    Application,
    CheckDecision,
    CheckedLine,
    CheckOutcome,
    RuleResult,
    StepConclusion,
    StepOutcome,
)
from applications.queries import is_decided
from applications.states import ApplicationState
from core import calendar, workflow
from core.workflow import Lost, Refused
from grants.models import NOMINATORS_RULE, PAPER_RULE, RECOMMENDER_TABLE_RULE, SCAN_RULE, TABLE_RULE
from notifications.models import NoticeKind

RETURN_DAYS = 5
"""Working days to mend a returned application when whoever returns it names no other moment."""


def _send_back(application, *, reason, items, due_at, by, at):
    rules.check_reason(reason)
    due_at = due_at or calendar.due(at, RETURN_DAYS)
    if due_at <= at:
        raise Refused(_("修改期限应在今天之后。"), field="due_at")
    rules.check_may_come_again(application)
    old = application.state
    scan_clocks.dropped(application, by=by, at=at)
    paper_clocks.dropped(application, by=by, at=at)
    workflow.move(
        application, ApplicationState.RETURNED, by=by, at=at, note=reason, data={"items": items or []}
    )
    if old == ApplicationState.FORMAL_CHECK:
        notifications.stage_stands_still(application, old, reason=reason, by=by, at=at)
    else:
        notifications.stage_done(application, old, by=by, at=at)
    follow_tables(application=application, by=by, at=at)
    follow_nominators(application=application, by=by, at=at)
    follow_joint(application=application, old=old, by=by, at=at)
    notifications.open_supplement(application, due_at=due_at, reason=reason, at=at)
    until = queries.local_moment(due_at)
    words = {"reason": reason, "items": items or [], "until": until}
    if old == ApplicationState.UNIT_REVIEW:
        # Inside the unit: nothing that an authority decided.
        notifications.tell_team(application, "returned", at=at, **words)
    else:
        notifications.serve_team(application, NoticeKind.RETURNED, "returned", at=at, **words)


# ---- unit ----


@transaction.atomic
def unit_approve(
    *, application: Application, by, at: datetime, note: str = "", signed: rules.Signed | None = None
) -> None:
    """The unit's administrator agrees, with what the notice asks of the unit; on to the next stage."""
    rules.check_can_approve(by, application, at=at)
    sign_off(application=application, signed=signed, opinion=note, by=by, at=at)
    advance(application=application, by=by, at=at, note=note)


@transaction.atomic
def unit_return(
    *, application: Application, reason: str, by, at: datetime, items=None, due_at: datetime | None = None
) -> None:
    """Back to the team with reasons."""
    rules.check_can_review_for_unit(by, application)
    _send_back(application, reason=reason, items=items, due_at=due_at, by=by, at=at)


# ---- recommender ----


@transaction.atomic
def recommend(
    *, application: Application, opinion: str, by, at: datetime, signed: rules.Signed | None = None
) -> None:
    """The district, park or authority recommends with its opinion (推荐), and what the notice asks of it.

    Of an office that joins the recommendation (会同) this is its agreement; the recommender comes last.
    """
    joint = by and queries.joint_for(by, application)
    if joint:
        agree(joint=joint, opinion=opinion, signed=signed, by=by, at=at)
        return
    rules.check_can_pass_on(by, application, at=at)
    signals.recommending.send(sender=Application, application=application, by=by)
    rules.check_reason(opinion, field="opinion")
    sign_off(application=application, signed=signed, opinion=opinion, by=by, at=at)
    advance(application=application, by=by, at=at, note=opinion)
    keep_place(application=application, by=by, at=at)
    ask_recommender(application=application, at=at)
    ask_papers(application=application, at=at)


@transaction.atomic
def recommender_return(
    *, application: Application, reason: str, by, at: datetime, items=None, due_at: datetime | None = None
) -> None:
    rules.check_can_send_back(by, application, at=at)
    _send_back(application, reason=reason, items=items, due_at=due_at, by=by, at=at)


@transaction.atomic
def recommender_reject(*, application: Application, reason: str, by, at: datetime) -> None:
    """Not recommended: the application ends here."""
    rules.check_can_send_back(by, application, at=at)
    rules.check_decides_recommendation(by, application)
    rules.check_reason(reason)
    enter(application=application, state=ApplicationState.REJECTED, by=by, at=at, note=reason)
    notifications.serve_team(application, NoticeKind.NOT_RECOMMENDED, "rejected", at=at, reason=reason)


# ---- several at once ----


class Tried(NamedTuple):
    """One of a batch, and why it was left as it is."""

    application: Application
    refused: Refused | None


def in_batch(*, action, applications, by, at: datetime, **words) -> list[Tried]:
    """The same with each, one savepoint each: what one is refused leaves the others done."""
    tried = []
    for application in applications:
        try:
            with transaction.atomic():
                action(application=application, by=by, at=at, **words)
        except Refused as refused:
            tried.append(Tried(application, refused))
        else:
            tried.append(Tried(application, None))
    return tried


# ---- officer ----


@transaction.atomic
def officer_mark(*, rule_result: RuleResult, status: str, by, at: datetime, note: str = "") -> None:
    """What the officer makes of one line (形式审查). Raises Refused; Lost when it is no longer examined."""
    application = Application.objects.select_for_update().get(pk=rule_result.application_id)
    rules.check_can_examine(by, application)
    rules.check_mark(rule_result, status, note)
    changed = RuleResult.objects.filter(pk=rule_result.pk, checked_at=rule_result.checked_at).update(
        officer_status=status, officer_note=note, officer=by, officer_at=at
    )
    if not changed:
        raise Lost(_("申报书刚刚重新提交，请刷新后再审查。"), code="lost")
    rule_result.refresh_from_db()
    if rule_result.rule.code == SCAN_RULE:
        # Handed in on paper, for instance: nobody waits for the scan any more.
        scan_clocks.done(application, by=by, at=at)
    elif rule_result.rule.code == PAPER_RULE:
        paper_clocks.done(application, by=by, at=at)
    elif rule_result.rule.code in (TABLE_RULE, RECOMMENDER_TABLE_RULE):
        follow_tables(application=application, by=by, at=at)
    elif rule_result.rule.code == NOMINATORS_RULE:
        follow_nominators(application=application, by=by, at=at)


def _hold(application: Application) -> None:
    """Marks and decisions come one after another; what is asked for is judged by what stands there now."""
    rows = Application.objects.select_for_update()
    application.state = rows.values_list("state", flat=True).get(pk=application.pk)


def _record(application, outcome: str, *, by, at, reason: str = "", clause: str = "") -> CheckDecision:
    """Keep a decision of the formal check with every line as machine and officer left it."""
    decision = CheckDecision.objects.create(
        application=application,
        version=application.version,
        outcome=outcome,
        reason=reason,
        clause=clause,
        by=by,
        at=at,
    )
    results = RuleResult.objects.filter(application=application)
    CheckedLine.objects.bulk_create(
        CheckedLine(decision=decision, rule_id=rule, by_machine=machine, by_officer=officer)
        for rule, machine, officer in results.values_list("rule_id", "status", "officer_status")
    )
    return decision


@transaction.atomic
def pass_formal_check(*, application: Application, by, at: datetime, note: str = "") -> None:
    """Every line settled: on to the next stage. Raises Refused naming the lines that are open or fail."""
    _hold(application)
    rules.check_can_pass(by, application)
    _record(application, CheckOutcome.PASSED, by=by, at=at, reason=note)
    advance(application=application, by=by, at=at, note=note)
    notifications.tell_team(application, "passed", at=at)


@transaction.atomic
def return_for_supplement(
    *, application: Application, reason: str, by, at: datetime, due_at: datetime | None = None, items=None
) -> None:
    """Back to the team for 补正, with a due moment."""
    _hold(application)
    rules.check_can_examine(by, application)
    _record(application, CheckOutcome.RETURNED, by=by, at=at, reason=reason)
    _send_back(application, reason=reason, items=items, due_at=due_at, by=by, at=at)


@transaction.atomic
def reject(*, application: Application, reason: str, by, at: datetime, clause: str = "") -> None:
    """Refusal by the bureau, with the reason that the applicant reads and the clause behind it.

    At the formal check (不予受理) an appeal (复审) may follow; later on it is final.
    """
    _hold(application)
    rules.check_can_reject(by, application)
    rules.check_reason(reason)
    decision = None
    if application.state == ApplicationState.FORMAL_CHECK:
        decision = _record(application, CheckOutcome.REJECTED, by=by, at=at, reason=reason, clause=clause)
    note = _("%(reason)s（%(clause)s）") % {"reason": reason, "clause": clause} if clause else reason
    enter(application=application, state=ApplicationState.REJECTED, by=by, at=at, note=note)
    # The clock of the appeal starts when this is received (`receivers.received`).
    days = application.call.appeal_days if decision else None
    words = {"reason": note, "days": days, "is_working": application.call.appeal_day_kind == "working"}
    notifications.serve_team(application, NoticeKind.REJECTED, "rejected", at=at, **words)


@transaction.atomic
def conclude_step(
    *, application: Application, outcome: str, opinion: str, held_date: date, by, at: datetime
) -> StepConclusion:
    """The conclusion of one step of the bureau (现场考察, 尽职调查, 论证会 …): on to the next, or out.

    A step behind the decision ends in the award (`signals.step_passed`). Raises Refused, Lost.
    """
    current = (
        Application.objects.select_for_update(of=("self",)).select_related("call").get(pk=application.pk)
    )
    rules.check_can_conclude(by, current, outcome, opinion)
    if held_date > calendar.local_date(at):
        raise Refused(_("办理日期不能在今天之后。"), field="held_date")
    step = current.state
    conclusion = StepConclusion.objects.create(
        application=current, step=step, outcome=outcome, opinion=opinion, held_date=held_date, by=by, at=at
    )
    if outcome == StepOutcome.REJECT:
        enter(application=current, state=ApplicationState.REJECTED, by=by, at=at, note=opinion)
        notifications.serve_team(current, NoticeKind.NOT_AWARDED, "rejected", at=at, reason=opinion)
    elif is_decided(current.call, step):
        following = office_behind(application=current, state=step, by=by, at=at)
        if following is not None:
            enter(application=current, state=following, by=by, at=at, note=opinion)
        else:
            signals.step_passed.send(sender=Application, application=current, by=by, at=at)
    else:
        advance(application=current, by=by, at=at, note=opinion)
    application.state = current.state
    return conclusion
