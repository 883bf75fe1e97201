"""The summary table of a unit (单位申报汇总表): all that it handed in to one call, on paper and in Excel."""

import io
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import override
from rustpy_xlsxwriter import FastExcel

from accounts.models import Organisation
from applications import letters, queries
from applications.printing import LANGUAGE
from core import calendar, money
from documents import pdf
from grants.models import Call

TEMPLATE = "applications/pdf/unit_table.typ"


def content_of(call: Call, unit: Organisation, *, at: datetime, batch: str = "") -> dict:
    """The numbered lines and their sums as they stand at this moment, in Chinese; two queries."""
    rows = list(queries.of_unit_in(call, unit, batch))
    leaders = queries.leaders_of(rows)
    with override(LANGUAGE):
        lines = [
            letters.line_of(row, rank=number, leader=leaders.get(row.pk, ""))
            | {"state": str(row.machine.public_label(row.state))}
            for number, row in enumerate(rows, start=1)
        ]
    return {
        "unit": unit.name,
        "credit_code": unit.credit_code,
        "call": call.title,
        "call_number": call.number,
        "department": call.programme.department.name,
        "date": calendar.local_date(at),
        "lines": lines,
        "requested": sum((row.requested_amount for row in rows), Decimal(0)),
        "own": sum((row.own_amount for row in rows), Decimal(0)),
    }


def paper(content: dict) -> bytes:
    day = content["date"]
    with override(LANGUAGE):
        data = content | {
            "count": len(content["lines"]),
            "date": f"{day.year}年{day.month}月{day.day}日",
            "lines": [_printed(line) for line in content["lines"]],
            "sums": {
                name: {"wan": money.wan_number(content[name]), "words": money.uppercase(content[name])}
                for name in ("requested", "own")
            },
        }
        del data["requested"], data["own"]
        return pdf.render(TEMPLATE, data)


def _printed(line: dict) -> list[str]:
    return [
        str(line["rank"]),
        line["number"],
        line["title"],
        line["type"] or line["topic"],
        line["leader"],
        money.wan_number(Decimal(line["requested"])),
        money.wan_number(Decimal(line["own"])),
        line["state"],
    ]


def workbook(content: dict) -> bytes:
    """One row each, amounts as numbers in 万元; a second sheet with the sums, in words too."""
    body = io.BytesIO()
    sums = [
        (_("申报单位"), content["unit"]),
        (_("统一社会信用代码"), content["credit_code"]),
        (_("通知"), content["call"]),
        (_("日期"), content["date"].isoformat()),
        (_("项目数"), len(content["lines"])),
        (_("申请财政资金合计（万元）"), letters.in_wan(content["requested"])),
        (_("申请财政资金合计（大写）"), money.uppercase(content["requested"])),
        (_("自筹资金合计（万元）"), letters.in_wan(content["own"])),
        (_("自筹资金合计（大写）"), money.uppercase(content["own"])),
    ]
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book = book.sheet(_("单位申报汇总表"), [_row(line) for line in content["lines"]])
    book.sheet(_("合计"), [{_("项目"): name, _("内容"): value} for name, value in sums]).save()
    return body.getvalue()


def _row(line: dict) -> dict:
    return {
        _("序号"): line["rank"],
        **letters.columns_of(line),
        _("状态"): line["state"],
    }
