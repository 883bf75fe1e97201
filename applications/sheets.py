"""Tables filled in Excel: a template to download, and what came back, cell by cell.

Nothing is stored while one cell is wrong; every fault names its cell. Formulas are refused: what they say
depends on the program that opens them.
"""

import io
import re
import zipfile
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from core.workflow import Refused

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_BYTES = 2 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024
MOST_ROWS = 500
MOST_COLUMNS = 60
MOST_FAULTS = 50
MOST_CHOICES = 250
"""Characters of all choices: Excel takes no longer list in a cell's validation."""


class Head(NamedTuple):
    """One column: its code, the words at its top, what may be chosen, what is said about it."""

    code: str
    label: str
    choices: tuple[str, ...] = ()
    hint: str = ""
    is_required: bool = False


class Row(NamedTuple):
    """A row as it was typed: code → text; `letters` are those of the columns."""

    number: int
    values: dict[str, str]
    letters: dict[str, str]
    faults: dict[str, str]
    """What is wrong with a cell, by its code."""

    def say(self, code: str, sentence: str) -> None:
        """What is wrong with one cell, filled or not; the first sentence about it stays."""
        cell = f"{self.letters.get(code, '')}{self.number}"
        self.faults.setdefault(code, _("%(cell)s：%(fault)s") % {"cell": cell, "fault": sentence})


def template(
    title: str, heads: list[Head], rows: Iterable[dict[str, str]], *, most: int = MOST_ROWS
) -> bytes:
    """A workbook with one sheet to fill and one that says how."""
    book = Workbook()
    sheet = book.active
    sheet.title = _("填写")
    for number, head in enumerate(heads, start=1):
        cell = sheet.cell(1, number, _plain(head.label))
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = max(14, min(40, 2 * len(head.label) + 4))
        # Text keeps codes of eighteen figures as they are.
        sheet.column_dimensions[letter].number_format = "@"
        if head.choices and sum(len(choice) + 1 for choice in head.choices) < MOST_CHOICES:
            listed = ",".join(choice.replace(",", "，") for choice in head.choices)
            offered = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
            offered.add(f"{letter}2:{letter}{most + 1}")
            sheet.add_data_validation(offered)
    for line, row in enumerate(rows, start=2):
        for number, head in enumerate(heads, start=1):
            sheet.cell(line, number).value = _plain(row.get(head.code, "")) or None
            sheet.cell(line, number).number_format = "@"
    sheet.freeze_panes = "A2"
    _explain(book, title, heads, most)
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


def _plain(text) -> str:
    """Never a formula, whatever somebody typed."""
    text = str(text if text is not None else "")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _explain(book, title, heads, most):
    sheet = book.create_sheet(_("说明"))
    sheet.append([_plain(title)])
    sheet.append([_("每行一项，不要改动第一行；不要使用公式；最多 %(max)s 行。") % {"max": most}])
    for head in heads:
        words = [_("必填") if head.is_required else "", head.hint, "、".join(head.choices)]
        sheet.append([_plain(head.label), _plain("；".join(filter(None, words)))])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 28, 80


def read(file, heads: list[Head], *, most: int = MOST_ROWS) -> tuple[list[Row], list[str]]:
    """(The rows of the first sheet, each with its faults; the heads of columns that are none of ours).

    Raises Refused for what is no filled template, and for more than `most` rows.
    """
    sheet = _open(file)
    lines = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS)
    columns, strange = _columns(next(lines, ()), heads)
    letters = {code: get_column_letter(number + 1) for number, code in columns.items()}
    rows = []
    for place, line in enumerate(lines, start=2):
        row = Row(place, {}, letters, {})
        for number, code in columns.items():
            cell = line[number] if number < len(line) else None
            if cell is None or cell.value is None:
                continue
            if cell.data_type in ("f", "e"):
                row.say(code, _("不接受公式，请粘贴为数值。"))
                continue
            row.values[code] = _text(cell.value)
        if row.faults or any(value.strip() for value in row.values.values()):
            rows.append(row)
    if len(rows) > most:
        raise Refused(_("最多 %(max)s 行。") % {"max": most}, field="file", code="too_many")
    if not rows:
        raise Refused(_("表格里没有内容。"), field="file", code="empty")
    return rows, strange


def _open(file):
    if file.size > MOST_BYTES:
        raise Refused(_("表格超过 2 MB，请只保留要导入的内容。"), field="file", code="too_big")
    wrong = Refused(_("不能读取这个文件，请使用下载的模板，保存为 .xlsx。"), field="file", code="content")
    try:
        with zipfile.ZipFile(file) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        file.seek(0)
        if unpacked > MOST_UNPACKED:
            raise Refused(_("表格的内容太多，请只保留要导入的内容。"), field="file", code="too_big")
        sheet = load_workbook(file, read_only=True, keep_links=False).worksheets[0]
        merged = _merged(file, sheet)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError, TypeError):
        raise wrong from None
    if merged:
        raise Faulty(
            [_("%(cells)s 是合并的单元格，请取消合并，逐格填写。") % {"cells": found} for found in merged]
        )
    return sheet


def _merged(file, sheet) -> list[str]:
    """Ranges of merged cells: whoever reads rows finds all but the first cell of one empty."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive, archive.open(sheet._worksheet_path) as part:
        found = re.findall(rb'<(?:\w+:)?mergeCell ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"', part.read())
    return [ref.decode() for ref in found]


def _columns(first, heads) -> tuple[dict[int, str], list[str]]:
    """(Index of a column → its code, by the words at its top; strange words there). Raises Refused."""
    labels = {_plain(head.label).strip(): head.code for head in heads}
    found, strange = {}, []
    for number, cell in enumerate(first):
        words = _text(cell.value).strip() if cell.value is not None else ""
        if words in labels:
            found[number] = labels[words]
        elif words:
            strange.append(words)
    missing = [label for label, code in labels.items() if code not in found.values()]
    if missing:
        raise Refused(
            _("第一行缺少这些列：%(labels)s。请使用下载的模板。") % {"labels": "、".join(missing)},
            field="file",
            code="columns",
        )
    return found, strange


def _text(value) -> str:
    """A cell's value as somebody would type it."""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    return str(value)


class Faulty(Refused):
    """A table that cannot be taken; `faults` are sentences, each with its cell."""

    def __init__(self, faults: list[str]):
        super().__init__(
            _("有 %(count)s 个单元格需要改正，表格没有导入。") % {"count": len(faults)},
            field="file",
            code="cells",
        )
        self.faults = faults[:MOST_FAULTS]


def not_offered(text: str, choices: Iterable[str]) -> str:
    """What is said of a cell that holds none of its choices."""
    words = {"text": text[:60], "choices": "、".join(choices)}
    return _("“%(text)s”不能选，请填写下列之一：%(choices)s。") % words


def refuse(rows: Iterable[Row], more: Iterable[str] = ()) -> None:
    """Raises Faulty when anything is wrong with a row, or with all of them."""
    faults = [sentence for row in rows for sentence in row.faults.values()] + list(more)
    if faults:
        raise Faulty(faults)
