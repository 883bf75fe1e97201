"""Code lists as CSV files: read with line-numbered mistakes, ready to be loaded as a dated version."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_BYTES = 2_000_000
MAX_FAULTS = 20
COLUMNS = ("code", "name", "name_en", "parent")
HEADS = {"代码": "code", "名称": "name", "英文名称": "name_en", "上级代码": "parent"}
LIMITS = {"code": 30, "name": 120, "name_en": 120, "parent": 30}
META = re.compile(r"^#\s*(name|source|valid_from)\s*[:：]\s*(.*?)\s*$")
CODE = re.compile(r"^[A-Za-z0-9._-]+$")


@dataclass(frozen=True)
class Row:
    code: str
    name: str
    name_en: str = ""
    parent: str = ""


@dataclass(frozen=True)
class CodeList:
    """What a file says; `name`, `source`, `valid_from` from its lines `# name: …`, "" or None without."""

    rows: list[Row]
    name: str = ""
    source: str = ""
    valid_from: date | None = None


def parse(data: bytes) -> CodeList:
    """Columns code, name, name_en, parent (or 代码, 名称, 英文名称, 上级代码); the first two are needed.

    Raises ValidationError with every mistake and its line.
    """
    if len(data) > MAX_BYTES:
        raise ValidationError(_("文件超过 %(size)s 字节。") % {"size": MAX_BYTES})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data[: fault.start].count(b"\n") + 1
        raise ValidationError(_("第 %(line)s 行：不是 UTF-8 编码。") % {"line": line}) from None
    meta, body, skipped = _head(text.splitlines())
    rows, faults = _rows(body, skipped)
    if faults:
        raise ValidationError(faults[:MAX_FAULTS])
    if not rows:
        raise ValidationError(_("文件里没有条目。"))
    return CodeList(rows, meta.get("name", ""), meta.get("source", ""), _day(meta.get("valid_from")))


def _head(lines: list[str]) -> tuple[dict, list[str], int]:
    """The comment lines before the table, and how many there are."""
    meta, count = {}, 0
    for line in lines:
        if not line.startswith("#"):
            break
        count += 1
        found = META.match(line)
        if found:
            meta[found[1]] = found[2]
    return meta, lines[count:], count


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError(_("启用日期应写成 2026-01-01。")) from None


def _rows(body: list[str], skipped: int) -> tuple[list[Row], list[str]]:
    reader = csv.reader(io.StringIO("\n".join(body)))
    try:
        heads = [HEADS.get(head.strip(), head.strip()) for head in next(reader, [])]
        unknown = [head for head in heads if head not in COLUMNS]
        if unknown or not {"code", "name"} <= set(heads):
            sentence = _("第 %(line)s 行：表头应为 code,name,name_en,parent（至少前两列）。")
            return [], [sentence % {"line": skipped + 1}]
        cells = [
            (skipped + reader.line_num, dict(zip(heads, row, strict=False))) for row in reader if any(row)
        ]
    except csv.Error as fault:
        return [], [_("第 %(line)s 行：%(fault)s") % {"line": skipped + reader.line_num, "fault": fault}]
    cells = [(line, {name: text.strip() for name, text in row.items()}) for line, row in cells]
    codes: dict[str, int] = {}
    faults = []
    for line, row in cells:
        faults += [_("第 %(line)s 行：%(fault)s") % {"line": line, "fault": f} for f in _faults(row, codes)]
        codes.setdefault(row.get("code", ""), line)
    for line, row in cells:
        above = row.get("parent")
        if above and (above not in codes or above == row.get("code")):
            fault = _("上级代码“%(code)s”不在表中。") % {"code": above}
            faults.append(_("第 %(line)s 行：%(fault)s") % {"line": line, "fault": fault})
    return [Row(**row) for _line, row in cells] if not faults else [], faults


def _faults(row: dict, codes: dict) -> list[str]:
    """What is wrong with one line, seen those before it."""
    found = []
    code = row.get("code", "")
    if not CODE.match(code):
        found.append(_("代码“%(code)s”只能由字母、数字、点、横线组成。") % {"code": code[:40]})
    elif code in codes:
        found.append(_("代码“%(code)s”与第 %(line)s 行重复。") % {"code": code, "line": codes[code]})
    if not row.get("name"):
        found.append(_("名称是空的。"))
    found += [
        _("“%(column)s”最多 %(limit)s 个字。") % {"column": name, "limit": LIMITS[name]}
        for name, text in row.items()
        if len(text) > LIMITS[name]
    ]
    return found
