"""The kinds of money clause: which fields each uses, and the clause read back as a sentence."""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from core.money import wan
from grants.models import MoneyKind
from grants.money_rules import NEEDS

MAY: dict[str, tuple[str, ...]] = {
    MoneyKind.SHARE: ("amount",),
    MoneyKind.TIERS: ("amount", "is_marginal"),
    MoneyKind.CATEGORY_TIERS: ("is_marginal",),
}
"""What a kind may have beside what it needs."""


def fields_of(kind: str) -> set[str]:
    return {*NEEDS.get(kind, ()), *MAY.get(kind, ())}


def percent(rate) -> str:
    text = f"{(Decimal(rate) * 100):f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def times(rate) -> str:
    return f"{Decimal(rate).normalize():f}"


def base_words(base: str) -> str:
    """A base as people read it; a formula nobody knows stays as it is."""
    words = {
        "budget.total": _("项目总投入"),
        "budget.fiscal": _("申请财政资金"),
        "budget.own": _("自筹资金"),
    }
    return words.get(base.strip(), base.strip() or "……")


def _joined(codes, names: Mapping[str, str]) -> str:
    return "＋".join(names.get(code, code) for code in codes or ()) or "……"


def _tiers(tiers) -> str:
    pieces = []
    for upper, rate in tiers or ():
        if upper is None:
            pieces.append(_("以上部分 %(rate)s") % {"rate": percent(rate)})
        else:
            pieces.append(_("至 %(upper)s %(rate)s") % {"upper": wan(Decimal(upper)), "rate": percent(rate)})
    return "，".join(pieces) or "……"


def sentence(rule, names: Mapping[str, str]) -> str:
    """What the system will check, in words, the direction of a ratio stated. `names`: codes → words."""
    amount = wan(rule.amount) if rule.amount else "……"
    rate = rule.rate if rule.rate is not None else None
    share = percent(rate) if rate is not None else "……"
    base, kind = base_words(rule.base), rule.kind
    if kind == MoneyKind.RATIO:
        return _("%(sources)s 合计 ≥ %(against)s 合计 × %(rate)s。") % {
            "sources": _joined(rule.sources, names),
            "against": _joined(rule.against, names),
            "rate": times(rate) if rate is not None else "……",
        }
    if kind in (MoneyKind.CATEGORY_SHARE, MoneyKind.CATEGORY_TIERS):
        categories = _joined(rule.categories, names)
        if kind == MoneyKind.CATEGORY_SHARE:
            return _("%(categories)s 合计 ≤ %(base)s × %(share)s。") % {
                "categories": categories, "base": base, "share": share,
            }  # fmt: skip
        return _("%(categories)s 合计 ≤ %(base)s 分档：%(tiers)s（%(how)s）。") % {
            "categories": categories, "base": base, "tiers": _tiers(rule.tiers), "how": _how(rule),
        }  # fmt: skip
    if kind == MoneyKind.SHARE:
        return _("申请财政资金 ≤ %(base)s × %(share)s。") % {"base": base, "share": share} + _at_most(rule)
    if kind == MoneyKind.TIERS:
        return _("申请财政资金 ≤ %(base)s 分档：%(tiers)s（%(how)s）。") % {
            "base": base, "tiers": _tiers(rule.tiers), "how": _how(rule),
        } + _at_most(rule)  # fmt: skip
    if kind == MoneyKind.INTENSITY:
        return _("申请财政资金 ≤ %(base)s × 按“%(row)s”和“%(column)s”在表中查到的比例。") % {
            "base": base, "row": rule.row or "……", "column": rule.column or "……",
        }  # fmt: skip
    patterns = {
        MoneyKind.CAP: _("申请财政资金 ≤ %(amount)s。"),
        MoneyKind.FLOOR: _("申请财政资金 ≥ %(amount)s。"),
        MoneyKind.FIXED: _("申请财政资金 = %(amount)s。"),
        MoneyKind.UNIT_CAP: _("同一单位本批次申请合计（已决定的按资助额）≤ %(amount)s。"),
        MoneyKind.PLAN_YEAR_CAP: _("同一单位本年度在本计划申请合计（已决定的按资助额）≤ %(amount)s。"),
        MoneyKind.UNIT_YEAR_CAP: _("同一单位本年度在各计划申请合计（已决定的按资助额）≤ %(amount)s。"),
    }
    return patterns[kind] % {"amount": amount}


def _how(rule) -> str:
    return _("超额累进，逐档计算") if rule.is_marginal else _("全额按所在档计算")


def _at_most(rule) -> str:
    return _("最高 %(amount)s。") % {"amount": wan(rule.amount)} if rule.amount else ""
