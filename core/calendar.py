"""Chinese working days (工作日) with 调休, and the clocks that count in them.

The table `CalendarDay` holds only the days that depart from Monday–Friday. A year that the State Council
has not announced yet (`is_announced`) holds the holidays that the law itself names, written ahead by
`calendar_table`; one without any row counts Monday–Friday. Every function reads the table with one query;
pages that ask often read a `Calendar` once with `load`.

A period of days ends with the last moment of its last day, 23:59:59.999999 in Asia/Shanghai: `at <= due`
is then exact at the precision of the database, and the moment prints as the day that the notice names.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import CalendarDay

ONE_DAY = timedelta(days=1)
SATURDAY = 5
BY_LAW = "《全国年节及纪念日放假办法》推算"
"""The source of days that were worked out ahead; the yearly notice replaces them."""
NOVEMBER = 11
"""The notice for the next year appears about then."""


class DayKind(models.TextChoices):
    """How a clock counts."""

    WORKING = "working", _("工作日")
    CALENDAR = "calendar", _("自然日")
    MONTH = "month", _("个月")
    HOUR = "hour", _("小时")


class RestDay(models.TextChoices):
    """What becomes of a period whose last day is a rest day."""

    STAYS = "stays", _("不变")
    LATER = "later", _("顺延到下一个工作日")
    EARLIER = "earlier", _("提前到上一个工作日")


@dataclass(frozen=True)
class Calendar:
    """Pure arithmetic over the days that depart from Monday–Friday (`date` → whether it works)."""

    adjusted: Mapping[date, bool] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        return self.adjusted.get(day, day.weekday() < SATURDAY)

    def working_days_between(self, first: date, last: date) -> int:
        """Working days from `first` to `last`, both counted; 0 when they are in the wrong order."""
        return sum(self.is_working(first + ONE_DAY * n) for n in range((last - first).days + 1))

    def add_days(self, start: date, days: int, *, kind: str, inclusive: bool = False) -> date:
        """The day on which a period of `days` from `start` ends.

        Not inclusive: counting begins on the day after `start`; 0 is `start` itself, and a negative
        number counts backwards. Inclusive: `start` is the first day of the period when it is of the
        counted kind. Raises ValueError for an inclusive period of less than one day.
        """
        if inclusive and days < 1:
            raise ValueError("an inclusive period has at least one day")
        if kind == DayKind.MONTH:
            return _add_months(start, days) - (ONE_DAY if inclusive else timedelta())
        if inclusive:
            start -= ONE_DAY
        if kind == DayKind.CALENDAR:
            return start + ONE_DAY * days
        if kind != DayKind.WORKING:
            raise ValueError(f"unknown kind of day: {kind}")
        return self._walk(start, days)

    def off_rest_day(self, day: date, rule: str) -> date:
        """The day itself, or the nearest working day that `rule` (a `RestDay`) names."""
        if rule == RestDay.STAYS or self.is_working(day):
            return day
        return self._walk(day, 1 if rule == RestDay.LATER else -1)

    def resumed(self, due: date, *, stopped: date, resumed: date, kind: str) -> date:
        """The last day of a period that stood still from `stopped` to `resumed`.

        The days behind `stopped` were still to come; they are counted on from the day after `resumed`.
        What was over already when it stopped stays as it was.
        """
        if due <= stopped:
            return due
        if kind == DayKind.WORKING:
            return self._walk(resumed, self.working_days_between(stopped + ONE_DAY, due))
        return resumed + (due - stopped)

    def _walk(self, day: date, days: int) -> date:
        step = ONE_DAY if days > 0 else -ONE_DAY
        left = abs(days)
        while left:
            day += step
            left -= self.is_working(day)
        return day


def load(first: date | None = None, last: date | None = None) -> Calendar:
    """Read the table from `first` to `last` (both included, open when None) in one query."""
    rows = CalendarDay.objects.order_by()
    if first:
        rows = rows.filter(date__gte=first)
    if last:
        rows = rows.filter(date__lte=last)
    return Calendar(dict(rows.values_list("date", "is_working")))


def is_working(day: date) -> bool:
    return load(day, day).is_working(day)


def working_days_between(first: date, last: date) -> int:
    """Working days from `first` to `last`, both counted."""
    return load(first, last).working_days_between(first, last)


def add_days(start: date, days: int, *, kind: str = DayKind.WORKING, inclusive: bool = False) -> date:
    """The day on which a period ends; see `Calendar.add_days`."""
    if kind != DayKind.WORKING:
        return Calendar().add_days(start, days, kind=kind, inclusive=inclusive)
    # Open-ended, because how far the walk goes depends on what the table says; few rows lie ahead.
    calendar = load(last=start) if days < 0 else load(first=start)
    return calendar.add_days(start, days, kind=kind, inclusive=inclusive)


def local_date(at: datetime) -> date:
    """The date of a moment in Asia/Shanghai, whatever zone the person has set."""
    return at.astimezone(timezone.get_default_timezone()).date()


def end_of_day(day: date) -> datetime:
    """The last moment of a day, aware; a person is in time when `at <= end_of_day(day)`."""
    return datetime.combine(day, time.max, tzinfo=timezone.get_default_timezone())


def due(at: datetime, days: int, *, kind: str = DayKind.WORKING, inclusive: bool = False) -> datetime:
    """The last moment of a period of `days` that the moment `at` starts; hours run to the minute."""
    if kind == DayKind.HOUR:
        return at + timedelta(hours=days)
    return end_of_day(add_days(local_date(at), days, kind=kind, inclusive=inclusive))


def off_rest_day(due_at: datetime, rule: str) -> datetime:
    """The same time of the day that `rule` (a `RestDay`) names when `due_at` falls on a rest day."""
    if rule == RestDay.STAYS:
        return due_at
    day = local_date(due_at)
    return due_at + (load().off_rest_day(day, rule) - day)


def resumed(due_at: datetime, *, stopped_at: datetime, resumed_at: datetime, kind: str) -> datetime:
    """When a period ends that stood still for a while; see `Calendar.resumed`. Hours go on to the minute."""
    if kind == DayKind.HOUR:
        return due_at + (resumed_at - stopped_at) if due_at > stopped_at else due_at
    day, stopped = local_date(due_at), local_date(stopped_at)
    moved = load(first=stopped).resumed(day, stopped=stopped, resumed=local_date(resumed_at), kind=kind)
    return due_at + (moved - day)


def is_announced(year: int) -> bool:
    """Whether the table holds the State Council's notice for a year; if not, what the law names."""
    return CalendarDay.objects.filter(date__year=year).exclude(source=BY_LAW).exists()


def awaited(today: date) -> int | None:
    """The year whose table has to be uploaded: this one, or from November on the next; None when it is."""
    years = [today.year, today.year + 1] if today.month >= NOVEMBER else [today.year]
    known = CalendarDay.objects.filter(date__year__gte=years[0], date__year__lte=years[-1])
    announced = {day.year for day in known.exclude(source=BY_LAW).dates("date", "year")}
    return next((year for year in years if year not in announced), None)


def _add_months(start: date, months: int) -> date:
    """The same day so many months on, or the month's last when it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
