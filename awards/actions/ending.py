"""Agreements end: given up before they are signed, completed, ended early, or put off."""

from datetime import date, datetime

from django.db import transaction

from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState, ProjectEnd
from awards import conditions, notifications, rules, signals
from awards.models import Agreement
from awards.states import AgreementState
from core import workflow


@transaction.atomic
def forgo(*, agreement: Agreement, reason: str, by, at: datetime) -> None:
    """The unit gives the award up (放弃立项) before it signs: its money is free again (`fell_away`)."""
    rules.check_can_forgo(by, agreement)
    rules.check_reason(reason, field="reason")
    give_up(agreement=agreement, reason=reason, by=by, at=at)


@transaction.atomic
def lapse(*, agreement: Agreement, reason: str, by, at: datetime) -> None:
    """The unit did not sign in time, or no longer meets a clause of signing: the manager ends the award."""
    if not conditions.fails_at_signing(agreement, at=at):
        rules.check_can_lapse(by, agreement, at=at)
    else:
        rules.check_can_withdraw(by, agreement)
    rules.check_reason(reason, field="reason")
    give_up(agreement=agreement, reason=reason, by=by, at=at)


def give_up(*, agreement: Agreement, reason: str, by, at: datetime) -> None:
    """The award falls away before both have signed; what the unit has signed is taken back first."""
    if agreement.state == AgreementState.UNIT_SIGNED:
        unsigned = {"unit_signed_by": None, "unit_signed_at": None}
        workflow.move(agreement, AgreementState.DRAFT, by=by, at=at, note=reason, **unsigned)
    workflow.move(agreement, AgreementState.FORGONE, by=by, at=at, note=reason)
    application = Application.objects.select_for_update(of=("self",)).get(pk=agreement.award.application_id)
    applications.set_outcome(
        application=application, state=ApplicationState.REJECTED, by=by, at=at, note=reason
    )
    notifications.forgone(agreement, by=by, at=at)


@transaction.atomic
def extend(*, agreement: Agreement, ends_date: date, by, at: datetime, note: str = "") -> None:
    """A running project ends later (延期); called by whoever decides on that. The database refuses less."""
    signed = agreement.signed_ends_date or agreement.ends_date
    Agreement.objects.filter(pk=agreement.pk).update(ends_date=ends_date, signed_ends_date=signed)
    data = {"from": agreement.ends_date.isoformat(), "to": ends_date.isoformat()}
    agreement.ends_date, agreement.signed_ends_date = ends_date, signed
    workflow.record(agreement, "extended", by=by, at=at, note=note, data=data)
    notifications.end_moved(agreement, at=at)
    signals.agreement_extended.send(sender=Agreement, agreement=agreement, by=by, at=at)


@transaction.atomic
def complete(*, agreement: Agreement, by, at: datetime) -> None:
    """Everything that was agreed is done and paid; called by whoever keeps the accounts of that."""
    workflow.move(agreement, AgreementState.COMPLETED, by=by, at=at)
    notifications.completed(agreement, by=by, at=at)
    signals.agreement_completed.send(sender=Agreement, agreement=agreement, by=by, at=at)
    applications.end_project(application=agreement.award.application, end=ProjectEnd.COMPLETED, by=by, at=at)


@transaction.atomic
def end_early(*, agreement: Agreement, end: str, by, at: datetime, note: str) -> None:
    """A running project is ended (终止) or revoked (撤销); called by whoever decides on that."""
    workflow.move(agreement, AgreementState(end), by=by, at=at, note=note)
    notifications.ended_early(agreement, by=by, at=at)
    signals.agreement_ended_early.send(sender=Agreement, agreement=agreement, by=by, at=at)
    applications.end_project(application=agreement.award.application, end=ProjectEnd(end), by=by, at=at)
