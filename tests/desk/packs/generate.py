"""Valid answers for any question from its kind and limits, a budget over any categories, two milestones."""

from datetime import date
from decimal import ROUND_DOWN, Decimal
from types import SimpleNamespace

from applications import questions
from core.calendar import add_days
from grants.models import QuestionKind as K

CENT = Decimal("0.01")
MODEST = ("indirect", "management")
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
}


def spread(call, source: str, amount: Decimal) -> dict[tuple[str, str], Decimal]:
    """元 of one source over the categories: 5 per cent for each modest one, the rest in equal parts.

    Categories closed to public money get none of it; the sum is exact to the 分.
    """
    fiscal = call.funding_sources.get(code=source).is_fiscal
    open_ones = [c for c in call.budget_categories.all() if c.is_fiscal_allowed or not fiscal]
    modest = [c.code for c in open_ones if c.code in MODEST]
    others = [c.code for c in open_ones if c.code not in MODEST]
    small = (amount * 5 / 100).quantize(CENT, ROUND_DOWN)
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
