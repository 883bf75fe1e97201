"""What is owed, by urgency: by oneself, by one's project teams, by one's unit, in one's department."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.models import Membership, User
from applications.models import Application, TeamMember
from core.calendar import end_of_day, local_date
from notifications.chasing import people_owing
from notifications.models import Deadline, Obligor
from notifications.states import DeadlineState
from portal import subjects

LATE_FIRST = ("due_at", "id")
ORDER = {"done": ("-closed_at", "-id")}
"""How a tab is sorted where it is not by urgency."""


def supervises(user) -> bool:
    """Whether the person watches over obligations that others owe."""
    return bool(user.scope.sees_everything or user.scope.departments or user.scope.headed)


def views(user) -> dict[str, str]:
    """Whose obligations a person may look at, in the order of the tabs; no query."""
    found = {"mine": _("我要办理的")}
    if user.scope.units:
        found["team"] = _("团队的")
    if user.scope.admin_units:
        found["unit"] = _("本单位的")
    if supervises(user):
        found["department"] = _("处室在办的")
    return found


def owed(user, *, whose: str) -> QuerySet:
    """The open obligations of one view (`views`)."""
    if whose == "department":
        return Deadline.objects.visible_to(user).open()
    if whose == "unit":
        return _by_unit(user).open()
    if whose == "team":
        return _by_teams(user).open()
    return Deadline.objects.owed_by(user).open()


def done(user) -> QuerySet:
    return Deadline.objects.owed_by(user).exclude(state=DeadlineState.OPEN)


def _owing(wanted: Q) -> Exists:
    return Exists(Obligor.objects.filter(wanted, deadline=OuterRef("pk"), role=""))


def _by_unit(user) -> QuerySet:
    """What is owed in the name of the units that one administers, and by their people for their projects."""
    units = user.scope.admin_units
    in_its_name = Obligor.objects.filter(organisation__in=units, role="").values("deadline_id")
    members = Membership.objects.filter(organisation__in=units, is_active=True).values("user_id")
    by_its_people = subjects.deadlines(Application.objects.filter(organisation__in=units).values("pk"))
    in_person = Deadline.objects.filter(_owing(Q(user__in=members)), pk__in=by_its_people).values("pk")
    return Deadline.objects.filter(pk__in=in_its_name.union(in_person))


def _by_teams(user) -> QuerySet:
    """What the applicants' side owes about the applications and projects in whose team one is.

    What offices owe about them stays with the offices, and what a colleague owes elsewhere with them.
    """
    own = TeamMember.objects.filter(user=user).values("application_id")
    team = TeamMember.objects.filter(application__in=own).values("user_id")
    theirs = _owing(Q(organisation__in=user.scope.units) | Q(user__in=team))
    return Deadline.objects.filter(theirs, pk__in=subjects.deadlines(own))


def narrowed(rows: QuerySet, *, q: str = "", kind: str = "") -> QuerySet:
    """Those of one kind, and those whose title holds every word of `q`."""
    if kind:
        rows = rows.filter(kind=kind)
    if q:
        rows = rows.annotate(words=Cast("title", models.TextField()))
        for word in q.split():
            rows = rows.filter(words__icontains=word)
    return rows


def people_by_row(rows: list[Deadline]) -> dict[int, list[User]]:
    """Whoever owes each of these; two queries, none without rows."""
    return people_owing(rows) if rows else {}


@dataclass(frozen=True)
class Urgencies:
    overdue: int
    this_week: int
    later: int

    @property
    def all(self) -> int:
        return self.overdue + self.this_week + self.later


def end_of_week(at: datetime) -> datetime:
    """The last moment of Sunday of the week in which `at` lies, Beijing time."""
    today = local_date(at)
    return end_of_day(today + timedelta(days=6 - today.weekday()))


def urgencies(rows: QuerySet, *, at: datetime) -> Urgencies:
    """How many are overdue, due this week, due later: one query."""
    week = end_of_week(at)
    counts = rows.order_by().aggregate(
        overdue=Count("pk", filter=Q(due_at__lt=at)),
        this_week=Count("pk", filter=Q(due_at__gte=at, due_at__lte=week)),
        later=Count("pk", filter=Q(due_at__gt=week)),
    )
    return Urgencies(**counts)


@dataclass(frozen=True)
class Group:
    """Rows of the to-do list that are equally urgent."""

    code: str
    title: str
    tone: str
    rows: list[Deadline]


def by_urgency(rows: list[Deadline], *, tab: str, at: datetime) -> list[Group]:
    """The rows of one page under their headings, in the page's order; no query."""
    if tab == "done":
        return [Group("done", _("已办结"), "later", rows)] if rows else []
    week = end_of_week(at)
    groups = [
        Group("overdue", _("已逾期"), "late", [row for row in rows if row.due_at < at]),
        Group("week", _("本周到期"), "soon", [row for row in rows if at <= row.due_at <= week]),
        Group("later", _("以后到期"), "later", [row for row in rows if row.due_at > week]),
    ]
    return [group for group in groups if group.rows]
