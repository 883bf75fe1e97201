"""Which milestones, checks and opinions are owed: the second opinion on their deadlines."""

from django.db.models import Exists, OuterRef

from awards.states import AgreementState
from core import calendar
from milestones import notifications
from milestones.models import DemanderOpinion, Milestone, Report
from milestones.states import MilestoneState
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


def register_all() -> None:
    register(
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
            dates=("milestones.Report.submitted_at",),
        ),
        Obligation(
            kind=DeadlineKind.DEMANDER_OPINION,
            model=Report,
            owing=_opinions,
            open=lambda report, at: notifications.open_opinion(report, at=report.submitted_at),
            dates=("milestones.Report.submitted_at",),
        ),
    )
