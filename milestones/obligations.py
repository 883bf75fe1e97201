"""Which milestones, checks and opinions are owed: the second opinion on their deadlines."""

from django.db.models import Count, DateField, Exists, F, Func, OuterRef, Subquery
from django.db.models.functions import Coalesce

from awards.models import Agreement
from awards.states import AgreementState
from core import calendar
from milestones import change_clocks, extending, extension_clocks, notifications, termination_clocks
from milestones.models import Change, DemanderOpinion, Extension, Milestone, Report, Termination
from milestones.states import ChangeState, ExtensionState, MilestoneState
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, entered_at, register

PROJECT = "agreement__award__application"


def _in(*states):
    rows = Milestone.objects.filter(state__in=states, agreement__state=AgreementState.IN_FORCE)
    return rows.select_related(f"{PROJECT}__call__programme__department", f"{PROJECT}__organisation")


def _open_milestone(milestone, at):
    if milestone.state == MilestoneState.RETURNED:
        notifications.reopen_milestone(milestone, at=entered_at(milestone, milestone.state, at))
    else:
        notifications.open_milestone(milestone, at=at)


def _planned(milestone):
    """What was handed back has a clock of its own."""
    return calendar.end_of_day(milestone.due_date) if milestone.state == MilestoneState.PLANNED else None


def _last_report(milestone):
    return milestone.reports.order_by("-number").first()


def _opinions(at):
    """The latest hand-in of a milestone under check that the demand side has not judged."""
    said = DemanderOpinion.objects.filter(report=OuterRef("pk"))
    later = Report.objects.filter(milestone=OuterRef("milestone"), number__gt=OuterRef("number"))
    rows = Report.objects.filter(
        ~Exists(said),
        ~Exists(later),
        milestone__state=MilestoneState.SUBMITTED,
        milestone__needs_demander_opinion=True,
    )
    return rows.select_related(f"milestone__{PROJECT}__call__programme__department")


def _may_extend(at):
    """Running projects with an extension left, no request waiting and the last day still to come."""
    waiting = Extension.objects.open().filter(agreement=OuterRef("pk"))
    used = (
        Extension.objects.approved()
        .filter(agreement=OuterRef("pk"))
        .order_by()
        .values("agreement")
        .annotate(used=Count("pk"))
    )
    call = "award__application__call"
    rows = Agreement.objects.filter(~Exists(waiting), state=AgreementState.IN_FORCE).alias(
        used=Coalesce(Subquery(used.values("used")), 0),
        last_day=MonthsBefore(F("ends_date"), F(f"{call}__extension_notice_months")),
    )
    return rows.filter(
        used__lt=F(f"{call}__extension_times"), last_day__gte=calendar.local_date(at)
    ).select_related(f"{call}__programme__department", "award__application__organisation")


class MonthsBefore(Func):
    """A day so many months earlier, or the month's last when it is shorter."""

    template = "(%(expressions)s)::date"
    arg_joiner = " - interval '1 month' * "
    output_field = DateField()


def _requests(model):
    return model.objects.open().select_related(
        f"{PROJECT}__call__programme__department", f"{PROJECT}__organisation"
    )


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.EXTENSION,
            model=Agreement,
            owing=_may_extend,
            open=lambda agreement, at: extension_clocks.open_last_day(agreement, at=at),
            due=lambda agreement: calendar.end_of_day(extending.last_day(agreement)),
            dates=("awards.Agreement.ends_date",),
        ),
        Obligation(
            kind=DeadlineKind.EXTENSION_DECISION,
            model=Extension,
            owing=lambda at: _requests(Extension).filter(state=ExtensionState.SUBMITTED),
            open=lambda asked, at: extension_clocks.open_decision(
                asked, at=asked.unit_at or asked.submitted_at
            ),
            dates=("milestones.Extension.submitted_at", "milestones.Extension.unit_at"),
        ),
        Obligation(
            kind=DeadlineKind.EXTENSION_REVIEW,
            model=Extension,
            owing=lambda at: _requests(Extension).filter(state=ExtensionState.UNIT_REVIEW),
            open=lambda asked, at: extension_clocks.open_review(asked, at=asked.submitted_at),
            dates=("milestones.Extension.submitted_at",),
        ),
        Obligation(
            kind=DeadlineKind.CHANGE_DECISION,
            model=Change,
            owing=lambda at: _requests(Change).filter(state=ChangeState.SUBMITTED),
            open=lambda asked, at: change_clocks.open_decision(asked, at=asked.unit_at or asked.submitted_at),
            dates=("milestones.Change.submitted_at", "milestones.Change.unit_at"),
        ),
        Obligation(
            kind=DeadlineKind.CHANGE_REVIEW,
            model=Change,
            owing=lambda at: _requests(Change).filter(state=ChangeState.UNIT_REVIEW),
            open=lambda asked, at: change_clocks.open_review(asked, at=asked.submitted_at),
            dates=("milestones.Change.submitted_at",),
        ),
        Obligation(
            kind=DeadlineKind.TERMINATION_DECISION,
            model=Termination,
            owing=lambda at: _requests(Termination),
            open=lambda asked, at: termination_clocks.open_decision(asked, at=asked.submitted_at),
            dates=("milestones.Termination.submitted_at",),
        ),
        Obligation(
            kind=DeadlineKind.MILESTONE,
            model=Milestone,
            owing=lambda at: _in(MilestoneState.PLANNED, MilestoneState.RETURNED),
            open=_open_milestone,
            due=_planned,
            dates=("milestones.Milestone.due_date",),
        ),
        Obligation(
            kind=DeadlineKind.MILESTONE_CHECK,
            model=Milestone,
            owing=lambda at: _in(MilestoneState.SUBMITTED),
            open=lambda milestone, at: notifications.open_check(
                milestone, at=_last_report(milestone).submitted_at
            ),
            dates=("milestones.Report.submitted_at", "milestones.Milestone.check_by_date"),
        ),
        Obligation(
            kind=DeadlineKind.DEMANDER_OPINION,
            model=Report,
            owing=_opinions,
            open=lambda report, at: notifications.open_opinion(report, at=report.submitted_at),
            dates=("milestones.Report.submitted_at",),
        ),
    )
