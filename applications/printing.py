"""An application on paper: the sealed version with its QR code, or a draft marked as such."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import override

from applications import queries
from applications.models import Application, Submission
from core import money
from documents import pdf

TEMPLATE = "applications/pdf/application.typ"
LANGUAGE = "zh-hans"
"""Official papers are Chinese, whatever language a page is read in."""


def sealed(submission: Submission) -> bytes:
    """The PDF of a sealed version: the same bytes of content, its version and hash on every page."""
    application = submission.application
    with override(LANGUAGE):
        data = _data(submission.content)
        data["number"] = application.number
        data["version"] = _("第 %(version)s 版") % {"version": submission.version}
        data["sha256"] = submission.sha256
        data["submitted"] = _("%(name)s 于 %(time)s 提交") % {
            "name": submission.by,
            "time": queries.local_moment(submission.at),
        }
        data["watermark"] = f"{application.number} v{submission.version}"
        data["qr"] = pdf.qr(queries.address_of(submission))
        return pdf.render(TEMPLATE, data)


def preview(application: Application, *, at) -> bytes:
    """As it would look if it were handed in now; marked 草稿 on every page."""
    with override(LANGUAGE):
        data = _data(queries.snapshot(application))
        data["number"] = application.number or _("提交后生成")
        data["version"] = _("草稿")
        data["sha256"] = ""
        data["submitted"] = _("预览于 %(time)s，未提交") % {"time": queries.local_moment(at)}
        data["watermark"] = _("草稿")
        data["qr"] = ""
        return pdf.render(TEMPLATE, data)


def _data(content: dict) -> dict:
    reading = queries.for_reading(content)
    amounts = {name: Decimal(amount) for name, amount in content["amounts"].items()}
    return {
        "call": content["call"]["title"],
        "call_number": content["call"]["number"],
        "topic": f"{content['topic']['number']} {content['topic']['title']}" if content["topic"] else "",
        "title": content["title"],
        "organisation": content["organisation"],
        "pi": next((person["name"] for person in content["participants"] if person["role"] == "pi"), ""),
        "period": f"{content['starts_date'] or ''} — {content['ends_date'] or ''}",
        "summary": content["summary"],
        "amounts": [
            {"label": label, "wan": money.wan(amounts[name]), "words": money.uppercase(amounts[name])}
            for name, label in (("fiscal", _("申请财政资金")), ("own", _("自筹资金")), ("total", _("总投入")))
        ],
        "sections": [
            {"title": title, "answers": [_answer(answer) for answer in answers]}
            for title, answers in reading["sections"]
        ],
        "people": [
            [
                str(person["role_label"]),
                person["name"],
                person["title"],
                person["organisation_name"],
                person["credit_code"] or person["country_name"],
                str(person["months_per_year"] or ""),
                person["task"],
            ]
            for person in reading["participants"]
        ],
        "budget": _budget(reading["table"]),
        "budget_parts": [{"title": part["title"]} | _budget(part) for part in reading["table"]["parts"]],
        "project_type": (content.get("project_type") or {}).get("name", ""),
        "milestones": [
            [
                str(milestone["order"]),
                milestone["name"],
                milestone["due_date"],
                milestone["deliverable"],
                "；".join(
                    " ".join(filter(None, (row.get("name"), row.get("target"), row.get("unit"))))
                    for row in milestone["indicators"]
                ),
                f"{Decimal(milestone['share']).normalize():f}",
            ]
            for milestone in content["milestones"]
        ],
    }


def _answer(answer) -> dict:
    return {
        "label": answer["label"],
        "text": "" if answer["rows"] else answer["text"],
        "columns": [column["label"] for column in answer["columns"]] if answer["rows"] else [],
        "rows": answer["rows"],
    }


def _budget(table) -> dict:
    if not table["sources"]:
        return {"columns": [], "rows": []}
    columns = [_("科目"), *(source["name"] for source in table["sources"]), _("合计")]
    rows = [
        [row["name"], *(money.wan_number(cell) for cell in row["cells"]), money.wan_number(row["total"])]
        for row in table["rows"]
    ]
    sums = [money.wan_number(column) for column in table["columns"]]
    rows.append([_("合计"), *sums, money.wan_number(table["total"])])
    return {"columns": columns, "rows": rows}
