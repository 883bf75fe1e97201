"""The clocks of more time: the last day to ask, the officer's decision; and what the project hears."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role, UnitRole
from applications.notifications import team_and_admins
from awards.models import Agreement
from core import calendar
from core.workflow import Refused
from grants.queries import cause
from milestones import extending
from milestones.models import Extension
from milestones.states import ExtensionState
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def _title(agreement: Agreement) -> str:
    return f"{agreement.award.number} {agreement.award.application.title}"


def open_last_day(agreement: Agreement, *, at: datetime) -> None:
    """A right of the project until that day; nothing where no extension is left or it is past."""
    try:
        extending.check_time_left(agreement, at=at, requests=extending.requests_of(agreement))
    except Refused:
        return
    application = agreement.award.application
    team = User.objects.filter(pk__in=application.team.values("user_id"))
    text = said(
        _("项目 %(date)s 结束，须提前 %(months)s 个月申请延期，逾期不能再延期"),
        date=agreement.ends_date,
        months=application.call.extension_notice_months,
    )
    actions.open_deadline(
        subject=agreement,
        kind=DeadlineKind.EXTENSION,
        title=_title(agreement),
        url=reverse("milestones:extend", args=[agreement.pk]),
        due_at=calendar.end_of_day(extending.last_day(agreement)),
        explanation=by_clause(text, application.call.extension_clause),
        owed_by=[
            Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN),
            *(Owes(user=user) for user in team),
        ],
        at=at,
        **cause(application.call),
    )


def fell_away(agreement: Agreement, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=agreement, kind=DeadlineKind.EXTENSION, by=by, at=at)


def asked(extension: Extension, *, by, at: datetime) -> None:
    """The right is used; the unit's administrators owe their review, or the department its decision."""
    actions.meet_deadline(subject=extension.agreement, kind=DeadlineKind.EXTENSION, by=by, at=at)
    if extension.state == ExtensionState.UNIT_REVIEW:
        open_review(extension, at=at)
    else:
        open_decision(extension, at=at)


def open_review(extension: Extension, *, at: datetime) -> None:
    application = extension.agreement.award.application
    days = application.call.extension_unit_days
    text = said(
        _("自 %(date)s 申请起 %(days)s 个工作日内由单位审核"), date=calendar.local_date(at), days=days
    )
    actions.open_deadline(
        subject=extension,
        kind=DeadlineKind.EXTENSION_REVIEW,
        title=_title(extension.agreement),
        url=reverse("milestones:extension", args=[extension.pk]),
        due_at=calendar.due(at, days),
        explanation=by_clause(text, application.call.extension_clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN)],
        at=at,
        **cause(application.call),
    )


def passed_on(extension: Extension, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=extension, kind=DeadlineKind.EXTENSION_REVIEW, by=by, at=at)
    open_decision(extension, at=at)


def returned(extension: Extension, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=extension, kind=DeadlineKind.EXTENSION_REVIEW, by=by, at=at)
    open_last_day(extension.agreement, at=at)
    _tell(extension, extension.unit_opinion, at=at)


def open_decision(extension: Extension, *, at: datetime) -> None:
    call = extension.agreement.award.application.call
    text = said(
        _("自 %(date)s 收到申请起 %(days)s 个工作日内审批"),
        date=calendar.local_date(at),
        days=call.extension_decision_days,
    )
    actions.open_deadline(
        subject=extension,
        kind=DeadlineKind.EXTENSION_DECISION,
        title=_title(extension.agreement),
        url=reverse("admin:milestones_extension_change", args=[extension.pk]),
        due_at=calendar.due(at, call.extension_decision_days),
        explanation=by_clause(text, call.extension_clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.PROGRAMME_MANAGER, organisation=call.programme.department)],
        at=at,
        **cause(call),
    )


def ended(extension: Extension, agreement: Agreement, *, by, at: datetime) -> None:
    """Nothing is to be decided any more; while there is time the project may ask again."""
    for kind in (DeadlineKind.EXTENSION_REVIEW, DeadlineKind.EXTENSION_DECISION):
        actions.cancel_deadline(subject=extension, kind=kind, by=by, at=at)
    open_last_day(agreement, at=at)


def decided(extension: Extension, agreement: Agreement, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=extension, kind=DeadlineKind.EXTENSION_DECISION, by=by, at=at)
    open_last_day(agreement, at=at)
    _tell(extension, extension.opinion, at=at)


def _tell(extension: Extension, note: str, *, at: datetime) -> None:
    agreement = extension.agreement
    application = agreement.award.application
    actions.tell(
        recipients=team_and_admins(application),
        template="milestones/extension_decided",
        context={
            "project": application.title,
            "number": agreement.award.number,
            "outcome": extension.state,
            "old": extension.old_ends_date.isoformat(),
            "new": extension.ends_date.isoformat(),
            "note": note,
        },
        url=reverse("milestones:extension", args=[extension.pk]),
        at=at,
    )
