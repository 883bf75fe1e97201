"""Where the 调休 table comes from: the library's years, or a file that an administrator uploads."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version

from chinese_calendar import constants as library
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from core.models import CalendarDay

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


def seed() -> int:
    """Write the library's years; a year that somebody uploaded stays as it is. Returns the rows written."""
    uploaded = set(
        CalendarDay.objects.exclude(source__startswith="chinesecalendar").values_list("date__year", flat=True)
    )
    rows = [row for row in library_rows() if row.date.year not in uploaded]
    return replace_years(rows=rows, source=LIBRARY_SOURCE)


@transaction.atomic
def replace_years(*, rows: list[Row], source: str) -> int:
    """Make `rows` all that the table says about the years they name. Returns the rows written."""
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
        items = YAML(typ="rt").load(text)
    except MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise ValidationError(_("第 %(line)s 行：不是有效的 YAML。") % {"line": line}) from fault
    except YAMLError as fault:
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
