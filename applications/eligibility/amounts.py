"""Money clauses of the notice (`grants.MoneyRule`): what each kind allows and whether it is kept."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext as _

from applications import questions
from applications.eligibility.clauses import missing_data
from applications.eligibility.lines import RuleLine, evidence_of
from applications.models import RuleStatus
from core import expressions, money
from grants.models import MoneyKind, MoneyRule, RuleScope, Severity

TOGETHER = {
    MoneyKind.UNIT_CAP: "unit_money_in_call",
    MoneyKind.PLAN_YEAR_CAP: "unit_money_in_plan_year",
    MoneyKind.UNIT_YEAR_CAP: "unit_money_in_year",
}
"""Kinds that count a unit's other applications, and under which name of `history`."""


class Verdict(NamedTuple):
    """`is_kept`, a sentence why not, and the amounts that were compared (label → text)."""

    is_kept: bool
    hint: str
    evidence: dict[str, str]
    limit: Decimal | None = None
    """The most public money that the clause allows, 元; None when it limits something else."""


def line_of(rule: MoneyRule, context: dict, labels: dict[str, str]) -> RuleLine:
    """One line for one clause. Never raises: what cannot be computed says which data are missing."""
    status, hint, evidence = _judge(rule, context, labels)
    return RuleLine(
        code=rule.code,
        text=questions.localised(rule, "text"),
        clause=rule.clause,
        scope=RuleScope.BUDGET,
        severity=rule.severity,
        status=status,
        evidence=evidence,
        hint=hint,
        section="budget",
    )


def _judge(rule, context, labels) -> tuple[str, str, dict]:
    try:
        exempt = _exemption(rule, context, labels)
        if exempt is not None:
            return RuleStatus.NOT_APPLICABLE, "", exempt
        verdict = KINDS[rule.kind](rule, context)
    except expressions.MissingData as missing:
        return RuleStatus.REQUIRES_DATA, missing_data(missing.variable, labels), {}
    except expressions.ExpressionError as error:
        return RuleStatus.MANUAL, error.message, {}
    if verdict.is_kept:
        return RuleStatus.PASSED, "", verdict.evidence
    failed = RuleStatus.WARNING if rule.severity == Severity.WARNING else RuleStatus.FAILED
    return failed, questions.localised(rule, "hint") or verdict.hint, verdict.evidence


def _exemption(rule, context, labels) -> dict | None:
    """The evidence when the clause does not hold for this application; None when it does."""
    for source, wanted in ((rule.applies_when, True), (rule.waived_when, False)):
        if source.strip():
            condition = expressions.compile(source)
            if condition.holds(context, rule=rule.code) is not wanted:
                return evidence_of(condition, context, labels)
    return None


def limit_of(rule: MoneyRule, context: dict) -> Decimal | None:
    """The most public money (元) that this clause allows; None without a limit or the data for it."""
    try:
        if _exemption(rule, context, {}) is not None:
            return None
        return KINDS[rule.kind](rule, context).limit
    except expressions.ExpressionError:
        return None


# ---- kinds ----


def _number(source: str, context, rule) -> Decimal:
    """A CEL number in 元, never negative. Raises ExpressionError."""
    expression = expressions.compile(source)
    value = expression.evaluate(context, rule=rule.code)
    if value is None:
        name = ".".join(min(expression.paths, default=()))
        raise expressions.MissingData(_("缺少数据“%(name)s”。") % {"name": name}, variable=name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise expressions.ExpressionError(_("基数应为数字。"), rule=rule.code)
    return max(Decimal(repr(value)), Decimal(0))


def _at_most(asked: Decimal, limit: Decimal, *, extra: dict | None = None) -> Verdict:
    limit = money.to_cents(limit)
    evidence = {str(_("申请财政资金")): money.wan(asked), str(_("上限")): money.wan(limit)} | (extra or {})
    hint = _("申请 %(asked)s，超过上限 %(cap)s，多 %(over)s。") % {
        "asked": money.wan(asked),
        "cap": money.wan(limit),
        "over": money.wan(max(asked - limit, 0)),
    }
    return Verdict(asked <= limit, hint, evidence, limit)


def _cap(rule, context):
    return _at_most(context["budget"]["fiscal"], rule.amount)


def _floor(rule, context):
    asked = context["budget"]["fiscal"]
    evidence = {str(_("申请财政资金")): money.wan(asked), str(_("下限")): money.wan(rule.amount)}
    hint = _("申请 %(asked)s，低于下限 %(floor)s。") % {
        "asked": money.wan(asked),
        "floor": money.wan(rule.amount),
    }
    return Verdict(asked >= rule.amount, hint, evidence)


def _fixed(rule, context):
    asked = context["budget"]["fiscal"]
    evidence = {str(_("申请财政资金")): money.wan(asked), str(_("定额")): money.wan(rule.amount)}
    hint = _("申请 %(asked)s，应为定额 %(amount)s。") % {
        "asked": money.wan(asked),
        "amount": money.wan(rule.amount),
    }
    return Verdict(asked == rule.amount, hint, evidence, rule.amount)


def _together(rule, context, label: str):
    others = context["history"][TOGETHER[rule.kind]]
    extra = {label: money.wan(others)}
    return _at_most(context["budget"]["fiscal"], max(rule.amount - others, Decimal(0)), extra=extra)


def _unit_cap(rule, context):
    return _together(rule, context, str(_("本单位本批其他申报（已决定的按资助额，其余按申请额）")))


def _plan_year_cap(rule, context):
    return _together(
        rule, context, str(_("本单位本年度在本计划的其他申报（已决定的按资助额，其余按申请额）"))
    )


def _unit_year_cap(rule, context):
    return _together(rule, context, str(_("本单位本年度其他申报（已决定的按资助额，其余按申请额）")))


def _capped(limit: Decimal, rule) -> Decimal:
    return limit if rule.amount is None else min(limit, rule.amount)


def _of_base(base: Decimal, rate: Decimal | None = None) -> dict[str, str]:
    found = {str(_("基数")): money.wan(base)}
    return found if rate is None else found | {str(_("比例")): percent(rate)}


def percent(rate) -> str:
    return f"{(Decimal(rate) * 100).normalize():f}%"


def _share(rule, context):
    base = _number(rule.base, context, rule)
    limit = _capped(base * rule.rate, rule)
    return _at_most(context["budget"]["fiscal"], limit, extra=_of_base(base, rule.rate))


def tiers_of(rule: MoneyRule) -> list:
    """The tiers as `core.money.tiered` takes them."""
    return [(None if upper is None else Decimal(upper), Decimal(rate)) for upper, rate in rule.tiers]


def _tiers(rule, context):
    base = _number(rule.base, context, rule)
    limit = money.tiered(base, tiers_of(rule), marginal=rule.is_marginal, cap=rule.amount)
    return _at_most(context["budget"]["fiscal"], limit, extra=_of_base(base))


def _intensity(rule, context):
    sources = (rule.row, rule.column)
    row, column = (str(expressions.compile(text).evaluate(context, rule=rule.code)) for text in sources)
    try:
        rate = Decimal(rule.matrix[row][column])
    except KeyError:
        message = _("强度矩阵里没有“%(row)s × %(column)s”。") % {"row": row, "column": column}
        raise expressions.ExpressionError(message, rule=rule.code) from None
    base = _number(rule.base, context, rule)
    return _at_most(context["budget"]["fiscal"], _capped(base * rate, rule), extra=_of_base(base, rate))


def _ratio(rule, context):
    """`sources` together ≥ `rate` × `against` together."""
    sources = context["budget"]["sources"]
    named = sum((sources[code] for code in rule.sources), Decimal(0))
    against = sum((sources[code] for code in rule.against), Decimal(0))
    missing = money.own_money_missing(named, against, rule.rate)
    evidence = {str(_("配套资金")): money.wan(named), str(_("对应资金")): money.wan(against)}
    hint = _("配套资金 %(named)s 应不低于 %(against)s 的 %(rate)s 倍，还差 %(missing)s。") % {
        "named": money.wan(named),
        "against": money.wan(against),
        "rate": f"{rule.rate.normalize():f}",
        "missing": money.wan(missing),
    }
    return Verdict(not missing, hint, evidence)


def _of_categories(rule, context) -> Decimal:
    """What stands in the named categories, of the named sources only where sources are named."""
    budget = context["budget"]
    if not rule.sources:
        return sum((budget["categories"][code] for code in rule.categories), Decimal(0))
    cells = budget["cells"]
    return sum(
        (cells.get(f"{code}.{source}", Decimal(0)) for code in rule.categories for source in rule.sources),
        Decimal(0),
    )


def _within(rule, context, limit: Decimal, extra: dict) -> Verdict:
    spent, limit = _of_categories(rule, context), money.to_cents(limit)
    evidence = {str(_("科目合计")): money.wan(spent), str(_("上限")): money.wan(limit)} | extra
    hint = _("科目合计 %(spent)s，超过上限 %(cap)s，多 %(over)s。") % {
        "spent": money.wan(spent),
        "cap": money.wan(limit),
        "over": money.wan(max(spent - limit, 0)),
    }
    return Verdict(spent <= limit, hint, evidence)


def _category_share(rule, context):
    base = _number(rule.base, context, rule)
    return _within(rule, context, _capped(base * rule.rate, rule), _of_base(base, rule.rate))


def _category_tiers(rule, context):
    base = _number(rule.base, context, rule)
    limit = money.tiered(base, tiers_of(rule), marginal=rule.is_marginal, cap=rule.amount)
    return _within(rule, context, limit, _of_base(base))


KINDS: dict[str, Callable[[MoneyRule, dict], Verdict]] = {
    MoneyKind.CAP: _cap,
    MoneyKind.FLOOR: _floor,
    MoneyKind.FIXED: _fixed,
    MoneyKind.UNIT_CAP: _unit_cap,
    MoneyKind.PLAN_YEAR_CAP: _plan_year_cap,
    MoneyKind.UNIT_YEAR_CAP: _unit_year_cap,
    MoneyKind.SHARE: _share,
    MoneyKind.TIERS: _tiers,
    MoneyKind.INTENSITY: _intensity,
    MoneyKind.RATIO: _ratio,
    MoneyKind.CATEGORY_SHARE: _category_share,
    MoneyKind.CATEGORY_TIERS: _category_tiers,
}
