"""What the portal's own pages read. Every function says how many queries it costs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from awards.models import Publicity
from awards.states import PublicityState
from core.calendar import end_of_day, local_date
from grants.models import Call, Sourcing, Topic
from grants.states import CallState, TopicState
from notifications.models import Deadline

MANY = 1000
"""Counts stop here and read "1 000+": counting all of a big table costs more than the page."""

_NEVER = datetime.fromisoformat("9999-01-01T00:00:00+08:00")


@dataclass(frozen=True)
class Capped:
    """A count that stopped at MANY."""

    number: int

    @property
    def is_more(self) -> bool:
        return self.number > MANY

    def __str__(self) -> str:
        return f"{MANY:,}+" if self.is_more else f"{self.number:,}"


def capped_count(rows: QuerySet) -> Capped:
    """One query over at most MANY + 1 rows."""
    return Capped(rows.order_by()[: MANY + 1].count())


# ---- calls ----

CALL_TABS = ("open", "coming", "closed")


def calls(user, *, tab: str, at: datetime, q: str = "", programme=None, sourcing="", instrument="") -> QuerySet:
    """Published calls of one tab: open ones by what closes first, rolling ones after them."""
    rows = Call.objects.visible_to(user).published().select_related("programme")
    rows = rows.annotate(closing=Coalesce("closes_at", Value(_NEVER)))
    if tab == "open":
        rows = rows.accepting(at)
    elif tab == "coming":
        rows = rows.filter(state=CallState.PUBLISHED, opens_at__gt=at)
    else:
        rows = rows.filter(Q(state=CallState.CLOSED) | Q(closes_at__lt=at))
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(number__icontains=q) | Q(title_en__icontains=q))
    if programme:
        rows = rows.filter(programme=programme)
    if sourcing:
        rows = rows.filter(sourcing=sourcing)
    if instrument:
        rows = rows.filter(instrument=instrument)
    return rows


CALL_ORDER = {"open": ("closing", "id"), "coming": ("opens_at", "id"), "closed": ("-opens_at", "-id")}


# ---- the board (榜单) ----

BOARD_ORDER = ("-listed_at", "-id")


def board(user) -> QuerySet:
    """The challenge items anybody may see. `owner` is named only where its demand says so."""
    return (
        Topic.objects.visible_to(user)
        .filter(call__sourcing=Sourcing.DEMAND, listed_at__isnull=False)
        .exclude(call__state=CallState.DRAFT)
        .exclude(state=TopicState.WITHDRAWN)
        .select_related("call", "owner")
    )


def board_items(user, *, q: str = "", field: str = "", state: str = "") -> QuerySet:
    rows = board(user)
    if q:
        rows = rows.filter(Q(title__icontains=q) | Q(content__icontains=q) | Q(number__icontains=q))
    if field:
        rows = rows.filter(field=field)
    if state:
        rows = rows.filter(state=state)
    return rows


def board_fields(user) -> list[str]:
    """The fields that occur on the board, one query."""
    names = board(user).exclude(field="").order_by("field").values_list("field", flat=True).distinct()
    return list(names[:100])


# ---- publicity ----

PUBLICITY_TABS = ("running", "closed")
PUBLICITY_ORDER = ("-published_at", "-id")


def publicity(user, *, tab: str) -> QuerySet:
    rows = Publicity.objects.visible_to(user).select_related("call")
    if tab == "closed":
        rows = rows.filter(state=PublicityState.CLOSED)
    else:
        rows = rows.exclude(state=PublicityState.CLOSED)
    return rows.annotate(item_count=Count("items"))


def objections_end(notice: Publicity) -> datetime:
    """The last moment of the publicity period."""
    return end_of_day(notice.ends_date)


# ---- home ----

HOME_ROWS = 5


@dataclass(frozen=True)
class HomePage:
    open_calls: list[Call]
    topics: list[Topic]
    notices: list[Publicity]
    open_call_count: Capped
    topic_count: Capped


def home(user, *, at: datetime) -> HomePage:
    """Five queries, whatever there is."""
    accepting = calls(user, tab="open", at=at)
    listed = board(user).accepting(at)
    return HomePage(
        open_calls=list(accepting.order_by(*CALL_ORDER["open"])[:HOME_ROWS]),
        topics=list(listed.order_by(*BOARD_ORDER)[:HOME_ROWS]),
        notices=list(publicity(user, tab="running").order_by(*PUBLICITY_ORDER)[:HOME_ROWS]),
        open_call_count=capped_count(accepting),
        topic_count=capped_count(listed),
    )


# ---- to-do ----

TODO_ORDER = ("due_at", "id")
TODO_TABS = ("mine", "department", "done")


def todo(user, *, tab: str) -> QuerySet:
    """Open obligations by urgency: the person's own, or what their department waits for; or what is done."""
    if tab == "department":
        return Deadline.objects.visible_to(user).open()
    if tab == "done":
        return Deadline.objects.owed_by(user).exclude(state="open")
    return Deadline.objects.owed_by(user).open()


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


def urgency_of(deadline: Deadline, *, at: datetime) -> str:
    if deadline.due_at < at:
        return "overdue"
    return "this_week" if deadline.due_at <= end_of_week(at) else "later"
