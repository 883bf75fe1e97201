"""Overdue annual reports, for the rules of calls: by unit and by the leader of the project. Two queries."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.contenttypes.models import ContentType

from applications.models import Participant, ParticipantRole
from applications.queries.reports import Late
from core.calendar import local_date
from milestones.models import Kind, Milestone
from notifications.models import Deadline, DeadlineKind

APPLICATION = "agreement__award__application"


def late_reports(*, units: Collection[int], numbers: Collection[str], at: datetime) -> Late:
    """What counts is the deadline as it stands: set anew when a report was handed back, or standing still."""
    leaders = Participant.objects.current().filter(role=ParticipantRole.PI, person_key__in=numbers)
    projects = dict(leaders.values_list("application_id", "person_key")) if numbers else {}
    reports = Milestone.objects.filter(kind=Kind.ANNUAL)
    reports = reports.filter(**{f"{APPLICATION}__organisation__in": units}) | reports.filter(
        **{f"{APPLICATION}__in": projects}
    )
    clocks = Deadline.objects.open().filter(
        content_type=ContentType.objects.get_for_model(Milestone),
        kind=DeadlineKind.MILESTONE,
        suspended_at=None,
        due_at__lt=at,
        object_id__in=reports.order_by().values("pk"),
    )
    due = dict(clocks.values_list("object_id", "due_at"))
    found, today = Late(), local_date(at)
    names = (f"{APPLICATION}__organisation_id", f"{APPLICATION}_id")
    for pk, unit, application in Milestone.objects.filter(pk__in=due).values_list("pk", *names):
        days = (today - local_date(due[pk])).days
        found.of_units[unit] = max(days, found.of_units.get(unit, 0))
        if number := projects.get(application):
            found.of_people[number] = max(days, found.of_people.get(number, 0))
    return found
