"""Propose what the notice says must follow, decide it, lift it. It counts from the decision."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from applications import notifications, sanction_clocks
from applications.models import Application, ParticipantRole, Sanction
from applications.rules import sanctioning as rules
from applications.states import SanctionState
from core import workflow
from core.calendar import DayKind, add_days, local_date
from core.workflow import Lost
from grants.models import SanctionTerm


@transaction.atomic
def propose_sanction(
    *, application: Application, term: SanctionTerm, occasion: str, reason: str, by, at: datetime
) -> Sanction:
    """For leader and unit of a project, and its members where the notice says so.

    Raises Refused, or Lost when it is proposed already.
    """
    rules.check_can_propose(by, application, term)
    rules.check_said(reason, field="note")
    people = list(application.participants.current())
    leader = next((row for row in people if row.role == ParticipantRole.PI), None)
    members = [row for row in people if row is not leader and term.members_too]
    try:
        with transaction.atomic():
            sanction = Sanction.objects.create(
                application=application,
                term=term,
                occasion=occasion,
                reason=reason.strip(),
                person_name=leader.name if leader else "",
                person_key=leader.person_key if leader else "",
                member_names=_("、").join(row.name for row in members),
                member_keys=[row.person_key for row in members if row.person_key],
                organisation_id=application.organisation_id,
                proposed_by=by,
                proposed_at=at,
            )
    except IntegrityError:
        raise Lost(_("已经提出这一处理。"), code="lost") from None
    workflow.record(sanction, "proposed", by=by, at=at, to_state=sanction.state, note=sanction.reason)
    sanction_clocks.open_decision(sanction, at=at)
    return sanction


@transaction.atomic
def decide_sanction(*, sanction: Sanction, opinion: str, by, at: datetime) -> None:
    """In force from today for as long as the notice says; team and unit are told. Raises Refused."""
    rules.check_can_decide_sanction(by, sanction)
    rules.check_said(opinion, field="opinion")
    day = local_date(at)
    months = sanction.term.months
    ends = add_days(day, months, kind=DayKind.MONTH, inclusive=True) if months else None
    _decide(sanction, SanctionState.IN_FORCE, opinion, by=by, at=at, from_date=day, to_date=ends)


@transaction.atomic
def refuse_sanction(*, sanction: Sanction, opinion: str, by, at: datetime) -> None:
    """Nothing follows. Raises Refused without a reason."""
    rules.check_can_decide_sanction(by, sanction)
    rules.check_said(opinion, field="opinion")
    note = opinion.strip()
    workflow.move(
        sanction,
        SanctionState.REFUSED,
        by=by,
        at=at,
        note=note,
        opinion=note,
        decided_by=by,
        decided_at=at,
    )
    sanction_clocks.decided(sanction, by=by, at=at)


@transaction.atomic
def lift_sanction(*, sanction: Sanction, opinion: str, by, at: datetime) -> None:
    """It no longer counts, from now on; the reason stands in the history. Raises Refused."""
    rules.check_can_lift_sanction(by, sanction)
    rules.check_said(opinion, field="opinion")
    workflow.move(sanction, SanctionState.LIFTED, by=by, at=at, note=opinion.strip())
    _tell(sanction, note=opinion.strip(), at=at)


def _decide(sanction, state, opinion, *, by, at, from_date: date, to_date: date | None) -> None:
    note = opinion.strip()
    workflow.move(
        sanction,
        state,
        by=by,
        at=at,
        note=note,
        opinion=note,
        decided_by=by,
        decided_at=at,
        from_date=from_date,
        to_date=to_date,
    )
    sanction_clocks.decided(sanction, by=by, at=at)
    _tell(sanction, note=note, at=at)


def _tell(sanction: Sanction, *, note: str, at) -> None:
    notifications.tell_team(
        sanction.application,
        "sanction",
        at=at,
        state=sanction.state,
        text=sanction.term.text,
        clause=sanction.term.clause,
        occasion=sanction.occasion,
        until=str(sanction.to_date or ""),
        note=note,
    )
