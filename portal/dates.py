"""Deadlines by the day: the month view, a project's dates, the overdue ladder, and the calendars of each."""

from calendar import Calendar as Months
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event
from rustpy_xlsxwriter import FastExcel

from applications.models import Application
from awards.models import Agreement
from core import calendar
from notifications.chasing import people_owing
from notifications.models import CalendarFeed, Deadline
from notifications.queries import absolute
from portal import owing, subjects
from portal.exporting import plain

MOST = 500
PER_DAY = 4


def of_month(user, *, whose: str, first: date, last: date) -> QuerySet:
    """What is open and due between two days, in one of `owing.views`."""
    begin = calendar.end_of_day(first - timedelta(days=1))
    return (
        owing.owed(user, whose=whose)
        .filter(due_at__gt=begin, due_at__lte=calendar.end_of_day(last))
        .order_by("due_at", "id")
    )


@dataclass(frozen=True)
class Day:
    date: date
    in_month: bool
    is_working: bool
    is_today: bool
    rows: list[Deadline]
    more: int


def month(user, *, whose: str, year: int, number: int, at: datetime) -> list[list[Day]]:
    """The weeks of a month, Monday first; two queries."""
    weeks = Months().monthdatescalendar(year, number)
    first, last = weeks[0][0], weeks[-1][-1]
    by_day: dict[date, list[Deadline]] = defaultdict(list)
    for deadline in of_month(user, whose=whose, first=first, last=last)[:MOST]:
        by_day[calendar.local_date(deadline.due_at)].append(deadline)
    table, today = calendar.load(first, last), calendar.local_date(at)
    return [
        [
            Day(
                date=day,
                in_month=day.month == number,
                is_working=table.is_working(day),
                is_today=day == today,
                rows=by_day[day][:PER_DAY],
                more=max(0, len(by_day[day]) - PER_DAY),
            )
            for day in week
        ]
        for week in weeks
    ]


def of_project(agreement: Agreement) -> QuerySet:
    """What is open about a project: its application, agreement, milestones, requests, money and share."""
    own = Application.objects.filter(pk=agreement.award.application_id).values("pk")
    return Deadline.objects.open().filter(pk__in=subjects.deadlines(own))


def address_of(user, agreement: Agreement | None = None) -> str:
    """The secret address of one's calendar, or of a project's; "" before it was made. One query."""
    about = agreement and ContentType.objects.get_for_model(agreement)
    feeds = CalendarFeed.objects.filter(user=user)
    feeds = feeds.filter(content_type=about, object_id=agreement and agreement.pk)
    token = feeds.values_list("token", flat=True).first()
    return absolute(reverse("portal:own_calendar", args=[token])) if token else ""


def ics(feed: CalendarFeed) -> bytes:
    """The calendar behind a secret address, in the language of its owner."""
    if feed.content_type_id:
        agreement = Agreement.objects.visible_to(feed.user).filter(pk=feed.object_id).first()
        rows = of_project(agreement) if agreement else Deadline.objects.none()
        name = str(agreement.award.application) if agreement else ""
    else:
        rows, name = Deadline.objects.owed_by(feed.user).open(), ""
    made = Calendar()
    with translation.override(feed.user.language):
        made.add("prodid", "-//Jiebang//deadlines//ZH")
        made.add("version", "2.0")
        made.add("x-wr-calname", name or _("揭榜：我的期限"))
        made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
        for deadline in rows.order_by("due_at", "id")[:MOST]:
            made.add_component(_event(deadline))
    return made.to_ical()


def _event(deadline: Deadline) -> Event:
    event = Event()
    event.add("uid", f"deadline-{deadline.pk}@jiebang")
    event.add("summary", f"{deadline.get_kind_display()}：{deadline.title}")
    event.add("dtstart", deadline.due_at.astimezone(timezone.get_default_timezone()))
    event.add("dtstamp", deadline.opened_at)
    event.add("url", absolute(deadline.url))
    event.add("description", f"{deadline.explanation}\n{absolute(deadline.url)}")
    event.add("transp", "TRANSPARENT")
    return event


# ---- the ladder ----


def overdue(user, *, rung: int, at: datetime) -> QuerySet:
    """What others owe and did not do in time, at least `rung` days late."""
    late = at - timedelta(days=rung)
    return Deadline.objects.visible_to(user).open().filter(due_at__lt=late, suspended_at=None)


def phone_list(deadlines: Iterable[Deadline], *, at: datetime) -> bytes:
    """Whom to call about what is overdue, one row per person and obligation; three queries."""
    deadlines = list(deadlines)
    people = people_owing(deadlines)
    rows = [
        {
            _("事项"): str(deadline.get_kind_display()),
            _("内容"): plain(str(deadline.title)),
            _("到期"): f"{timezone.localtime(deadline.due_at):%Y-%m-%d %H:%M}",
            _("逾期天数"): (at - deadline.due_at).days,
            _("期限依据"): plain(str(deadline.explanation)),
            _("姓名"): plain(person.name),
            _("手机"): person.phone,
            _("邮箱"): plain(person.email),
        }
        for deadline in deadlines
        for person in people[deadline.pk]
    ]
    body = BytesIO()
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book.sheet(_("逾期催办"), rows or [{_("内容"): ""}]).save()
    return body.getvalue()
