"""Which experts owe an answer or a review: the second opinion on their deadlines."""

from notifications.models import DeadlineKind
from notifications.obligations import Obligation, register
from reviews import library, notifications
from reviews.models import Assignment, Expert
from reviews.states import AssignmentState


def _in(state):
    rows = Assignment.objects.filter(state=state)
    return rows.select_related("expert__user", "application__call__programme__department")


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.REVIEW_ANSWER,
            model=Assignment,
            owing=lambda at: _in(AssignmentState.INVITED),
            open=lambda assignment, at: notifications.open_answer(assignment, at=at),
            due=notifications.answer_by,
            dates=("reviews.Assignment.invited_at",),
        ),
        Obligation(
            kind=DeadlineKind.REVIEW_DUE,
            model=Assignment,
            owing=lambda at: _in(AssignmentState.ACCEPTED),
            open=lambda assignment, at: notifications.open_review(assignment, at=at),
            due=lambda assignment: assignment.due_at,
            dates=("reviews.Assignment.due_at",),
        ),
        Obligation(
            kind=DeadlineKind.EXPERT_UPDATE,
            model=Expert,
            owing=library.owing,
            open=lambda expert, at: library.open_one(expert, at=at),
            due=lambda expert: expert.update_due_at,
            dates=("reviews.Expert.updated_at",),
        ),
    )
