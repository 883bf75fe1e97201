"""The clocks of 复审: the right to ask for it, and the answer that the department owes."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from applications.models import Appeal, CheckDecision
from applications.notifications import by_managers, by_team, by_unit_admins, page_of, tell_team
from applications.states import AppealState
from core import calendar
from grants.models import DayKind
from grants.queries import cause
from notifications import actions
from notifications.models import DeadlineKind
from notifications.wording import said


def opened(decision: CheckDecision, *, at) -> None:
    """The clock of the right to appeal, from the receipt of the rejection; none where no appeal is heard."""
    application, call = decision.application, decision.application.call
    if call.appeal_days is None:
        return
    text = _("自 %(date)s 收到不予受理决定起 %(days)s 个%(kind)s内可以申请复审，逾期不予受理 %(clause)s")
    actions.open_deadline(
        subject=application,
        kind=DeadlineKind.APPEAL,
        title=said(_("可以申请复审：%(title)s"), title=application),
        url=page_of(application),
        due_at=calendar.due(at, call.appeal_days, kind=call.appeal_day_kind),
        explanation=said(
            text,
            date=calendar.local_date(at),
            days=call.appeal_days,
            kind=DayKind(call.appeal_day_kind).label,
            clause=call.appeal_clause,
        ),
        clock=call.appeal_day_kind,
        owed_by=[*by_team(application), *by_unit_admins(application)],
        at=at,
        **cause(call),
    )


def filed(appeal: Appeal, *, by, at) -> None:
    """The right was used; from now on the department owes an answer."""
    actions.meet_deadline(subject=appeal.application, kind=DeadlineKind.APPEAL, by=by, at=at)
    open_decision(appeal, at=at)
    tell_team(appeal.application, "appealed", at=at)


def open_decision(appeal: Appeal, *, at) -> None:
    application, call = appeal.application, appeal.application.call
    actions.open_deadline(
        subject=appeal,
        kind=DeadlineKind.APPEAL_DECISION,
        title=said(_("复审：%(title)s"), title=application),
        url=reverse("admin:applications_appeal_change", args=[appeal.pk]),
        due_at=calendar.due(at, call.appeal_decision_days),
        explanation=said(
            _("自 %(date)s 申请复审起 %(days)s 个工作日内作出决定，由原决定人以外的人办理 %(clause)s"),
            date=calendar.local_date(at),
            days=call.appeal_decision_days,
            clause=call.appeal_clause,
        ),
        clock=calendar.DayKind.WORKING,
        owed_by=by_managers(application),
        at=at,
        **cause(call),
    )


def decided(appeal: Appeal, *, by, at) -> None:
    actions.meet_deadline(subject=appeal, kind=DeadlineKind.APPEAL_DECISION, by=by, at=at)
    upheld = appeal.state == AppealState.UPHELD
    tell_team(appeal.application, "appeal_decided", at=at, reason=appeal.reason, upheld=upheld)
