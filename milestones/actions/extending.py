"""Ask for more time, take the request back, approve or refuse it. An approval moves every clock at once."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from awards import actions as awards
from awards.models import Agreement
from awards.states import AgreementState
from core import workflow
from core.workflow import Lost, Refused
from milestones import extending, extension_clocks, notifications
from milestones.actions.moves import annual_reports, locked, settle_finish
from milestones.models import Extension, Milestone, Shift
from milestones.states import ExtensionState, MilestoneState


@transaction.atomic
def ask(
    *, agreement: Agreement, ends_date: date, shifts: Mapping[int, date], reason: str, by, at: datetime
) -> Extension:
    """Ask for a later end; `shifts` gives new days by the id of a milestone. Raises Refused."""
    held = locked(agreement.pk)
    extending.check_can_ask(by, held, at=at, requests=extending.requests_of(held))
    known = {milestone.pk: milestone for milestone in extending.movable(held)}
    if shifts.keys() - known.keys():
        raise Refused(_("只有尚未提交材料的里程碑可以调整日期。"), field="shifts")
    moved = {known[pk]: day for pk, day in shifts.items()}
    extending.check_terms(held, ends_date, moved, reason)
    moved |= extending.following(held, ends_date)
    try:
        with transaction.atomic():
            extension = Extension.objects.create(
                agreement=held,
                old_ends_date=held.ends_date,
                ends_date=ends_date,
                reason=reason.strip(),
                state=extending.first_state(by, held),
                submitted_by=by,
                submitted_at=at,
            )
    except IntegrityError:
        raise Lost(_("已有一份延期申请等待审批。"), code="lost") from None
    Shift.objects.bulk_create(
        Shift(extension=extension, milestone=milestone, from_date=milestone.due_date, to_date=day)
        for milestone, day in moved.items()
    )
    workflow.record(extension, "submitted", by=by, at=at, to_state=extension.state, note=extension.reason)
    extension_clocks.asked(extension, by=by, at=at)
    return extension


@transaction.atomic
def withdraw(*, extension: Extension, by, at: datetime) -> None:
    """The project takes its request back; while there is time it may ask again."""
    agreement = locked(extension.agreement_id)
    extending.check_can_withdraw(by, extension)
    workflow.move(extension, ExtensionState.WITHDRAWN, by=by, at=at)
    extension_clocks.ended(extension, agreement, by=by, at=at)


@transaction.atomic
def pass_on(*, extension: Extension, opinion: str, by, at: datetime) -> None:
    """The unit agrees: the department owes its decision from now on."""
    _review(extension, ExtensionState.SUBMITTED, opinion, by=by, at=at)
    extension_clocks.passed_on(extension, by=by, at=at)


@transaction.atomic
def return_to_team(*, extension: Extension, opinion: str, by, at: datetime) -> None:
    """The unit does not agree; while there is time the team may ask again. Raises Refused."""
    if not opinion.strip():
        raise Refused(_("请写明退回的理由。"), field="opinion")
    _review(extension, ExtensionState.RETURNED, opinion, by=by, at=at)
    extension_clocks.returned(extension, by=by, at=at)


def _review(extension, state, opinion, *, by, at) -> None:
    extension.agreement = locked(extension.agreement_id)
    extending.check_can_review(by, extension)
    opinion = opinion.strip()
    workflow.move(extension, state, by=by, at=at, note=opinion, unit_opinion=opinion, unit_by=by, unit_at=at)


@transaction.atomic
def refuse(*, extension: Extension, opinion: str, by, at: datetime) -> None:
    """The end stays; the project hears why. Raises Refused without a reason."""
    agreement = locked(extension.agreement_id)
    extending.check_can_decide(by, extension)
    if not opinion.strip():
        raise Refused(_("请写明不同意的理由。"), field="opinion")
    _decide(extension, ExtensionState.REFUSED, opinion, by=by, at=at)
    extension_clocks.decided(extension, agreement, by=by, at=at)


@transaction.atomic
def approve(*, extension: Extension, opinion: str, by, at: datetime) -> None:
    """The project ends later: its end, the milestones named and the reports of the added years follow."""
    agreement = locked(extension.agreement_id)
    extension.agreement = agreement
    extending.check_can_decide(by, extension)
    extending.check_can_approve(extension)
    _decide(extension, ExtensionState.APPROVED, opinion, by=by, at=at)
    awards.extend(agreement=agreement, ends_date=extension.ends_date, by=by, at=at, note=extension.reason)
    for shift in extension.shifts.select_related("milestone"):
        _shift(shift, agreement, by=by, at=at)
    settle_finish(agreement=agreement)
    for report in annual_reports(agreement=agreement):
        notifications.open_milestone(report, at=at)
    extension_clocks.decided(extension, agreement, by=by, at=at)


def _decide(extension, state, opinion, *, by, at) -> None:
    opinion = opinion.strip()
    workflow.move(extension, state, by=by, at=at, note=opinion, opinion=opinion, decided_by=by, decided_at=at)


def _shift(shift: Shift, agreement: Agreement, *, by, at) -> None:
    """What was handed in meanwhile keeps its day."""
    milestone = shift.milestone
    milestone.agreement = agreement
    waiting = [MilestoneState.PLANNED, MilestoneState.RETURNED]
    rows = Milestone.objects.filter(pk=milestone.pk, state__in=waiting, due_date__lt=shift.to_date)
    if not rows.update(due_date=shift.to_date):
        return
    milestone.due_date = shift.to_date
    data = {"from": shift.from_date.isoformat(), "to": shift.to_date.isoformat()}
    workflow.record(milestone, "extended", by=by, at=at, data=data)
    notifications.milestone_moved(milestone, at=at)


@transaction.atomic
def project_ended(*, agreement: Agreement, by, at: datetime) -> None:
    """Everything is done: nobody needs more time, and a request that still waits falls away."""
    for extension in Extension.objects.open().filter(agreement=agreement):
        workflow.move(extension, ExtensionState.WITHDRAWN, by=by, at=at)
        extension_clocks.ended(extension, agreement, by=by, at=at)
    extension_clocks.fell_away(agreement, by=by, at=at)


@transaction.atomic
def opened(*, agreement: Agreement, at: datetime) -> None:
    """The agreement is in force: the last day to ask for more time is known."""
    if agreement.state == AgreementState.IN_FORCE:
        extension_clocks.open_last_day(agreement, at=at)
