"""The public list of results as a file: CSV that a spreadsheet reads, or a workbook."""

import csv
import io
from collections.abc import Iterator

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel

from core.money import wan_number
from portal.queries import Found

MOST_ROWS = 20_000
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be computed by a spreadsheet."""


def results(found: Found, kind: str) -> HttpResponse:
    """The rows that the filters left, one query."""
    rows = list(_rows(found))
    response = HttpResponse(_csv(rows) if kind == "csv" else _workbook(rows), content_type=FORMATS[kind])
    response["Content-Disposition"] = f'attachment; filename="results.{kind}"'
    return response


def _rows(found: Found) -> Iterator[dict[str, str]]:
    for item in found.rows.order_by(*found.order)[:MOST_ROWS]:
        call = item.publicity.call
        yield {
            _("年度"): str(call.year),
            _("科技计划"): call.programme.name,
            _("通知"): call.title,
            _("项目名称"): item.title,
            _("承担单位"): item.organisation_name,
            _("等次"): item.grade.name if item.grade else "",
            _("资助额（万元）"): wan_number(item.amount),
            _("公示结束"): item.publicity.ends_date.isoformat(),
        }


def plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


def _csv(rows: list[dict[str, str]]) -> bytes:
    body = io.StringIO()
    if rows:
        writer = csv.DictWriter(body, rows[0])
        writer.writeheader()
        writer.writerows({name: plain(text) for name, text in row.items()} for row in rows)
    return body.getvalue().encode("utf-8-sig")


def _workbook(rows: list[dict[str, str]]) -> bytes:
    body = io.BytesIO()
    empty = [{_("项目名称"): ""}]
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book.sheet(_("立项结果"), rows or empty).save()
    return body.getvalue()
