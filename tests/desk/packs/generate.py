"""Valid answers for any question from its kind and limits, a budget over any categories, two milestones."""

from datetime import date
from decimal import ROUND_DOWN, Decimal
from types import SimpleNamespace

from applications import questions
from applications.questions.choosing import codes_of
from core.calendar import add_days
from grants.models import QuestionKind as K
from seeds.codes import make_credit_code, make_id_number

CENT = Decimal("0.01")
MODEST = ("equipment", "indirect", "management", "outside", "sea_trial")
"""Categories that notices limit: they get a small part of each source."""


def answer(question) -> object:
    """Something valid in the shape in which a form sends it."""
    return MAKERS.get(question.kind, _line)(question, question.config)


def _line(question, config):
    text = getattr(question, "label", "") or "甲"
    return text[: config.get("max_length", questions.LINE_LENGTH)]


def _number(_question, config):
    return str(config.get("min", min(1, config.get("max", 1))))


def _choice(question, config):
    return questions.choices_of(config)[0][0]


def _table(_question, config):
    row = {column["code"]: _cell(column) for column in config["columns"]}
    return [row] * max(1, config.get("min_rows", 1))


def _cell(column):
    settings = {key: value for key, value in column.items() if key not in ("code", "required", "total")}
    kind = settings.pop("kind", K.LINE)
    value = answer(SimpleNamespace(kind=kind, label=column["label"], config=settings))
    return "true" if value is True else value


def _list(question, config):
    return [f"第{n}项" for n in range(1, max(1, config.get("min_rows", 1)) + 1)]


def _month(_question, _config):
    return "2027-06"


def _person(_question, _config):
    return {"name": "于海", "id_number": make_id_number(7), "title": "高级工程师", "organisation": "示例公司"}


def _organisation(_question, _config):
    return {"name": "示例机构", "credit_code": make_credit_code(900_000)}


def _code(question, config):
    """The first entry of the dictionary on the wanted level; a list of it where several may be chosen."""
    codes = codes_of(question).choices
    return [codes[0].code] if config.get("multiple") else codes[0].code


def _indicators(question, config):
    targets = {f"target_{year}": "≥ 100" for year in questions.years_of(question)} or {"target": "≥ 100"}
    row = {"name": "整机无故障时间", "unit": "h", "baseline": "50", "evidence": "", **targets}
    return [{**row, "name": f"指标{n}"} for n in range(1, max(1, config.get("min_rows", 1)) + 1)]


def _subprojects(_question, config):
    row = {"leader": "于海", "unit": "示例公司", "amount": "10", "content": "部件研制"}
    return [{**row, "title": f"子课题{n}"} for n in range(1, max(1, config.get("min_rows", 1)) + 1)]


def _yes(_question, _config):
    return True


MAKERS = {
    K.NUMBER: _number,
    K.MONEY: _number,
    K.DATE: lambda _question, _config: "2024-01-15",
    K.YES_NO: _yes,
    K.COMMITMENT: _yes,
    K.CHOICE: _choice,
    K.CHOICES: lambda question, config: [_choice(question, config)],
    K.TABLE: _table,
    K.LIST: _list,
    K.MONTH: _month,
    K.PERSON: _person,
    K.ORGANISATION: _organisation,
    K.DICTIONARY: _code,
    K.INDICATORS: _indicators,
    K.SUBPROJECTS: _subprojects,
}


def spread(call, source: str, amount: Decimal) -> dict[tuple[str, str], Decimal]:
    """元 of one source over the categories: 2 per cent for each modest one, the rest in equal parts.

    Categories closed to public money get none of it; the sum is exact to the 分.
    """
    fiscal = call.funding_sources.get(code=source).is_fiscal
    open_ones = [c for c in call.budget_categories.all() if c.is_fiscal_allowed or not fiscal]
    modest = [c.code for c in open_ones if c.code in MODEST]
    others = [c.code for c in open_ones if c.code not in MODEST]
    small = (amount * 2 / 100).quantize(CENT, ROUND_DOWN)
    rest = amount - small * len(modest)
    part = (rest / len(others)).quantize(CENT, ROUND_DOWN)
    cells = dict.fromkeys(modest, small) | dict.fromkeys(others, part)
    cells[others[0]] += rest - part * len(others)
    return {(category, source): value for category, value in cells.items()}


def milestones(starts: date, months: int) -> list[dict]:
    """One near the middle, one at the end."""
    planned = {"样机与阶段指标": (max(1, months // 2), 50), "全部指标与验收": (months, 50)}
    return [
        {
            "name": name,
            "due_date": add_days(starts, month, kind="month", inclusive=True),
            "deliverable": f"{name}：技术报告、第三方检测报告、经费支出明细",
            "indicators": [{"name": "整机无故障时间", "unit": "h", "target": "≥ 5000"}],
            "share": Decimal(share),
        }
        for name, (month, share) in planned.items()
    ]
