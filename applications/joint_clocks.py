"""Until when an office says that it joins a recommendation (会同推荐)."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role
from applications import notifications
from applications.models import JointOpinion
from applications.states import ApplicationState
from grants.models import StageKind
from grants.queries import cause, stages_of
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said

KIND = DeadlineKind.JOINT_RECOMMENDATION


def opened(joint: JointOpinion, *, at) -> None:
    """By the end of the step of recommending."""
    application = joint.application
    stage = next(row for row in stages_of(application.call) if row.kind == StageKind.RECOMMENDATION)
    due = notifications.stage_due(application, stage, at=at)
    actions.open_deadline(
        subject=joint,
        kind=KIND,
        title=said(_("会同推荐：%(title)s"), title=application.title),
        url=notifications.desk_of(application, ApplicationState.RECOMMENDATION),
        due_at=due.at,
        explanation=by_clause(due.explanation, joint.clause) if joint.clause else due.explanation,
        clock=due.clock,
        owed_by=[Owes(role=Role.RECOMMENDER, organisation=joint.organisation, is_named=True)],
        at=at,
        **cause(application.call),
    )


def told(joint: JointOpinion, *, at) -> None:
    application = joint.application
    people = User.objects.filter(
        role_assignments__role=Role.RECOMMENDER,
        role_assignments__organisation=joint.organisation,
        role_assignments__is_active=True,
        is_active=True,
    )
    actions.tell(
        recipients=list(people.distinct()),
        template="applications/to_review",
        context={
            "title": str(application),
            "number": application.number,
            "unit": application.organisation.name,
            "call": application.call.title,
            "stage": str(KIND.label),
        },
        url=reverse("applications:recommendation", args=[application.pk]),
        at=at,
    )


def done(joint: JointOpinion, *, by, at) -> None:
    actions.meet_deadline(subject=joint, kind=KIND, by=by, at=at)


def dropped(joint: JointOpinion, *, by, at) -> None:
    actions.cancel_deadline(subject=joint, kind=KIND, by=by, at=at)
