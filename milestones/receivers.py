"""What milestones do when an agreement is prepared and when it comes into force; who reads the evidence."""

from django.db.models import Q

from milestones import actions
from milestones.models import Report


def plan(sender, *, agreement, by, at, **kwargs) -> None:
    actions.plan(agreement=agreement, by=by, at=at)


def start(sender, *, agreement, by, at, **kwargs) -> None:
    actions.start(agreement=agreement, by=by, at=at)


def evidence(user) -> Q:
    """The files of a report are for whoever may see the report."""
    return Q(
        content_type__app_label="milestones",
        content_type__model="report",
        object_id__in=Report.objects.visible_to(user).values("pk"),
    )
