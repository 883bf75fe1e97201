"""The clock of a proposed sanction (违约处理): a leader owes the decision."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import Role
from applications.models import Sanction
from core import calendar
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def open_decision(sanction: Sanction, *, at: datetime) -> None:
    """As many working days as the notice gives for the decision on an early end."""
    call = sanction.application.call
    text = said(
        _("自 %(date)s 提出起 %(days)s 个工作日内决定"),
        date=calendar.local_date(at),
        days=call.termination_decision_days,
    )
    actions.open_deadline(
        subject=sanction,
        kind=DeadlineKind.SANCTION_DECISION,
        title=f"{sanction.application.number} {sanction.application}",
        url=reverse("admin:applications_sanction_change", args=[sanction.pk]),
        due_at=calendar.due(at, call.termination_decision_days),
        explanation=by_clause(text, sanction.term.clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.LEADER)],
        at=at,
        **cause(call),
    )


def decided(sanction: Sanction, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=sanction, kind=DeadlineKind.SANCTION_DECISION, by=by, at=at)
