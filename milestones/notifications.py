"""What people are told about milestones, and the deadlines that milestones cause."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role, UnitRole
from applications.models import TeamMember
from applications.notifications import team_and_admins
from core import calendar
from grants.queries import cause
from milestones import queries
from milestones.models import Milestone, Report
from milestones.states import MilestoneState
from notifications import actions, receipts
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind, NoticeKind
from notifications.wording import Said, by_clause, said


def _application(milestone: Milestone):
    return milestone.agreement.award.application


def _department(milestone: Milestone):
    return _application(milestone).call.programme.department


def _title(milestone: Milestone) -> str:
    return f"{milestone.agreement.award.number} {milestone.name}"


def team(milestone: Milestone) -> list[User]:
    application = _application(milestone)
    return [
        member.user
        for member in TeamMember.objects.filter(application=application).select_related("user").order_by("id")
    ]


def open_milestone(milestone: Milestone, *, at: datetime) -> None:
    """The team and the unit's administrators owe the evidence by the end of the planned day."""
    _open_for_team(
        milestone,
        due_at=calendar.end_of_day(milestone.due_date),
        explanation=said(_("任务书约定 %(date)s 前完成"), date=milestone.due_date),
        at=at,
    )


def milestone_moved(milestone: Milestone, *, at: datetime) -> None:
    """The project was extended: the evidence is owed by the new day.

    What was handed back keeps a clock of its own that runs longer.
    """
    moved = calendar.end_of_day(milestone.due_date)
    clock = Deadline.objects.open().filter(kind=DeadlineKind.MILESTONE, object_id=milestone.pk)
    if milestone.state == MilestoneState.RETURNED and clock.filter(due_at__gte=moved).exists():
        return
    text = said(_("经批准延期，%(date)s 前完成"), date=milestone.due_date)
    actions.move_deadline(
        subject=milestone,
        kind=DeadlineKind.MILESTONE,
        due_at=moved,
        explanation=by_clause(text, _application(milestone).call.extension_clause),
    )


def reopen_milestone(milestone: Milestone, *, at: datetime) -> None:
    """Returned: as many working days as the check takes, and never before the planned day."""
    if (months := queries.again_months(milestone)) is not None:
        _open_again(milestone, months, at=at)
        return
    planned = calendar.end_of_day(milestone.due_date)
    supplement = calendar.due(at, milestone.check_days)
    if planned > supplement:
        open_milestone(milestone, at=at)
        return
    _open_for_team(
        milestone,
        due_at=supplement,
        explanation=said(
            _("退回补充，自 %(date)s 退回起 %(days)s 个工作日内重新提交"),
            date=calendar.local_date(at),
            days=milestone.check_days,
        ),
        clock=calendar.DayKind.WORKING,
        at=at,
    )


def _open_again(milestone: Milestone, months: int, *, at: datetime) -> None:
    """It was not passed and may be accepted once more within the months of the notice."""
    day = calendar.local_date(at)
    _open_for_team(
        milestone,
        due_at=calendar.end_of_day(calendar.add_days(day, months, kind=calendar.DayKind.MONTH)),
        explanation=said(
            _("验收未通过，自 %(date)s 起 %(months)s 个月内可以再次申请验收"), date=day, months=months
        ),
        at=at,
    )


def heard(report: Report, *, at: datetime) -> None:
    """The panel's opinion is booked: where a leader concludes, the conclusion is owed by the leaders."""
    owed_by = _checkers(report.milestone)
    actions.hand_over(subject=report.milestone, kind=DeadlineKind.MILESTONE_CHECK, owed_by=owed_by)


def _checkers(milestone: Milestone) -> list[Owes]:
    if queries.waits_for_leader(milestone):
        return [Owes(role=Role.LEADER)]
    return [Owes(role=Role.PROGRAMME_MANAGER, organisation=_department(milestone))]


def _open_for_team(
    milestone: Milestone, *, due_at: datetime, explanation: Said, at: datetime, clock: str = ""
) -> None:
    actions.open_deadline(
        subject=milestone,
        kind=DeadlineKind.MILESTONE,
        title=_title(milestone),
        url=reverse("milestones:milestone", args=[milestone.pk]),
        due_at=due_at,
        explanation=by_clause(explanation, milestone.clause),
        clock=clock,
        owed_by=[
            Owes(organisation=_application(milestone).organisation, unit_role=UnitRole.ADMIN),
            *(Owes(user=user) for user in team(milestone)),
        ],
        **cause(_application(milestone).call),
        at=at,
    )


def handed_in(report: Report, *, at: datetime) -> None:
    """The department owes its conclusion; the demand side, if it is asked, its opinion in half that time."""
    milestone = report.milestone
    actions.meet_deadline(subject=milestone, kind=DeadlineKind.MILESTONE, by=report.submitted_by, at=at)
    receipts.settle(subject=milestone, kind=NoticeKind.MILESTONE_RETURNED, by=report.submitted_by, at=at)
    open_check(milestone, at=at)
    if milestone.needs_demander_opinion:
        open_opinion(report, at=at)


def open_check(milestone: Milestone, *, at: datetime) -> None:
    """By the day that the notice names, or in so many working days for what comes after it."""
    until = milestone.check_by_date
    if until and calendar.local_date(at) <= until:
        due, clock = calendar.end_of_day(until), ""
        text = said(_("通知规定 %(date)s 前审核完毕"), date=until)
    else:
        due, clock = calendar.due(at, milestone.check_days), calendar.DayKind.WORKING
        text = said(
            _("自 %(date)s 提交起 %(days)s 个工作日内审核"),
            date=calendar.local_date(at),
            days=milestone.check_days,
        )
    actions.open_deadline(
        subject=milestone,
        kind=DeadlineKind.MILESTONE_CHECK,
        title=_title(milestone),
        url=reverse("admin:milestones_milestone_change", args=[milestone.pk]),
        due_at=due,
        explanation=by_clause(text, milestone.clause),
        clock=clock,
        owed_by=_checkers(milestone),
        **cause(_application(milestone).call),
        at=at,
    )


def open_opinion(report: Report, *, at: datetime) -> None:
    milestone = report.milestone
    days = max(1, milestone.check_days // 2)
    actions.open_deadline(
        subject=report,
        kind=DeadlineKind.DEMANDER_OPINION,
        title=_title(milestone),
        url=reverse("milestones:opinion", args=[report.pk]),
        due_at=calendar.due(at, days),
        explanation=by_clause(
            said(
                _("自 %(date)s 提交起 %(days)s 个工作日内填写意见（审核期限的一半）"),
                date=calendar.local_date(at),
                days=days,
            ),
            milestone.clause,
        ),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(organisation=_application(milestone).topic.owner)],
        **cause(_application(milestone).call),
        at=at,
    )


def opinion_given(report: Report, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=report, kind=DeadlineKind.DEMANDER_OPINION, by=by, at=at)


def concluded(report: Report, *, outcome: str, note: str, by, at: datetime, grade=None) -> None:
    """The check is done; the team hears the conclusion."""
    milestone = report.milestone
    actions.meet_deadline(subject=milestone, kind=DeadlineKind.MILESTONE_CHECK, by=by, at=at)
    actions.cancel_deadline(subject=report, kind=DeadlineKind.DEMANDER_OPINION, by=by, at=at)
    tell_conclusion(milestone, outcome=outcome, note=note, at=at, grade=grade)


def failed(milestone: Milestone, *, note: str, by, at: datetime) -> None:
    actions.cancel_deadline(subject=milestone, kind=DeadlineKind.MILESTONE, by=by, at=at)
    tell_conclusion(milestone, outcome="failed", note=note, at=at)


def waived(milestone: Milestone, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=milestone, kind=DeadlineKind.MILESTONE, by=by, at=at)


def cancelled(milestone: Milestone, report: Report | None, *, by, at: datetime) -> None:
    """Nothing is owed about a milestone any more, by whomever; `report`: the last hand-in, if any."""
    for kind in (DeadlineKind.MILESTONE, DeadlineKind.MILESTONE_CHECK):
        actions.cancel_deadline(subject=milestone, kind=kind, by=by, at=at)
    receipts.settle(subject=milestone, kind=NoticeKind.MILESTONE_RETURNED, by=by, at=at)
    if report is not None:
        actions.cancel_deadline(subject=report, kind=DeadlineKind.DEMANDER_OPINION, by=by, at=at)


TO_ACKNOWLEDGE = {"returned": NoticeKind.MILESTONE_RETURNED, "failed": NoticeKind.MILESTONE_FAILED}


def tell_conclusion(milestone: Milestone, *, outcome: str, note: str, at: datetime, grade=None) -> None:
    """What was accepted is told; what asks for more, or ends the milestone, is to be acknowledged."""
    application = _application(milestone)
    message = {
        "recipients": team_and_admins(application),
        "template": "milestones/concluded",
        "context": {
            "project": application.title,
            "number": milestone.agreement.award.number,
            "milestone": milestone.name,
            "outcome": outcome,
            "note": note,
            "grade": grade.name if grade else "",
        },
        "url": reverse("milestones:milestone", args=[milestone.pk]),
        "at": at,
    }
    kind = TO_ACKNOWLEDGE.get(outcome)
    if kind is None:
        actions.tell(**message)
        return
    title = said(_("%(kind)s：%(title)s"), kind=kind.label, title=_title(milestone))
    receipts.serve(subject=milestone, kind=kind, title=title, **message, **cause(application.call))
