"""What each kind of money clause needs; a clause that lacks it keeps the call from being published."""

from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from core.workflow import Refused
from grants.models import MoneyKind, MoneyRule

NEEDS: dict[str, tuple[str, ...]] = {
    MoneyKind.CAP: ("amount",),
    MoneyKind.FLOOR: ("amount",),
    MoneyKind.FIXED: ("amount",),
    MoneyKind.UNIT_CAP: ("amount",),
    MoneyKind.PLAN_YEAR_CAP: ("amount",),
    MoneyKind.UNIT_YEAR_CAP: ("amount",),
    MoneyKind.SHARE: ("rate", "base"),
    MoneyKind.TIERS: ("tiers", "base"),
    MoneyKind.INTENSITY: ("matrix", "row", "column", "base"),
    MoneyKind.RATIO: ("rate", "sources", "against"),
    MoneyKind.CATEGORY_SHARE: ("rate", "base", "categories"),
    MoneyKind.CATEGORY_TIERS: ("tiers", "base", "categories"),
}
EXPRESSIONS = ("base", "row", "column", "applies_when", "waived_when")
LIMITING = frozenset(
    {
        MoneyKind.CAP,
        MoneyKind.FIXED,
        MoneyKind.UNIT_CAP,
        MoneyKind.PLAN_YEAR_CAP,
        MoneyKind.UNIT_YEAR_CAP,
        MoneyKind.SHARE,
        MoneyKind.TIERS,
        MoneyKind.INTENSITY,
    }
)
"""Kinds that limit the public money of a project."""


def problems(rule: MoneyRule, *, categories: set[str], sources: set[str]) -> list[Refused]:
    """What is missing or wrong in one clause, expressions apart; each names field and clause."""
    where = {"field": f"money_rules.{rule.code}", "clause": rule.clause}
    found = [
        Refused(
            _("经费条款“%(code)s”（%(kind)s）须填写“%(field)s”。")
            % {
                "code": rule.code,
                "kind": rule.get_kind_display(),
                "field": MoneyRule._meta.get_field(name).verbose_name,
            },
            **where,
        )
        for name in NEEDS[rule.kind]
        if getattr(rule, name) in (None, "", [], {})
    ]
    if rule.tiers and not _ascending(rule.tiers):
        found.append(
            Refused(
                _("经费条款“%(code)s”的分档须由小到大，最后一档不设上限。") % {"code": rule.code}, **where
            )
        )
    known = {"categories": categories, "sources": sources, "against": sources}
    for name, codes in known.items():
        for code in getattr(rule, name):
            if code not in codes:
                found.append(
                    Refused(
                        _("经费条款“%(rule)s”用到的“%(code)s”不在预算表中。")
                        % {"rule": rule.code, "code": code},
                        **where,
                    )
                )
    return found


def _ascending(tiers) -> bool:
    """[[upper, rate], …]: bounds ascend, the last is open, every rate is a number."""
    try:
        bounds = [None if upper is None else Decimal(upper) for upper, _rate in tiers]
        for _upper, rate in tiers:
            Decimal(rate)
    except (TypeError, ValueError, InvalidOperation):
        return False
    closed = bounds[:-1]
    return bounds[-1] is None and None not in closed and closed == sorted(set(closed))
