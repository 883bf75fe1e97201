"""The clock of the slides that a round asks of the team it invites, and of the unit's administrators."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from applications import queries
from applications.models import Application
from applications.scan_clocks import owes
from core import calendar
from grants.models import DayKind, Stage
from grants.queries import cause
from notifications import actions
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def opened(application: Application, stage: Stage, *, at) -> None:
    """`at`: when the team was invited."""
    due_at = queries.slides_until(stage, invited_at=at)
    is_fixed = due_at == queries.slides_moment(stage)
    if is_fixed:
        text = said(_("通知规定的答辩材料截止时间，逾期不再接收"))
    else:
        text = said(
            _("自 %(date)s 受邀起 %(days)s 个%(kind)s内上传答辩材料，逾期不再接收"),
            date=calendar.local_date(at),
            days=queries.slides_days(stage),
            kind=DayKind(stage.day_kind).label,
        )
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.SLIDES,
        title=said(_("上传答辩材料：%(title)s"), title=application),
        url=f"{reverse('applications:detail', args=[application.pk])}#slides",
        due_at=due_at,
        explanation=by_clause(text, stage.clause),
        clock="" if is_fixed else stage.day_kind,
        owed_by=owes(application),
        at=at,
        **cause(application.call),
    )


def done(application: Application, *, by, at) -> None:
    actions.meet_deadline(subject=application, kind=DeadlineKind.SLIDES, by=by, at=at)


def dropped(application: Application, *, by, at) -> None:
    """Too late, or the round is over."""
    actions.cancel_deadline(subject=application, kind=DeadlineKind.SLIDES, by=by, at=at)
