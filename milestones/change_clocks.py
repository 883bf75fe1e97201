"""The clocks of a change of a running project: the unit's review, the officer's decision; who hears of it."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role, UnitRole
from applications.notifications import team_and_admins
from core import calendar
from grants.queries import cause
from milestones import changing
from milestones.models import Change, ChangeKind
from milestones.states import ChangeState
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said

WITHOUT_REVIEW = 5
"""Working days in which the unit passes on what the notice does not have it review."""


def _title(change: Change) -> str:
    return f"{change.agreement.award.number} {change.agreement.award.application.title}"


def asked(change: Change, *, at: datetime) -> None:
    """The unit's administrators owe their review, or the department its decision."""
    if change.state == ChangeState.UNIT_REVIEW:
        open_review(change, at=at)
    else:
        open_decision(change, at=at)


def open_review(change: Change, *, at: datetime) -> None:
    application = change.agreement.award.application
    # What only waits for whoever joins to agree is passed by the unit, too.
    days = changing.term_of(change.agreement, change.kind).unit_days or WITHOUT_REVIEW
    _open(
        change,
        DeadlineKind.CHANGE_REVIEW,
        said(
            _("自 %(date)s 申请起 %(days)s 个工作日内由单位审核“%(kind)s”的变更"),
            date=calendar.local_date(at),
            days=days,
            kind=ChangeKind(change.kind).label,
        ),
        url=reverse("milestones:change", args=[change.pk]),
        days=days,
        owes=Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN),
        at=at,
    )


def open_decision(change: Change, *, at: datetime) -> None:
    call = change.agreement.award.application.call
    term = changing.term_of(change.agreement, change.kind)
    _open(
        change,
        DeadlineKind.CHANGE_DECISION,
        said(
            _("自 %(date)s 收到申请起 %(days)s 个工作日内审批“%(kind)s”的变更"),
            date=calendar.local_date(at),
            days=term.decision_days,
            kind=ChangeKind(change.kind).label,
        ),
        url=reverse("admin:milestones_change_change", args=[change.pk]),
        days=term.decision_days,
        owes=Owes(role=Role.PROGRAMME_MANAGER, organisation=call.programme.department),
        at=at,
    )


def _open(change: Change, kind: str, text, *, url: str, days: int, owes: Owes, at: datetime) -> None:
    actions.open_deadline(
        subject=change,
        kind=kind,
        title=_title(change),
        url=url,
        due_at=calendar.due(at, days),
        explanation=by_clause(text, change.clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[owes],
        at=at,
        **cause(change.agreement.award.application.call),
    )


def passed_on(change: Change, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=change, kind=DeadlineKind.CHANGE_REVIEW, by=by, at=at)
    open_decision(change, at=at)


def fell_away(change: Change, *, by, at: datetime) -> None:
    for kind in (DeadlineKind.CHANGE_REVIEW, DeadlineKind.CHANGE_DECISION):
        actions.cancel_deadline(subject=change, kind=kind, by=by, at=at)


def ended(change: Change, note: str, *, by, at: datetime) -> None:
    """Returned, refused or approved: the clock is met, the project hears of it."""
    for kind in (DeadlineKind.CHANGE_REVIEW, DeadlineKind.CHANGE_DECISION):
        actions.meet_deadline(subject=change, kind=kind, by=by, at=at)
    _tell(change, team_and_admins(change.agreement.award.application), note, at=at)


def filed(change: Change, *, by, at: datetime) -> None:
    """In force; the department's officers hear what was filed."""
    ended(change, change.unit_opinion, by=by, at=at)
    department = change.agreement.award.application.call.programme.department_id
    officers = User.objects.managing(department).order_by("id")
    _tell(change, list(officers), change.unit_opinion, at=at)


def _tell(change: Change, recipients: list[User], note: str, *, at: datetime) -> None:
    agreement = change.agreement
    actions.tell(
        recipients=recipients,
        template="milestones/change_decided",
        context={
            "project": agreement.award.application.title,
            "number": agreement.award.number,
            "kind": said("%(kind)s", kind=ChangeKind(change.kind).label).data,
            "outcome": change.state,
            "before": change.before,
            "after": change.after,
            "note": note,
        },
        url=reverse("milestones:change", args=[change.pk]),
        at=at,
    )
