"""The answers of one application as JSON and as an Excel workbook; ID numbers are masked in both."""

import io
import re
from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _
from rustpy_xlsxwriter import FastExcel

from accounts.countries import HOME, name_of
from applications import queries, questions
from applications.models import Application, SimilarityConclusion, copies_received
from core.money import TEN_THOUSAND
from grants.models import QuestionKind

NUMBERS = (QuestionKind.NUMBER, QuestionKind.MONEY, QuestionKind.COMPUTED)
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
LONGEST_NAME = 31


def content_for(application: Application, *, drafts: bool) -> dict | None:
    """What stands there now for those who write it, otherwise what was last handed in; None before that."""
    if drafts:
        return queries.masked(queries.snapshot(application))
    submission = queries.latest_submission(application)
    return queries.masked(submission.content) if submission else None


def workbook(application: Application, content: dict) -> bytes:
    """One sheet each for the facts, the answers, every table, the people, the budget, the milestones.

    Codes stay texts, whatever their length; numbers are numbers, amounts in 万元 as on screen.
    """
    body, taken = io.BytesIO(), set()
    book = FastExcel(body, output_format="xlsx", autofit=True)
    for name, rows in _sheets(application, content):
        if rows:
            book = book.sheet(_name(name, taken), rows)
    book.save()
    return body.getvalue()


MOST_ROWS = 20_000


def desk_table(rows) -> bytes:
    """The rows of a desk's list as one sheet; one query."""
    rows = queries.with_recommendation(rows).annotate(papers=copies_received())[:MOST_ROWS]
    body = io.BytesIO()
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book.sheet(_("申报书"), [_desk_row(row) for row in rows] or [{_("项目名称"): ""}]).save()
    return body.getvalue()


def bureau_table(rows) -> bytes:
    """The rows of the bureau's list as one sheet, with what that list shows; one query."""
    rows = rows.select_related("call", "organisation", "topic", "project_type")[:MOST_ROWS]
    body = io.BytesIO()
    book = FastExcel(body, output_format="xlsx", autofit=True)
    book.sheet(_("申报书"), [_bureau_row(row) for row in rows] or [{_("项目名称"): ""}]).save()
    return body.getvalue()


def _bureau_row(application) -> dict:
    due, kind = application.due_at, application.project_type
    similar, opinion = application.similarity, application.similarity_conclusion
    asked = application.call.paper_copies
    return _desk_row(application) | {
        _("状态"): application.get_state_display(),
        _("项目类别"): kind.name if kind else "",
        _("区域代码"): application.organisation.region,
        _("办理期限"): queries.local_moment(due) if due else "",
        _("不符合（条）"): application.failed_lines,
        _("待审查（条）"): application.open_lines,
        _("重复率（%）"): "" if similar is None else _number(similar),
        _("查重意见"): str(SimilarityConclusion(opinion).label) if opinion else "",
        _("纸质材料应报（份）"): asked or "",
    }


def _desk_row(application) -> dict:
    at = application.submitted_at
    return {
        _("受理编号"): application.number,
        _("项目名称"): application.title,
        _("通知"): application.call.title,
        _("榜单任务"): application.topic.title if application.topic_id else "",
        _("牵头单位"): application.organisation.name,
        _("统一社会信用代码"): application.organisation.code_shown,
        _("申请财政资金（万元）"): _wan(application.requested_amount),
        _("自筹资金（万元）"): _wan(application.own_amount),
        _("状态"): str(application.machine.public_label(application.state)),
        _("推荐排序"): application.place or "",
        _("纸质材料（份）"): application.papers if application.call.paper_copies else "",
        _("提交时间"): queries.local_moment(at) if at else "",
    }


def _name(wanted: str, taken: set[str]) -> str:
    """A name that Excel allows, used once."""
    plain = NOT_IN_NAMES.sub(" ", wanted).strip() or "-"
    name, number = plain[:LONGEST_NAME], 1
    while name.lower() in taken:
        number += 1
        name = f"{plain[: LONGEST_NAME - 4]} {number}"
    taken.add(name.lower())
    return name


def _sheets(application, content) -> Iterator[tuple[str, list[dict]]]:
    by_code = {question.code: question for question in queries.questions_of(application)}
    yield _("基本信息"), _facts(application, content)
    yield _("申报内容"), [_answer(answer) for answer in content["answers"]]
    for answer in content["answers"]:
        question = by_code.get(answer["code"])
        if question and questions.is_rows(question) and isinstance(answer["value"], list):
            yield answer["label"], _rows(question, answer["value"])
    yield _("参与人员"), [_person(person) for person in content["participants"]]
    yield _("经费预算"), _budget(content["budget"])
    yield _("计划里程碑"), [_milestone(milestone) for milestone in content["milestones"]]


def _facts(application, content) -> list[dict]:
    unit, topic, kind = content["organisation"], content["topic"], content.get("project_type")
    facts = {
        _("受理编号"): application.number,
        _("通知"): content["call"]["title"],
        _("项目类别"): kind["name"] if kind else "",
        _("榜单任务"): f"{topic['number']} {topic['title']}" if topic else "",
        _("项目名称"): content["title"],
        _("项目简介"): content["summary"],
        _("牵头单位"): unit["name"],
        _("统一社会信用代码"): unit["credit_code"],
        _("开始日期"): content["starts_date"] or "",
        _("结束日期"): content["ends_date"] or "",
        _("申请财政资金（万元）"): _wan(content["amounts"]["fiscal"]),
        _("自筹资金（万元）"): _wan(content["amounts"]["own"]),
    }
    return [{_("项目"): name, _("内容"): value} for name, value in facts.items()]


def _answer(answer: dict) -> dict:
    return {
        _("部分"): answer["section"],
        _("代码"): answer["code"],
        _("题目"): answer["label"],
        _("答案"): _value(answer["kind"], answer["value"], answer["text"]),
        _("单位"): _("万元") if answer["kind"] == QuestionKind.MONEY else answer.get("unit", ""),
    }


def _value(kind: str, value, text: str):
    """A number where the answer is one, otherwise the words on paper."""
    if kind in NUMBERS and not isinstance(value, dict | list | bool):
        try:
            return _wan(value) if kind == QuestionKind.MONEY else _number(value)
        except ArithmeticError:
            return text
    return text


def _rows(question, stored: list[dict]) -> list[dict]:
    columns = questions.columns_of(question)
    labels = [column.label for column in columns]
    heads = {c.code: c.label if labels.count(c.label) == 1 else f"{c.label} ({c.code})" for c in columns}
    return [
        {heads[c.code]: _value(c.kind_name, row.get(c.code), c.text(row.get(c.code))) for c in columns}
        for row in questions.flat_rows(question, stored)
    ]


def _number(value) -> int | float | str:
    if value in (None, ""):
        return ""
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() else float(number)


def _wan(value) -> int | float | str:
    """元 → 万元."""
    return _number(Decimal(str(value)) / TEN_THOUSAND) if value not in (None, "") else ""


def _person(person: dict) -> dict:
    return {
        _("角色"): person.get("position_name") or person["role"],
        _("姓名"): person["name"],
        _("证件类型"): _("身份证") if queries.is_card(person) else _("护照或通行证"),
        _("证件号码"): person["id_number"],
        _("职称"): person["title"],
        _("单位"): person["organisation_name"],
        _("国家或地区"): queries.abroad(person) or name_of(HOME),
        _("统一社会信用代码"): person["credit_code"],
        _("月/年"): _number(person["months_per_year"]),
        _("分工"): person["task"],
    }


def _budget(budget: dict) -> list[dict]:
    categories = {row["code"]: row["name"] for row in budget["categories"]}
    sources = {row["code"]: row["name"] for row in budget["sources"]}
    lines = budget.get("lines") or [
        {"category": row["code"], "source": source, "year": None, "unit": "", "amount": amount}
        for row in budget["categories"]
        for source, amount in row["amounts"].items()
    ]
    return [
        {
            _("科目"): categories.get(line["category"], line["category"]),
            _("来源"): sources.get(line["source"], line["source"]),
            _("年度"): line["year"] or "",
            _("单位"): line["unit"],
            _("金额（万元）"): _wan(line["amount"]),
        }
        for line in lines
    ]


def _milestone(milestone: dict) -> dict:
    indicators = "；".join(
        " ".join(filter(None, (row.get("name"), row.get("target"), row.get("unit"))))
        for row in milestone["indicators"]
    )
    return {
        _("名称"): milestone["name"],
        _("计划日期"): milestone["due_date"],
        _("交付物"): milestone["deliverable"],
        _("考核指标"): indicators,
        _("拨款比例（%）"): _number(milestone["share"]),
    }
