"""Fill an application with valid content: what the demo, the tests and the browser journey write."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from applications import actions, queries, questions
from applications.models import Application
from core import expressions
from core.calendar import add_days
from grants.models import QuestionKind
from seeds.demo import paper

WAN = Decimal(10_000)
SPREAD = {"equipment": 40, "operations": 35, "labour": 15, "indirect": 10}
"""Per cent of each source that goes into a category; indirect costs stay below any usual limit."""

TEXTS = {
    "talks": "双方已在企业现场对接两次，查看了样机和运行数据，就指标、验证方式和进度达成一致。",
    "route": "先在实验室完成原理验证，再研制样机，最后在应用现场连续运行考核，三个阶段以里程碑衔接。",
    "innovation": "在不增加硬件成本的前提下达到榜单指标，方法可推广到同类仪器。",
    "risk": "主要风险为现场工况波动，已准备备选材料和备选结构，必要时在第四个月切换。",
    "foundation": "团队近五年承担国家和省级相关项目3项，拥有授权发明专利12件和完整的试验条件。",
    "background": "该产品长期依赖进口，交货期长、维护成本高，园区整机企业每年采购额超过三千万元。",
    "content": "围绕关键部件设计、工艺一致性和可靠性验证开展研究，建成中试线并完成用户验证。",
    "market": "目标用户为仪器整机厂和海洋观测单位，已有意向订单，预计投产后三年市场占有率达到两成。",
}
ROWS = {
    "promised": [
        {"name": "核心指标", "required": "按榜单", "promised": "优于榜单要求5%", "method": "第三方检测"},
        {"name": "连续运行时间", "required": "按榜单", "promised": "满足", "method": "现场记录"},
    ],
    "indicators": [
        {"name": "整机无故障时间", "unit": "h", "present": "1500", "target": "≥ 5000"},
        {"name": "国产化率", "unit": "%", "present": "60", "target": "≥ 95"},
        {"name": "申请发明专利", "unit": "件", "present": "2", "target": "≥ 6"},
    ],
    "achievements": [{"name": "一种海洋传感器校准装置", "year": "2023", "number": "ZL202310000001.X"}],
}
FACTS = {"funded_before": False, "statistics_reported": True, "since": "2021-05-01", "trl_start": "4"}
FACTS |= {"trl_end": "8", "contract_amount": "80", "income": "2000"}


def answer(question) -> object:
    """Something valid for any question, in the shape in which a form sends it."""
    kind, config = question.kind, question.config
    if kind == QuestionKind.TABLE:
        rows = ROWS.get(question.code)
        return rows or [_row(question)] * max(1, config.get("min_rows", 1))
    known = FACTS.get(question.code, TEXTS.get(question.code))
    if known is not None:
        return known
    if kind in (QuestionKind.CHOICE, QuestionKind.CHOICES):
        value = questions.choices_of(config)[0][0]
        return value if kind == QuestionKind.CHOICE else [value]
    if kind in (QuestionKind.NUMBER, QuestionKind.MONEY):
        return str(config.get("max", config.get("min", 1)))
    if kind == QuestionKind.DATE:
        return "2024-01-15"
    if kind in (QuestionKind.YES_NO, QuestionKind.COMMITMENT):
        return True
    return question.label[: config.get("max_length", questions.LINE_LENGTH)]


def _row(question) -> dict:
    return {column.code: "1" for column in questions.columns_of(question)}


def answers(application: Application, given: Mapping[str, object] | None = None) -> dict[str, object]:
    """A valid answer to every question but the attachments; `given` goes first.

    What the unit's record answers is left as it stands.
    """
    every = queries.questions_of(application)
    asked = [q for q in every if q.kind != QuestionKind.ATTACHMENT and not questions.recorded_name(q)]
    found = {question.code: answer(question) for question in asked} | dict(given or {})
    hidden = {q.code for q in asked if q.visible_when and not _shown(q.visible_when, found)}
    return {code: value for code, value in found.items() if code not in hidden}


def _shown(condition: str, found: dict) -> bool:
    return expressions.compile(condition).holds({"answers": found})


def budget(application: Application, money: Mapping[str, object]) -> dict[tuple[str, str], Decimal]:
    """万元 per source, spread over the categories of the call."""
    return {
        (category.code, source): Decimal(amount) * WAN * SPREAD[category.code] / 100
        for source, amount in money.items()
        for category in application.call.budget_categories.all()
    }


def milestones(starts: date, months: int, indicators: list[dict] | None = None) -> list[dict]:
    """Two milestones: one near the middle, one at the end."""
    middle = months // 2 if months > 12 else max(1, months * 2 // 5)
    planned = {"样机与阶段指标": (middle, 60), "全部指标与验收": (months, 40)}
    return [
        {
            "name": name,
            "due_date": add_days(starts, month, kind="month", inclusive=True),
            "deliverable": f"{name}：技术报告、第三方检测报告、经费支出明细",
            "indicators": indicators or ROWS["indicators"][:2],
            "share": Decimal(share),
        }
        for name, (month, share) in planned.items()
    ]


def attach(application: Application, *, by, at, optional: bool = True) -> None:
    """A file for every attachment question."""
    for question in queries.questions_of(application):
        if question.kind == QuestionKind.ATTACHMENT and (optional or question.is_required):
            actions.attach(
                application=application,
                question=question,
                file=paper.file(f"Attachment: {question.label_en or question.code}"),
                name=f"{question.label.partition('（')[0]}.pdf",
                by=by,
                at=at,
            )


def fill(
    application: Application,
    *,
    by,
    at,
    title: str,
    people: list[dict],
    money: Mapping[str, object],
    starts: date,
    months: int,
    summary: str = "",
    given: Mapping[str, object] | None = None,
    indicators: list[dict] | None = None,
) -> None:
    """Everything a complete application needs. Raises AssertionError when an answer is not valid."""
    where = {"application": application, "by": by, "at": at}
    ends = add_days(starts, months, kind="month", inclusive=True)
    actions.update_basics(title=title, summary=summary, starts_date=starts, ends_date=ends, **where)
    faults = actions.save_answers(answers=answers(application, given), **where)
    actions.set_participants(participants=people, **where)
    actions.set_budget(amounts=budget(application, money), **where)
    planned = milestones(starts, months, indicators)
    actions.set_milestones(milestones=planned, **where)
    attach(application, by=by, at=at)
    if faults:
        raise AssertionError(f"{title}: {faults}")
