"""Who of the expert library owes this year's update, and what happens when it is given or due.

Reconciled by the clock in a few statements, however large the library (`follow`); what the expert does
closes the deadline in the same transaction (`actions.update_record`).
"""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import DateTimeField, Exists, OuterRef, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from core import workflow
from notifications import actions
from notifications.models import Deadline, DeadlineKind, Obligor
from notifications.states import DeadlineState
from notifications.wording import by_clause, said
from reviews.models import Expert, LibraryRule
from reviews.yearly import Round

KIND = DeadlineKind.EXPERT_UPDATE


def owing(at: datetime) -> QuerySet[Expert]:
    """Experts in the library who have not looked at their record since the running round began."""
    rule = LibraryRule.objects.first()
    now = rule and rule.running(at)
    if not now:
        return Expert.objects.none()
    rows = Expert.objects.filter(is_active=True, updated_at__lte=now.opens_at)
    return rows.annotate(update_due_at=Value(now.due_at, DateTimeField())).select_related("user")


@transaction.atomic
def follow(*, by, at: datetime) -> int:
    """Bring every deadline to the rule and the library as they are. Returns how many were opened."""
    # One at a time: two runs would open the same deadlines.
    rule = LibraryRule.objects.select_for_update().first()
    _close_surplus(by=by, at=at)
    now = rule and rule.running(at)
    if not now:
        return 0
    _clocks().exclude(due_at=now.due_at).update(due_at=now.due_at, explanation=_explain(rule, now))
    running = _clocks().filter(object_id=OuterRef("pk"))
    missing = owing(at).filter(~Exists(running)).order_by("pk").select_for_update(of=("self",))
    return _open(list(missing), rule, now, at=at)


def _clocks() -> QuerySet[Deadline]:
    about = ContentType.objects.get_for_model(Expert)
    return Deadline.objects.open().filter(kind=KIND, content_type=about)


def _close_surplus(*, by, at: datetime) -> None:
    """Whoever left the library owes nothing; nobody does when the rule is gone. What is over, lapses."""
    surplus = _clocks().filter(due_at__gte=at).exclude(object_id__in=owing(at).order_by().values("pk"))
    for deadline in surplus:
        workflow.move(deadline, DeadlineState.CANCELLED, by=by, at=at, closed_at=at, suspended_at=None)


def _explain(rule: LibraryRule, now: Round):
    return by_clause(said(_("专家库资料每年集中更新，今年截至 %(date)s"), date=now.due_date), rule.clause)


def _open(experts: Iterable[Expert], rule: LibraryRule, now: Round, *, at: datetime) -> int:
    explanation, title = _explain(rule, now), said(_("更新或确认专家库资料"))
    opened = Deadline.objects.bulk_create(
        (
            Deadline(
                subject=expert,
                kind=KIND,
                title=title,
                url=reverse("reviews:record"),
                due_at=now.due_at,
                explanation=explanation,
                opened_at=at,
            )
            for expert in experts
        ),
        batch_size=1000,
    )
    users = {expert.pk: expert.user for expert in experts}
    Obligor.objects.bulk_create(
        (Obligor(deadline=deadline, user=users[deadline.object_id]) for deadline in opened), batch_size=1000
    )
    return len(opened)


def open_one(expert: Expert, *, at: datetime) -> None:
    """What `deadlines mend` opens."""
    rule = LibraryRule.objects.first()
    _open([expert], rule, rule.running(at), at=at)


def updated(expert: Expert, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=expert, kind=KIND, by=by, at=at)
