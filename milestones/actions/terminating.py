"""Ask for the early end of a project, take that back, decide. The end closes everything that was owed."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from awards import actions as awards
from awards.models import Agreement
from core import workflow
from core.workflow import Lost, Refused
from documents.actions import store
from milestones import notifications, queries, terminating, termination_clocks
from milestones.actions.moves import locked
from milestones.models import Milestone, Termination
from milestones.states import MilestoneState, TerminationState

PAPER = "paper"
"""The beginning of the `kind` of the papers of a request."""


@transaction.atomic
def ask_termination(
    *, agreement: Agreement, end: str, ground: str, reason: str, files: list, by, at: datetime
) -> Termination:
    """The project asks for its end, or its manager proposes it. Raises Refused."""
    held = locked(agreement.pk)
    terminating.check_can_ask(by, held, requests=terminating.terminations_of(held))
    by_office = terminating.is_office(by, held)
    terminating.check_terms(held, end=end, ground=ground, reason=reason, by_office=by_office, at=at)
    terminating.check_files(files, by_office=by_office)
    try:
        with transaction.atomic():
            termination = Termination.objects.create(
                agreement=held,
                end=end,
                ground=ground,
                reason=reason.strip(),
                submitted_by=by,
                submitted_at=at,
            )
    except IntegrityError:
        raise Lost(_("已有一份终止申请等待决定。"), code="lost") from None
    for number, file in enumerate(files, start=1):
        kind = f"{PAPER}_{number}"
        store(subject=termination, kind=kind, file=file, name=file.name, by=by, at=at, field="files")
    workflow.record(
        termination, "submitted", by=by, at=at, to_state=termination.state, note=termination.reason
    )
    termination_clocks.asked(termination, by=by, at=at)
    return termination


@transaction.atomic
def withdraw_termination(*, termination: Termination, by, at: datetime) -> None:
    """Whoever asked takes it back; the project runs on."""
    terminating.check_can_withdraw(by, termination)
    _fall_away(termination, by=by, at=at)


def _fall_away(termination: Termination, *, by, at) -> None:
    workflow.move(termination, TerminationState.WITHDRAWN, by=by, at=at)
    termination_clocks.fell_away(termination, by=by, at=at)


@transaction.atomic
def refuse_termination(*, termination: Termination, opinion: str, by, at: datetime) -> None:
    """The project runs on; whoever asked hears why. Raises Refused without a reason."""
    terminating.check_can_decide(by, termination)
    if not opinion.strip():
        raise Refused(_("请写明不同意的理由。"), field="opinion")
    _decide(termination, TerminationState.REFUSED, opinion, by=by, at=at)
    termination_clocks.decided(termination, by=by, at=at)


@transaction.atomic
def terminate(*, termination: Termination, opinion: str, clause: str, by, at: datetime) -> None:
    """The project ends: milestones, requests, instalments and all their clocks close at once."""
    agreement = locked(termination.agreement_id)
    termination.agreement = agreement
    terminating.check_can_decide(by, termination)
    terminating.check_approval(agreement, opinion=opinion, clause=clause)
    _decide(termination, TerminationState.APPROVED, opinion, by=by, at=at, clause=clause.strip())
    awards.end_early(agreement=agreement, end=termination.end, by=by, at=at, note=opinion.strip())
    termination_clocks.decided(termination, by=by, at=at)


def _decide(termination, state, opinion, *, by, at, **fields) -> None:
    note = opinion.strip()
    workflow.move(
        termination, state, by=by, at=at, note=note, opinion=note, decided_by=by, decided_at=at, **fields
    )


@transaction.atomic
def cancel_milestones(*, agreement: Agreement, by, at: datetime) -> None:
    """The project was ended early: nothing more is handed in, checked or judged."""
    waiting = [MilestoneState.PLANNED, MilestoneState.SUBMITTED, MilestoneState.RETURNED]
    for milestone in Milestone.objects.filter(agreement=agreement, state__in=waiting):
        report = queries.latest_report(milestone)
        workflow.move(milestone, MilestoneState.CANCELLED, by=by, at=at)
        notifications.cancelled(milestone, report, by=by, at=at)


@transaction.atomic
def terminations_fell_away(*, agreement: Agreement, by, at: datetime) -> None:
    """The project is completed: a proposal to end it that still waits falls away."""
    for termination in Termination.objects.open().filter(agreement=agreement):
        _fall_away(termination, by=by, at=at)
