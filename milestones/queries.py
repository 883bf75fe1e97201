"""What lists and pages of milestones read."""

from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from core.calendar import end_of_day, local_date
from documents.models import Document
from milestones.models import Acceptance, DemanderOpinion, Milestone, Report
from milestones.states import MilestoneState


def latest_number(milestone: Milestone) -> int:
    return Report.objects.filter(milestone=milestone).aggregate(last=Max("number"))["last"] or 0


def with_project(milestones: QuerySet) -> QuerySet:
    """Everything a line about a milestone names, in the same query."""
    return milestones.select_related(
        "agreement__award__application__organisation",
        "agreement__award__application__topic",
        "agreement__award__application__call__programme",
    )


def with_milestone(reports: QuerySet) -> QuerySet:
    """The same for a hand-in."""
    return reports.select_related(
        "milestone__agreement__award__application__organisation",
        "milestone__agreement__award__application__topic",
        "milestone__agreement__award__application__call__programme",
        "submitted_by",
    )


def latest_report(milestone: Milestone) -> Report | None:
    return with_milestone(Report.objects.filter(milestone=milestone)).order_by("-number").first()


class HandIn:
    """One hand-in with everything said about it."""

    def __init__(self, report: Report, *, indicators, files, opinion, acceptance):
        self.report, self.files, self.opinion, self.acceptance = report, files, opinion, acceptance
        self.values = [(indicator, report.values.get(str(indicator.pk), "")) for indicator in indicators]


def hand_ins(milestone: Milestone, user) -> list[HandIn]:
    """The history of a milestone, latest first, with the files that `user` may read: five queries."""
    reports = list(Report.objects.filter(milestone=milestone).select_related("submitted_by"))
    indicators = list(milestone.indicators.all())
    keys = [report.pk for report in reports]
    opinions = {
        said.report_id: said for said in DemanderOpinion.objects.filter(report__in=keys).select_related("by")
    }
    conclusions = {
        said.report_id: said for said in Acceptance.objects.filter(report__in=keys).select_related("by")
    }
    files: dict[int, list[Document]] = {}
    for document in Document.objects.filter(
        content_type__app_label="milestones", content_type__model="report", object_id__in=keys
    ).visible_to(user):
        files.setdefault(document.object_id, []).append(document)
    return [
        HandIn(
            report,
            indicators=indicators,
            files=files.get(report.pk, []),
            opinion=opinions.get(report.pk),
            acceptance=conclusions.get(report.pk),
        )
        for report in reports
    ]


DEVIATION_LIMIT = timedelta(days=30)


def light(milestone: Milestone, *, at: datetime) -> str:
    """Plan against fact: "good" accepted or in time, "wait" up to 30 days late, "bad" later or failed."""
    if milestone.state == MilestoneState.FAILED:
        return "bad"
    until = milestone.accepted_at or at
    late = until - end_of_day(milestone.due_date)
    if late <= timedelta(0):
        return "good"
    return "wait" if late <= DEVIATION_LIMIT else "bad"


def is_overdue(milestone: Milestone, *, at: datetime) -> bool:
    """Whether the team still owes the evidence after the planned day."""
    return milestone.state in (
        MilestoneState.PLANNED,
        MilestoneState.RETURNED,
    ) and milestone.due_date < local_date(at)
