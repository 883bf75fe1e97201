"""Panels, score sheets, the end of a round, and the demander's own choice."""

from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState
from core import calendar, workflow
from core.workflow import Lost, Refused
from grants import actions as grants
from grants.models import Topic
from grants.queries import moment_ahead
from reviews import library, notifications, queries, rules
from reviews.models import Assignment, Conflict, ConflictKind, DemanderChoice, Expert, Review, Score
from reviews.states import AssignmentState

# ---- the panel ----


@transaction.atomic
def invite(*, application: Application, expert: Expert, by, at: datetime) -> Assignment:
    """Ask an expert to judge an application. Raises Refused naming the conflict or the limit."""
    # Application before expert, everywhere: two managers at once neither overfill a panel nor a year.
    application = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    expert = Expert.objects.select_for_update(of=("self",)).select_related("user").get(pk=expert.pk)
    rules.check_can_invite(by, application, expert, at=at)
    scheme = queries.scheme_of(application.call)
    assignment = Assignment.objects.create(
        application=application,
        expert=expert,
        invited_by=by,
        invited_at=at,
        due_at=_due(application, scheme.review_days, at=at),
    )
    workflow.record(assignment, "invited", by=by, at=at, to_state=assignment.state)
    notifications.invited(assignment, at=at)
    return assignment


def _due(application: Application, days: int, *, at: datetime) -> datetime:
    """So many working days from the invitation, never behind the moment by which the notice ends the step."""
    until = moment_ahead(application.call, application.state, at=at)
    due = calendar.due(at, days)
    return min(due, until) if until else due


@transaction.atomic
def invite_several(*, application: Application, experts: list[Expert], by, at: datetime) -> list[Assignment]:
    """All of them or none."""
    if not experts:
        raise Refused(_("请选择专家。"), field="expert")
    return [invite(application=application, expert=expert, by=by, at=at) for expert in experts]


@transaction.atomic
def replace(*, assignment: Assignment, reason: str, by, at: datetime) -> None:
    """Take the task from an expert who has not handed in."""
    rules.check_can_replace(by, assignment)
    rules.check_reason(reason)
    workflow.move(assignment, AssignmentState.REPLACED, by=by, at=at, note=reason)
    notifications.replaced(assignment, by=by, at=at)


@transaction.atomic
def record_conflict(
    *, application: Application, expert: Expert, kind: str, note: str, by, at: datetime
) -> Conflict:
    """Note a conflict that cannot be computed, e.g. the applicant's wish (申请回避); an open task ends."""
    rules.check_can_record_conflict(by, application)
    conflict = _conflict(application, expert, kind, note, by=by, at=at)
    open_tasks = Assignment.objects.filter(
        application=application, expert=expert, state__in=[AssignmentState.INVITED, AssignmentState.ACCEPTED]
    )
    for assignment in open_tasks.select_related("application__call__programme", "expert__user"):
        workflow.move(assignment, AssignmentState.REPLACED, by=by, at=at, note=note)
        notifications.replaced(assignment, by=by, at=at)
    return conflict


def _conflict(application, expert, kind, note, *, by, at) -> Conflict:
    rules.check_no_conflict_yet(expert, application, kind)
    return Conflict.objects.create(
        application=application, expert=expert, kind=kind, note=note[:300], recorded_by=by, recorded_at=at
    )


# ---- the expert ----


@transaction.atomic
def update_record(
    *, expert: Expert, field: str, title: str, organisation: Organisation, by, at: datetime
) -> None:
    """Change or confirm one's own record of the library; with it this year's deadline is met."""
    expert = Expert.objects.select_for_update(of=("self",)).get(pk=expert.pk)
    rules.check_can_update(by, expert)
    told = {"field": field, "title": title, "organisation": organisation}
    changed = [name for name, value in told.items() if getattr(expert, name) != value]
    for name in changed:
        setattr(expert, name, told[name])
    expert.updated_at = at
    expert.save(update_fields=[*changed, "updated_at"])
    workflow.record(expert, "confirmed", by=by, at=at, data={"fields": changed})
    library.updated(expert, by=by, at=at)


@transaction.atomic
def accept(*, assignment: Assignment, pledge: bool, by, at: datetime) -> None:
    """Take the task, pledging secrecy and that there is no conflict (保密与回避承诺)."""
    rules.check_can_accept(by, assignment)
    if not pledge:
        raise Refused(_("请先作出保密与回避承诺。"), field="pledge")
    workflow.move(assignment, AssignmentState.ACCEPTED, by=by, at=at, pledged_at=at)
    notifications.accepted(assignment, by=by, at=at)


@transaction.atomic
def decline(*, assignment: Assignment, reason: str, by, at: datetime) -> None:
    """Say no, or give an accepted task back."""
    rules.check_can_decline(by, assignment)
    rules.check_reason(reason)
    workflow.move(assignment, AssignmentState.DECLINED, by=by, at=at, note=reason)
    notifications.declined(assignment, by=by, at=at, reason=reason)


@transaction.atomic
def declare_conflict(*, assignment: Assignment, note: str, by, at: datetime) -> Conflict:
    """The expert sees a conflict: the task ends and the expert is never asked again about it."""
    rules.check_can_decline(by, assignment)
    rules.check_reason(note, field="note")
    conflict = _conflict(assignment.application, assignment.expert, ConflictKind.DECLARED, note, by=by, at=at)
    workflow.move(assignment, AssignmentState.DECLINED, by=by, at=at, note=note)
    notifications.declined(assignment, by=by, at=at, reason=note)
    return conflict


@transaction.atomic
def save_review(
    *,
    assignment: Assignment,
    scores: dict[int, Decimal],
    comment: str,
    recommendation: str,
    suggested_amount: Decimal | None,
    by,
    at: datetime,
) -> Review:
    """Keep the score sheet as it stands, complete or not; its total is counted here."""
    _lock(assignment)
    rules.check_can_score(by, assignment)
    criteria = {criterion.pk: criterion for criterion in queries.criteria_of(assignment.application.call)}
    for pk, value in scores.items():
        if pk not in criteria:
            raise Refused(_("评审表没有这一项指标。"), field=f"score_{pk}")
        rules.check_score(criteria[pk], value)
    rules.check_suggested(assignment.application, suggested_amount)
    review, _created = Review.objects.update_or_create(
        assignment=assignment,
        defaults={
            "comment": comment,
            "recommendation": recommendation,
            "suggested_amount": suggested_amount,
            "total": queries.total_of(list(criteria.values()), scores),
            "saved_at": at,
        },
    )
    review.scores.exclude(criterion__in=scores).delete()
    Score.objects.bulk_create(
        [Score(review=review, criterion_id=pk, value=value) for pk, value in scores.items()],
        update_conflicts=True,
        unique_fields=["review", "criterion"],
        update_fields=["value"],
    )
    return review


@transaction.atomic
def submit_review(*, assignment: Assignment, by, at: datetime, **sheet) -> Review:
    """Save the score sheet and seal it. Raises Refused naming what it lacks; nothing is sealed then."""
    review = save_review(assignment=assignment, by=by, at=at, **sheet)
    criteria = queries.criteria_of(assignment.application.call)
    rules.check_is_complete(review, criteria, set(sheet["scores"]))
    Review.objects.filter(pk=review.pk).update(submitted_at=at)
    review.submitted_at = at
    workflow.move(assignment, AssignmentState.SUBMITTED, by=by, at=at)
    notifications.submitted(assignment, by=by, at=at)
    return review


def _lock(assignment: Assignment) -> None:
    """Hold the task: a sheet is never written beside its own submission or its replacement."""
    current = Assignment.objects.select_for_update(of=("self",)).get(pk=assignment.pk)
    assignment.state = current.state


# ---- the round ----


@transaction.atomic
def finish_round(*, application: Application, by, at: datetime) -> str:
    """All score sheets are in: on to the call's next stage, which is returned."""
    current = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    if current.state != application.state:
        raise Lost(_("别人刚刚处理了这一项，请刷新后再看。"), code="lost")
    rules.check_can_finish(by, application)
    now = queries.result(application)
    with translation.override(settings.LANGUAGE_CODE):
        note = _("评审得分 %(total)s，分差 %(spread)s") % {"total": now.total, "spread": now.spread}
    return applications.advance(application=application, by=by, at=at, note=note)


@transaction.atomic
def leave_review(*, application: Application, by, at: datetime) -> None:
    """The application left the review before its end (withdrawn, rejected): nobody owes a score any more."""
    open_tasks = Assignment.objects.filter(
        application=application, state__in=[AssignmentState.INVITED, AssignmentState.ACCEPTED]
    )
    for assignment in open_tasks.select_related("application__call__programme", "expert__user"):
        workflow.move(assignment, AssignmentState.REPLACED, by=None, at=at)
        notifications.replaced(assignment, by=by, at=at)


# ---- the demander ----


@transaction.atomic
def close_bids(*, topic: Topic, by, at: datetime) -> None:
    """Bidding is over: review begins, or the topic is unfilled (流榜) when nobody has bid."""
    rules.check_can_close_bids(by, topic, at=at)
    grants.close_topic(topic=topic, by=by, at=at)
    count = queries.bids(topic).count()
    if not count:
        with translation.override(settings.LANGUAGE_CODE):
            note = _("没有揭榜方")
        grants.topic_unfilled(topic=topic, by=by, at=at, note=note)
    notifications.bids_closed(topic, bids=count, at=at)


@transaction.atomic
def choose(*, topic: Topic, application: Application | None, reason: str, by, at: datetime) -> DemanderChoice:
    """The demand side takes one bid, or none (均不选).

    With one, all bids go on to the decision, which respects the choice. With none, all end here and the
    topic is unfilled (流榜).
    """
    topic = Topic.objects.select_for_update(of=("self",)).select_related("call").get(pk=topic.pk)
    rules.check_can_choose(by, topic, application)
    rules.check_reason(reason)
    choice = DemanderChoice.objects.create(topic=topic, application=application, reason=reason, by=by, at=at)
    with translation.override(settings.LANGUAGE_CODE):
        nobody = _("发榜方均未选定")
    for bid in queries.bids_to_choose(topic):
        if application is None:
            applications.set_outcome(
                application=bid, state=ApplicationState.REJECTED, by=by, at=at, note=nobody
            )
        else:
            applications.advance(application=bid, by=by, at=at)
    if application is None:
        grants.topic_unfilled(topic=topic, by=by, at=at, note=nobody)
    return choice
