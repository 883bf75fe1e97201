"""Of whom a panel is composed: the library of experts, their load, what stands in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.models import Application
from notifications.models import Deadline, DeadlineKind
from reviews.models import (
    Assignment,
    Expert,
    LibraryRule,
)
from reviews.queries.conflicts import Found, conflicts_of
from reviews.states import AssignmentState

CANDIDATE_ORDER = ("field", "id")


def year_bounds(at: datetime) -> tuple[datetime, datetime]:
    """The first moment of the calendar year of `at` and that of the next, Beijing time."""
    zone = timezone.get_default_timezone()
    year = at.astimezone(zone).year
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


def reviews_this_year(expert: Expert, *, at: datetime) -> int:
    """How many invitations of this year count against the expert's limit: those not declined or replaced."""
    start, end = year_bounds(at)
    return (
        Assignment.objects.active().filter(expert=expert, invited_at__gte=start, invited_at__lt=end).count()
    )


def experts(*, q: str = "", at: datetime) -> QuerySet:
    """The library with each expert's load: open tasks, and tasks of this year. One query."""
    counted = ~Q(assignments__state__in=[AssignmentState.DECLINED, AssignmentState.REPLACED])
    open_states = [AssignmentState.INVITED, AssignmentState.ACCEPTED]
    start, end = year_bounds(at)
    this_year = Q(assignments__invited_at__gte=start, assignments__invited_at__lt=end)
    rows = Expert.objects.filter(is_active=True).select_related("user", "organisation")
    if q:
        rows = rows.filter(
            Q(field__icontains=q) | Q(user__name__icontains=q) | Q(organisation__name__icontains=q)
        )
    return (
        rows.with_freshness(at=at)
        .annotate(
            open_count=Count("assignments", filter=Q(assignments__state__in=open_states), distinct=True),
            year_count=Count("assignments", filter=counted & this_year, distinct=True),
        )
        .order_by(*CANDIDATE_ORDER)
    )


def library_rule() -> LibraryRule | None:
    """By which day experts look at their records every year; None: they are not asked."""
    return LibraryRule.objects.first()


def update_clock(expert: Expert) -> Deadline | None:
    """The open deadline of the expert's yearly update."""
    about = ContentType.objects.get_for_model(Expert)
    rows = Deadline.objects.open().filter(content_type=about, object_id=expert.pk)
    return rows.filter(kind=DeadlineKind.EXPERT_UPDATE).first()


@dataclass(frozen=True)
class Candidate:
    """One line of the table from which a panel is composed; `obstacle` says why not."""

    expert: Expert
    open_count: int
    year_count: int
    obstacle: str


def candidates(rows: Sequence[Expert], application: Application) -> list[Candidate]:
    """Experts of one page (of `experts`) with conflicts; nine queries, however many lines."""
    found = conflicts_of(rows, application)
    asked = dict(
        Assignment.objects.filter(application=application, expert__in=rows).values_list("expert_id", "state")
    )
    return [
        Candidate(expert, expert.open_count, expert.year_count, _obstacle(expert, found[expert.pk], asked))
        for expert in rows
    ]


def _obstacle(expert: Expert, found: list[Found], asked: dict[int, str]) -> str:
    if expert.pk in asked:
        return str(AssignmentState(asked[expert.pk]).label)
    if found:
        return _("；").join(str(reason) for reason in found)
    if expert.year_count >= expert.max_per_year:
        return _("今年已达 %(limit)s 次上限") % {"limit": expert.max_per_year}
    return ""
