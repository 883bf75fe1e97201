"""Where the 调休 table comes from: the library's years, or a file that an administrator uploads.

For the years behind them the holidays are worked out from the law, so that a deadline of next year can be
counted before the State Council's notice; when that is uploaded, what was counted is counted anew.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version

from chinese_calendar import constants as library
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable

from core import calendar, plain_yaml
from core.models import CalendarDay
from core.signals import calendar_changed
from core.workflow import Lost

AHEAD = 10
"""So many years behind the last one announced are worked out."""
LIBRARY_SOURCE = f"chinesecalendar {version('chinesecalendar')}"
HOLIDAY_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年",
}
COLUMNS = {
    "日期": "date",
    "上班": "working",
    "节日": "name",
    "date": "date",
    "working": "working",
    "name": "name",
}
WORDS = {
    "是": True,
    "班": True,
    "true": True,
    "1": True,
    "否": False,
    "休": False,
    "false": False,
    "0": False,
}
MAX_BYTES = 200_000
PATIENCE = 20
GIVES_WAY = "500ms"
"""Sooner than PostgreSQL looks for a deadlock: who changes the table steps back, not who works with it."""


@dataclass(frozen=True)
class Row:
    date: date
    is_working: bool
    name: str = ""


def library_rows() -> list[Row]:
    """Every day of the library that departs from Monday–Friday, holidays at weekends included."""
    days = dict.fromkeys(library.holidays, False) | dict.fromkeys(library.workdays, True)
    names = {**library.holidays, **library.workdays}
    return [
        Row(day, working, HOLIDAY_NAMES.get(names[day], names[day])) for day, working in sorted(days.items())
    ]


def law_rows(first: int, last: int) -> list[Row]:
    """The holidays of these years as the law names them, made up on working days where they fall on rest
    days; which weekends are worked in exchange only the notice says."""
    # Wanted only when a table is written: it is large, and every process would wait for it at its start.
    from holidays import country_holidays  # noqa: PLC0415

    found = country_holidays("CN", years=range(first, last + 1), language="zh_CN")
    return [
        Row(day, False, name.replace("; ", "、"))
        for day, name in sorted(found.items())
        if first <= day.year <= last
    ]


def seed(*, at: datetime | None = None) -> int:
    """Write the library's years and, behind the last one announced, those that follow from the law.

    A year that somebody uploaded stays as it is. Returns the rows written.
    """
    with changing(source=LIBRARY_SOURCE, by=None, at=at or timezone.now()):
        others = CalendarDay.objects.exclude(source__startswith="chinesecalendar").exclude(
            source=calendar.BY_LAW
        )
        uploaded = set(others.values_list("date__year", flat=True))
        rows = [row for row in library_rows() if row.date.year not in uploaded]
        written = _write(rows, LIBRARY_SOURCE)
        announced = CalendarDay.objects.exclude(source=calendar.BY_LAW)
        last = announced.aggregate(last=Max("date__year"))["last"]
        return written + _write(law_rows(last + 1, last + AHEAD), calendar.BY_LAW)


@dataclass
class Moved:
    """How many dates a change of the table moved; known when it is made."""

    dates: int = 0


@contextmanager
def changing(*, source: str, by, at: datetime) -> Iterator[Moved]:
    """Around every change of the table: what was counted by it is counted anew in the same transaction.

    Raises Lost when others work with it, or with what it counts, all the while.
    """
    moved = Moved()
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One change after the other: each must find the dates as the one before left them.
            cursor.execute("LOCK TABLE core_calendarday IN SHARE ROW EXCLUSIVE MODE")
        before = calendar.load()
        yield moved
        after = calendar.load()
        days = {
            day
            for day in before.adjusted.keys() | after.adjusted.keys()
            if before.is_working(day) != after.is_working(day)
        }
        if days:
            told = {"before": before, "after": after, "days": days, "source": source, "by": by, "at": at}
            _hold_table()
            try:
                moved.dates = sum(n for _receiver, n in calendar_changed.send(sender=CalendarDay, **told))
            except OperationalError as error:
                raise _busy(error) from error


def _hold_table() -> None:
    """Wait for whoever has counted by the old table, and let the others wait until the new one is there.

    A deadline is opened in the transaction that read the table for it. So behind this each one either stands
    and is counted anew, or will be counted by the new table. Gives way again and again: pages do not queue.
    """
    for tries_left in reversed(range(PATIENCE)):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{GIVES_WAY}'")
                cursor.execute("LOCK TABLE core_calendarday IN ACCESS EXCLUSIVE MODE")
            return
        except OperationalError as error:
            if not tries_left or not isinstance(error.__cause__, LockNotAvailable):
                raise _busy(error) from error


def _busy(error: OperationalError) -> Exception:
    """The sentence for what somebody else holds; any other fault as it is."""
    if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
        return error
    return Lost(_("此刻正有人办理按工作日计算的事项，工作日历没有更改，请稍后再试。"), code="lost")


def replace_years(*, rows: list[Row], source: str, by=None, at: datetime | None = None) -> Moved:
    """Make `rows` all that the table says about the years they name. Returns how many dates it moved."""
    with changing(source=source, by=by, at=at or timezone.now()) as moved:
        _write(rows, source)
    return moved


def _write(rows: list[Row], source: str) -> int:
    days = {row.date for row in rows}
    years = {day.year for day in days}
    CalendarDay.objects.filter(date__year__in=years).exclude(date__in=days).delete()
    CalendarDay.objects.bulk_create(
        [CalendarDay(date=row.date, is_working=row.is_working, name=row.name, source=source) for row in rows],
        update_conflicts=True,
        unique_fields=["date"],
        update_fields=["is_working", "name", "source"],
    )
    return len(rows)


def parse(content: bytes, *, file_name: str) -> list[Row]:
    """Read an uploaded CSV or YAML table. Raises ValidationError with one sentence a faulty line."""
    if len(content) > MAX_BYTES:
        raise ValidationError(_("文件超过 200 KB：工作日历表一年只有几十行。"))
    text = _decode(content)
    if file_name.lower().endswith((".yaml", ".yml")):
        lines = _yaml_lines(text)
    elif file_name.lower().endswith(".csv"):
        lines = _csv_lines(text)
    else:
        raise ValidationError(_("只接受 .csv 或 .yaml 文件。"))
    rows, faults = {}, []
    for number, values in lines:
        try:
            row = _row(values)
            if row.date in rows:
                raise ValueError(_("日期 %(date)s 重复") % {"date": row.date})
            rows[row.date] = row
        except ValueError as fault:
            faults.append(_("第 %(line)s 行：%(fault)s。") % {"line": number, "fault": fault})
    if faults:
        raise ValidationError(faults[:20])
    if not rows:
        raise ValidationError(_("表中没有任何日期。"))
    return list(rows.values())


def _decode(content: bytes) -> str:
    # Excel on a Chinese Windows writes CSV in GB 18030.
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError(_("文件编码无法识别：请用 UTF-8 保存。"))


def _csv_lines(text: str) -> Iterator[tuple[int, dict]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [COLUMNS.get(cell.strip().lower()) for cell in next(reader, [])]
    if not {"date", "working"} <= set(header):
        raise ValidationError(_("第 1 行：表头应为“日期,上班,节日”。"))
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, {key: cell for key, cell in zip(header, cells, strict=False) if key}
    except csv.Error as fault:
        raise ValidationError(
            _("第 %(line)s 行：不是有效的 CSV（%(fault)s）。") % {"line": reader.line_num, "fault": fault}
        ) from fault


def _yaml_lines(text: str) -> Iterator[tuple[int, dict]]:
    try:
        items = plain_yaml.load(text)
    except plain_yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise ValidationError(_("第 %(line)s 行：不是有效的 YAML。") % {"line": line}) from fault
    except plain_yaml.YAMLError as fault:
        raise ValidationError(_("第 1 行：不是有效的 YAML。")) from fault
    if not isinstance(items, list):
        raise ValidationError(_("第 1 行：应为列表，每项写 date、working、name。"))
    for index, item in enumerate(items):
        line = items.lc.item(index)[0] + 1
        yield line, {COLUMNS.get(str(k)): v for k, v in item.items()} if isinstance(item, dict) else {}


def _row(values: dict) -> Row:
    """Raises ValueError with the fault as a clause, without the line."""
    written, working = str(values.get("date") or "").strip(), values.get("working")
    try:
        day = date.fromisoformat(written.replace("/", "-"))
    except ValueError:
        raise ValueError(_("日期“%(value)s”应写作 2027-01-01") % {"value": written}) from None
    word = str("" if working is None else working).strip().lower()
    if word not in WORDS:
        raise ValueError(_("“上班”一栏“%(value)s”应写“是”或“否”") % {"value": word})
    name = str(values.get("name") or "").strip()
    if len(name) > 40:
        raise ValueError(_("节日名称超过 40 个字"))
    return Row(day, WORDS[word], name)
