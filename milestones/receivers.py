"""What milestones do when an agreement is prepared and when it comes into force; who reads the evidence."""

from django.db.models import Q

from milestones import actions, sanctions
from milestones.models import Change, Hearing, Report, ReportDraft, Termination


def plan(sender, *, agreement, by, at, **kwargs) -> None:
    actions.plan(agreement=agreement, by=by, at=at)


def start(sender, *, agreement, by, at, **kwargs) -> None:
    actions.start(agreement=agreement, by=by, at=at)
    actions.opened(agreement=agreement, at=at)


def completed(sender, *, agreement, by, at, **kwargs) -> None:
    actions.project_ended(agreement=agreement, by=by, at=at)
    actions.terminations_fell_away(agreement=agreement, by=by, at=at)
    actions.changes_fell_away(agreement=agreement, by=by, at=at)


def ended_early(sender, *, agreement, by, at, **kwargs) -> None:
    actions.cancel_milestones(agreement=agreement, by=by, at=at)
    sanctions.ended_early(agreement=agreement, by=by, at=at)
    actions.project_ended(agreement=agreement, by=by, at=at)
    actions.changes_fell_away(agreement=agreement, by=by, at=at)


def replan(sender, *, agreement, moved, by, at, **kwargs) -> None:
    actions.replan(agreement=agreement, moved=moved, by=by, at=at)


def drafts(user) -> Q:
    """Files of evidence that is being written."""
    return Q(
        content_type__app_label="milestones",
        content_type__model="reportdraft",
        object_id__in=ReportDraft.objects.visible_to(user).values("pk"),
    )


def evidence(user) -> Q:
    """The files of a report are for whoever may see the report."""
    return Q(
        content_type__app_label="milestones",
        content_type__model="report",
        object_id__in=Report.objects.visible_to(user).values("pk"),
    )


def minutes(user) -> Q:
    """What a panel wrote is for whoever may see its opinion."""
    return Q(
        content_type__app_label="milestones",
        content_type__model="hearing",
        object_id__in=Hearing.objects.visible_to(user).values("pk"),
    )


def change_papers(user) -> Q:
    return Q(
        content_type__app_label="milestones",
        content_type__model="change",
        object_id__in=Change.objects.visible_to(user).values("pk"),
    )


def termination_papers(user) -> Q:
    return Q(
        content_type__app_label="milestones",
        content_type__model="termination",
        object_id__in=Termination.objects.visible_to(user).values("pk"),
    )
