"""The clock of the stamped scan that a notice asks for; the team and the unit's administrators owe it."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import UnitRole
from applications import queries
from applications.models import Application
from core import calendar
from grants.models import DayKind
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import said


def owes(application: Application) -> list[Owes]:
    team = User.objects.filter(pk__in=application.team.values("user_id"))
    unit = Owes(organisation=application.organisation, unit_role=UnitRole.ADMIN)
    return [*(Owes(user=user) for user in team), unit]


def opened(application: Application, *, at) -> None:
    """The clock of the stamped scan of what was handed in; none where the notice asks for none."""
    call, due_at = application.call, queries.scan_until(application)
    if due_at is None:
        return
    text = _("自 %(date)s 起 %(days)s 个%(kind)s内上传盖章扫描件，逾期不再接收 %(clause)s")
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.STAMPED_SCAN,
        title=said(_("上传盖章扫描件：%(title)s"), title=application),
        url=reverse("applications:detail", args=[application.pk]),
        due_at=due_at,
        explanation=said(
            text,
            date=calendar.local_date(queries.scan_counts_from(application)),
            days=call.scan_days,
            kind=DayKind(call.scan_day_kind).label,
            clause=call.scan_clause,
        ),
        clock=call.scan_day_kind,
        owed_by=owes(application),
        at=at,
        **cause(call),
    )


def done(application: Application, *, by, at) -> None:
    actions.meet_deadline(subject=application, kind=DeadlineKind.STAMPED_SCAN, by=by, at=at)


def dropped(application: Application, *, by, at) -> None:
    """Too late, or what it would be a scan of is written anew."""
    actions.cancel_deadline(subject=application, kind=DeadlineKind.STAMPED_SCAN, by=by, at=at)
