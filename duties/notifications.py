"""The clocks of duties: of whoever owes one, and of whoever has to accept it."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import Role, UnitRole
from applications.notifications import by_recommenders, by_team, by_unit_admins
from applications.table_clocks import by_office
from core import calendar
from duties.models import AcceptedBy, Duty, OnePer, OwedBy
from duties.states import DutyState
from grants.models import DayKind
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import Said, by_clause, said

RETURN_DAYS = 10
"""Working days to mend what was sent back, where the notice leaves less."""


def opened(duty: Duty, *, at: datetime) -> None:
    """Somebody owes it by its day; what was sent back, within some working days at least."""
    due_at, text, clock = duty.due_at, _why(duty), _clock(duty)
    if duty.state == DutyState.RETURNED and (mended := calendar.due(at, RETURN_DAYS)) > due_at:
        due_at, clock = mended, DayKind.WORKING
        text = said(
            _("退回补充，自 %(date)s 退回起 %(days)s 个工作日内重新提交"),
            date=calendar.local_date(at),
            days=RETURN_DAYS,
        )
    _open(duty, DeadlineKind.DUTY, due_at, text, clock, owed_by(duty), at=at)


def check_opened(duty: Duty, *, at: datetime) -> None:
    days = duty.term.check_days
    text = said(_("自 %(date)s 提交起 %(days)s 个工作日内审核"), date=calendar.local_date(at), days=days)
    accepts = _by_unit(duty) if duty.term.accepted_by == AcceptedBy.UNIT else _by_bureau(duty)
    due_at = calendar.due(at, days)
    _open(duty, DeadlineKind.DUTY_CHECK, due_at, text, DayKind.WORKING, accepts, at=at)


def moved(duty: Duty) -> None:
    """Its day is another one; what was sent back keeps the days it was given."""
    if duty.state == DutyState.OPEN:
        actions.move_deadline(
            subject=duty,
            kind=DeadlineKind.DUTY,
            due_at=duty.due_at,
            explanation=by_clause(_why(duty), duty.term.clause),
        )


def done(duty: Duty, kind: str, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=duty, kind=kind, by=by, at=at)


def dropped(duty: Duty, *, by, at: datetime) -> None:
    for kind in (DeadlineKind.DUTY, DeadlineKind.DUTY_CHECK):
        actions.cancel_deadline(subject=duty, kind=kind, by=by, at=at)


def address(duty: Duty) -> str:
    return reverse("duties:duty", args=[duty.pk])


def _open(duty, kind, due_at, text, clock, owes, *, at) -> None:
    actions.open_deadline(
        subject=duty,
        kind=kind,
        title=_title(duty),
        url=address(duty),
        due_at=due_at,
        explanation=by_clause(text, duty.term.clause),
        clock=clock,
        owed_by=owes,
        at=at,
        **cause(duty.term.call),
    )


def _title(duty: Duty) -> Said | str:
    what = duty.application or duty.organisation or duty.term.call.title
    return f"{duty}：{what}"


def _why(duty: Duty) -> Said:
    return said(_("通知规定 %(date)s 前报送"), date=calendar.local_date(duty.due_at))


def _clock(duty: Duty) -> str:
    return duty.term.day_kind if duty.term.days else ""


# ---- who ----


def owed_by(duty: Duty) -> list[Owes]:
    """Whoever the notice names; where there is nobody, the bureau, so that somebody notices."""
    return _OWES[duty.term.owed_by](duty) or _by_bureau(duty)


def _by_bureau(duty: Duty) -> list[Owes]:
    return [Owes(role=Role.PROGRAMME_MANAGER, organisation=duty.term.call.programme.department)]


def _by_unit(duty: Duty) -> list[Owes]:
    if duty.application_id:
        return by_unit_admins(duty.application)
    return [Owes(organisation=duty.organisation, unit_role=UnitRole.ADMIN)]


def _by_leader(duty: Duty) -> list[Owes]:
    return [*by_team(duty.application), *by_unit_admins(duty.application)]


def _by_recommender(duty: Duty) -> list[Owes]:
    if duty.term.per == OnePer.RECOMMENDER:
        return by_office(duty.organisation, duty.region, duty.term.call)
    return by_recommenders(duty.application)


def _by_demander(duty: Duty) -> list[Owes]:
    topic = duty.application.topic
    return [Owes(organisation=topic.owner)] if topic and topic.owner_id else []


_OWES = {
    OwedBy.LEADER: _by_leader,
    OwedBy.UNIT: _by_unit,
    OwedBy.RECOMMENDER: _by_recommender,
    OwedBy.DEMANDER: _by_demander,
    OwedBy.OFFICE: _by_bureau,
}
