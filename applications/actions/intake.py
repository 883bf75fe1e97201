"""Hand an application in, take it back."""

import logging
from datetime import datetime
from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language
from kombu.exceptions import OperationalError

from applications import eligibility, notifications, queries, quotas, rules, scan_clocks
from applications.actions.consenting import consent_by_handing_in
from applications.actions.flow import enter, stage_behind
from applications.actions.nominating import ask_nominators
from applications.actions.numbering import keep_numbers, keep_people
from applications.actions.paper_copies import ask_papers
from applications.actions.tabling import ask_tables
from applications.actions.taking_back import put_back
from applications.models import Application, RuleResult, Submission, TakenBack
from applications.rules import revising
from applications.states import ApplicationState
from core import workflow
from grants.actions import next_number
from grants.models import RecommendedBy, Topic
from grants.queries import intake_ahead, intake_at, number_prefix, way_of_recommending
from notifications.models import NoticeKind

log = logging.getLogger(__name__)

LANGUAGE = settings.LANGUAGE_CODE
"""What is sealed is in Chinese, whatever language whoever hands it in reads."""
TASKS = ("applications.tasks.make_snapshot", "applications.tasks.compare")
"""What workers do with a version handed in."""


@transaction.atomic
def submit(*, application: Application, by, at: datetime) -> Submission:
    """Seal what stands there as the next version and move into the first stage of the call.

    A returned application goes back to the stage that returned it. Raises Refused (who, when), Lost when it
    has been handed in already, rules.Incomplete with every problem. Of two clicks at once one seals.
    """
    # The lock makes a second click wait here, and then find the application handed in.
    locked = Application.objects.select_for_update(of=("self",)).select_related("call__programme")
    current = locked.get(pk=application.pk)
    rules.check_can_submit(by, current, at=at)
    returned = current.state == ApplicationState.RETURNED
    if not returned:
        current.intake = intake_at(current.call, current.project_type, at=at)
    quotas.check_unit(current)
    quotas.hold_counted(current)
    consent_by_handing_in(application=current, by=by, at=at)
    seen = eligibility.seen_of(current)
    spoken = eligibility.evaluate_for_good(current, seen)
    problems = rules.problems_of(current, spoken.get(get_language(), spoken[LANGUAGE]), seen)
    if problems:
        raise rules.Incomplete(problems)
    revised = revising.is_revision(current)
    if revised:
        revising.check_revised_only(current)
    if returned:
        target = queries.returned_from(current)
    else:
        target = stage_behind(application=current, state=None, by=by, at=at).kind
    _settle_recommender(current)
    submission = _seal(current, spoken[LANGUAGE], by=by, at=at)
    if not revised:
        # What officers have settled stays: experts read the new version, nobody checks its form again.
        _store_results(current, spoken, at=at)
    asked = queries.questions_of(current)
    keep_numbers(application=current, asked=asked, answers=submission.content["answers"])
    keep_people(application=current, asked=asked, answers=submission.content["answers"])
    number = current.number or next_number(number_prefix(current.call))
    TakenBack.objects.filter(application=current).delete()
    notifications.draft_done(current, by=by, at=at)
    if returned:
        notifications.acted_on(current, NoticeKind.RETURNED, by=by, at=at)
    notifications.invitation_taken(current, by=by, at=at)
    if current.follows_id:
        notifications.second_step_taken(current.follows, by=by, at=at)
    enter(
        application=current,
        state=target,
        by=by,
        at=at,
        version=submission.version,
        number=number,
        intake=current.intake,
        submitted_by=by,
        submitted_at=at,
    )
    if not revised:
        scan_clocks.opened(current, at=at)
        ask_tables(application=current, at=at)
        ask_papers(application=current, at=at)
        ask_nominators(application=current, at=at)
    notifications.tell_team(current, "submitted", at=at, version=submission.version)
    transaction.on_commit(partial(_ask_workers, submission.pk))
    for name in ("state", "version", "number", "intake", "submitted_by", "submitted_at"):
        setattr(application, name, getattr(current, name))
    return submission


def _settle_recommender(application) -> None:
    """Who recommends by name is settled when it is handed in; who has recommended stays."""
    way = way_of_recommending(application.call)
    if way == RecommendedBy.CHOSEN or queries.is_recommended(application):
        return
    settled = application.organisation.authority if way == RecommendedBy.AUTHORITY else None
    Application.objects.filter(pk=application.pk).update(recommender=settled)
    application.recommender = settled


def _seal(application, lines, *, by, at) -> Submission:
    content = queries.snapshot(application)
    content["checks"] = [line.as_json() for line in lines]
    return Submission.objects.create(
        application=application,
        version=application.version + 1,
        content=content,
        sha256=queries.sha256_of(content),
        by=by,
        at=at,
    )


def _store_results(application, spoken, *, at):
    """One row per rule of the notice. Handed in again, everything is examined afresh."""
    if application.version:
        # Taken back and mended after an amendment, it is judged by the new version's rules alone.
        application.rule_results.exclude(rule__call=application.call_id).delete()
    RuleResult.objects.bulk_create(
        [
            RuleResult(
                application=application,
                rule=line.rule,
                status=line.status,
                evidence=eligibility.evidence_in_both(line, other),
                checked_at=at,
            )
            for line, other in zip(*spoken.values(), strict=True)
            if line.rule
        ],
        update_conflicts=True,
        unique_fields=["application", "rule"],
        update_fields=[
            "status",
            "evidence",
            "checked_at",
            "officer_status",
            "officer_note",
            "officer",
            "officer_at",
        ],
    )


def _ask_workers(submission_pk: int) -> None:
    """Ask for the PDF and the comparison. Without a broker the submission stands, sweeps do both later."""
    try:
        for task in TASKS:
            current_app.send_task(task, args=[submission_pk], ignore_result=True)
    except (OperationalError, OSError) as fault:
        log.warning("no broker, submission %s is left to the sweeps: %s", submission_pk, fault)


@transaction.atomic
def withdraw(*, application: Application, reason: str, by, at: datetime) -> None:
    """Take an application back before it is decided. Raises Refused."""
    rules.check_can_withdraw(by, application)
    if application.submitted_at:
        rules.check_reason(reason)
    enter(application=application, state=ApplicationState.WITHDRAWN, by=by, at=at, note=reason)
    if application.follows_id:
        notifications.open_second_step(application.follows, at=at)


@transaction.atomic
def lapse(*, application: Application, at: datetime) -> None:
    """Applying ended while this was a draft: nothing is owed any more, what was written stays.

    What was taken back to be mended goes back to where it was, as it was. Where another batch comes, the
    draft waits for that one.
    """
    notifications.draft_lapsed(application, at=at)
    kept = TakenBack.objects.filter(application=application).first()
    if kept is not None:
        put_back(application=application, kept=kept, at=at)
        return
    ahead = intake_ahead(application.call, application.project_type, at=at)
    if ahead:
        notifications.open_draft(application, at=at)
        workflow.record(application, "next_intake", by=None, at=at, note=ahead.name)
        notifications.tell_team(
            application,
            "next_intake",
            at=at,
            batch=ahead.name,
            opens_at=ahead.opens_at.isoformat(),
            closes_at=ahead.closes_at.isoformat(),
        )
        return
    workflow.record(application, "lapsed", by=None, at=at)


@transaction.atomic
def reopen_drafts(*, topic: Topic, by, at: datetime) -> None:
    """The topic takes bids again: what was not handed in the last time may be, and its clock runs."""
    drafts = Application.objects.filter(topic=topic, state=ApplicationState.DRAFT)
    for application in drafts.select_related("call__programme__department", "organisation").order_by("pk"):
        application.topic = topic
        notifications.draft_reopened(application, at=at)
        workflow.record(application, "reopened", by=by, at=at)
