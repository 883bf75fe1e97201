"""Until when a team that was awarded registers as a unit (团队登记为单位)."""

from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from applications import notifications
from applications.models import Application
from applications.states import ApplicationState
from core import calendar
from core.calendar import DayKind
from grants.queries import cause
from notifications import actions
from notifications.models import Deadline, DeadlineKind
from notifications.wording import by_clause, said

KIND = DeadlineKind.TEAM_REGISTRATION
STATES = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)


def owing():
    """Funded applications of teams that still have to register."""
    return Application.objects.filter(
        state__in=STATES, ended="", organisation__kind="team", call__team_months__isnull=False
    )


def opened(application: Application, *, at) -> None:
    """From the award on, once; nothing where the notice does not ask for it."""
    call, team = application.call, application.organisation
    if application.state not in STATES or not team.is_team or call.team_months is None:
        return
    about = ContentType.objects.get_for_model(Application)
    if Deadline.objects.open().filter(content_type=about, object_id=application.pk, kind=KIND).exists():
        return
    explanation = said(
        _("立项后 %(months)s 个月内登记为单位，登记之前不能签订任务书"), months=call.team_months
    )
    actions.open_deadline(
        subject=application,
        kind=KIND,
        title=said(_("团队登记为单位：%(title)s"), title=application.title),
        url=reverse("accounts:found_unit", args=[team.pk]),
        due_at=calendar.due(at, call.team_months, kind=DayKind.MONTH),
        explanation=by_clause(explanation, call.team_clause) if call.team_clause else explanation,
        clock=DayKind.MONTH,
        owed_by=notifications.by_unit_admins(application),
        at=at,
        **cause(call),
    )


def founded(organisation, *, by, at) -> None:
    """The team is a unit now: nothing is waited for, in whatever it was awarded."""
    for application in Application.objects.filter(organisation=organisation, state__in=STATES):
        actions.meet_deadline(subject=application, kind=KIND, by=by, at=at)
