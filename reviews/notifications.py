"""What reviewers and demanders owe, and what they are told. Invitations never name a project."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import Membership, User
from applications.models import Application
from core import calendar
from grants.models import Topic
from grants.queries import cause
from notifications import actions as deadlines
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said
from reviews import queries
from reviews.models import Assignment

KINDS = (DeadlineKind.REVIEW_ANSWER, DeadlineKind.REVIEW_DUE)


def desk_url(assignment: Assignment) -> str:
    return reverse("admin:reviews_assignment_change", args=[assignment.pk])


def panel_url(application: Application) -> str:
    return reverse("admin:reviews_panel_change", args=[application.pk])


def _open(assignment: Assignment, kind, *, due_at, days: int, clause: str, at) -> None:
    told = {"date": calendar.local_date(assignment.invited_at), "days": days}
    explanation = said(_("自 %(date)s 邀请起 %(days)s 个工作日内"), **told)
    if due_at < calendar.due(assignment.invited_at, days):
        text = _("自 %(date)s 邀请起 %(days)s 个工作日内，不晚于评审环节 %(until)s 截止")
        explanation = said(text, **told, until=calendar.local_date(due_at))
    deadlines.open_deadline(
        subject=assignment,
        kind=kind,
        title=assignment.application.number,
        url=desk_url(assignment),
        due_at=due_at,
        explanation=by_clause(explanation, clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(user=assignment.expert.user)],
        at=at,
        **cause(assignment.application.call),
    )


def answer_by(assignment: Assignment):
    scheme = queries.scheme_of(assignment.application.call)
    return min(calendar.due(assignment.invited_at, scheme.answer_days), assignment.due_at)


def open_answer(assignment: Assignment, *, at) -> None:
    scheme = queries.scheme_of(assignment.application.call)
    _open(
        assignment,
        DeadlineKind.REVIEW_ANSWER,
        due_at=answer_by(assignment),
        days=scheme.answer_days,
        clause=scheme.clause,
        at=at,
    )


def open_review(assignment: Assignment, *, at) -> None:
    scheme = queries.scheme_of(assignment.application.call)
    _open(
        assignment,
        DeadlineKind.REVIEW_DUE,
        due_at=assignment.due_at,
        days=scheme.review_days,
        clause=scheme.clause,
        at=at,
    )


def invited(assignment: Assignment, *, at) -> None:
    open_answer(assignment, at=at)
    deadlines.tell(
        recipients=[assignment.expert.user],
        template="reviews/invited",
        context={
            "answer_by": answer_by(assignment).isoformat(),
            "due_at": assignment.due_at.isoformat(),
        },
        url=desk_url(assignment),
        at=at,
    )


def accepted(assignment: Assignment, *, by, at) -> None:
    deadlines.meet_deadline(subject=assignment, kind=DeadlineKind.REVIEW_ANSWER, by=by, at=at)
    open_review(assignment, at=at)


def declined(assignment: Assignment, *, by, at, reason: str) -> None:
    """The answer is given; a due review falls away; whoever invited must find another."""
    deadlines.meet_deadline(subject=assignment, kind=DeadlineKind.REVIEW_ANSWER, by=by, at=at)
    deadlines.cancel_deadline(subject=assignment, kind=DeadlineKind.REVIEW_DUE, by=by, at=at)
    _tell_inviter(assignment, "declined", at=at, reason=reason)


def dropped(assignment: Assignment, *, by, at) -> None:
    """Nothing is owed any more: the expert was replaced, or the application left the review."""
    for kind in KINDS:
        deadlines.cancel_deadline(subject=assignment, kind=kind, by=by, at=at)


def replaced(assignment: Assignment, *, by, at) -> None:
    dropped(assignment, by=by, at=at)
    deadlines.tell(
        recipients=[assignment.expert.user],
        template="reviews/replaced",
        context={"number": assignment.application.number},
        at=at,
    )


def submitted(assignment: Assignment, *, by, at) -> None:
    deadlines.meet_deadline(subject=assignment, kind=DeadlineKind.REVIEW_DUE, by=by, at=at)
    now = queries.result(assignment.application)
    if now.needs_one_more and now.submitted < now.required and now.submitted == now.active:
        _tell_inviter(assignment, "spread", at=at, spread=str(now.spread))
    elif now.is_complete:
        _tell_inviter(assignment, "complete", at=at, total=str(now.total))


def _tell_inviter(assignment: Assignment, name: str, *, at, **words) -> None:
    application = assignment.application
    deadlines.tell(
        recipients=[assignment.invited_by],
        template=f"reviews/{name}",
        context={
            "number": application.number,
            "title": application.title,
            "expert": assignment.expert.user.name,
            **words,
        },
        url=panel_url(application),
        at=at,
    )


# ---- the demander ----


def _people_of(topic: Topic) -> list[User]:
    members = Membership.objects.filter(organisation_id=topic.owner_id, is_active=True)
    return list(User.objects.filter(pk__in=members.values("user_id"), is_active=True).order_by("pk"))


def bids_closed(topic: Topic, *, bids: int, at) -> None:
    if topic.owner_id:
        deadlines.tell(
            recipients=_people_of(topic),
            template="reviews/bids_closed" if bids else "reviews/no_bids",
            context={"number": topic.number, "title": topic.title, "bids": bids},
            url=reverse("portal:topic", args=[topic.pk]),
            at=at,
        )
