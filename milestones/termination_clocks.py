"""The clock of a decision to end a project, and what everybody around the project hears."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role, UnitRole
from applications.notifications import team_and_admins
from core import calendar
from grants.queries import cause
from milestones.models import Termination
from milestones.states import TerminationState
from notifications import actions, receipts
from notifications.actions import Owes
from notifications.models import DeadlineKind, NoticeKind
from notifications.wording import by_clause, said


def _application(termination: Termination):
    return termination.agreement.award.application


def _title(termination: Termination) -> str:
    return f"{termination.agreement.award.number} {_application(termination).title}"


def open_decision(termination: Termination, *, at: datetime) -> None:
    call = _application(termination).call
    text = said(
        _("自 %(date)s 提出起 %(days)s 个工作日内决定"),
        date=calendar.local_date(at),
        days=call.termination_decision_days,
    )
    actions.open_deadline(
        subject=termination,
        kind=DeadlineKind.TERMINATION_DECISION,
        title=_title(termination),
        url=reverse("admin:milestones_termination_change", args=[termination.pk]),
        due_at=calendar.due(at, call.termination_decision_days),
        explanation=by_clause(text, call.termination_clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.LEADER)],
        at=at,
        **cause(call),
    )


def asked(termination: Termination, *, by, at: datetime) -> None:
    """The leader owes the decision; the unit's administrators and the team see what was asked."""
    open_decision(termination, at=at)
    told = [person for person in team_and_admins(_application(termination)) if person != by]
    actions.tell(recipients=told, **_message(termination, "milestones/termination_asked", at=at))


def fell_away(termination: Termination, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=termination, kind=DeadlineKind.TERMINATION_DECISION, by=by, at=at)


def decided(termination: Termination, *, by, at: datetime) -> None:
    """An end is served on the project and told to the others; a refusal is told to whoever waited for it."""
    actions.meet_deadline(subject=termination, kind=DeadlineKind.TERMINATION_DECISION, by=by, at=at)
    application = _application(termination)
    team = team_and_admins(application)
    message = _message(termination, "milestones/termination_decided", at=at)
    if termination.state != TerminationState.APPROVED:
        actions.tell(recipients=[*team, termination.submitted_by], **message)
        return
    kind = NoticeKind.PROJECT_ENDED
    title = said(_("%(kind)s：%(title)s"), kind=kind.label, title=_title(termination))
    receipts.serve(
        subject=termination, kind=kind, title=title, recipients=team, **message, **cause(application.call)
    )
    others = [person for person in _others(termination) if person not in team]
    actions.tell(recipients=others, **message)
    # A partner unit does not see the agreement: it reads about its own part.
    partners = _staff(partner.organisation_id for partner in application.partners.all())
    message["url"] = reverse("applications:partner", args=[application.pk])
    actions.tell(recipients=[p for p in partners if p not in team and p not in others], **message)


def _others(termination: Termination) -> list[User]:
    """Who proposed it, the unit's finance staff, the demand side."""
    application = _application(termination)
    units = [application.topic.owner_id] if application.topic and application.topic.owner_id else []
    finance = _staff([application.organisation_id], UnitRole.FINANCE)
    return [termination.submitted_by, *finance, *_staff(units)]


def _staff(units, role: str = UnitRole.ADMIN) -> list[User]:
    rows = User.objects.filter(
        memberships__organisation__in=list(units),
        memberships__role=role,
        memberships__is_active=True,
        is_active=True,
    )
    return list(rows.distinct().order_by("id"))


def _message(termination: Termination, template: str, *, at: datetime) -> dict:
    return {
        "template": template,
        "context": {
            "project": _application(termination).title,
            "number": termination.agreement.award.number,
            "end": termination.end,
            "by_office": termination.is_by_office,
            "outcome": termination.state,
            "reason": termination.reason,
            "note": termination.opinion,
            "clause": termination.clause,
        },
        "url": reverse("milestones:termination", args=[termination.pk]),
        "at": at,
    }
