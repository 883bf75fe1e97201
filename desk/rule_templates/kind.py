"""What a rule template is made of."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from string import Formatter
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.kinds import OrganisationKind
from grants.models import Automation, RuleScope, Severity


class Group(StrEnum):
    """Headings under which templates stand on the page."""

    UNIT = "unit"
    FIGURES = "figures"
    RECORDS = "records"
    CONSORTIUM = "consortium"
    PI = "pi"
    PROJECT = "project"
    BUDGET = "budget"
    MANUAL = "manual"


GROUP_LABELS = {
    Group.UNIT: _("申报单位"),
    Group.FIGURES: _("单位的规模与投入"),
    Group.RECORDS: _("限项与信用"),
    Group.CONSORTIUM: _("合作单位"),
    Group.PI: _("负责人与成员"),
    Group.PROJECT: _("项目内容"),
    Group.BUDGET: _("经费"),
    Group.MANUAL: _("由人审查"),
}


class ParamKind(StrEnum):
    DATE = "date"
    WHOLE = "whole"
    NUMBER = "number"
    PERCENT = "percent"
    """Typed as 3, stored as 0.03."""
    WAN = "wan"
    """万元, as typed."""
    TEXT = "text"
    TEXTS = "texts"
    KINDS = "kinds"
    """Kinds of unit, by code."""
    QUESTION = "question"
    """A question of the form; its code is written into the expression."""
    CATEGORY = "category"
    """A row of the budget table; its code is written into the expression."""


IN_EXPRESSION = frozenset({ParamKind.QUESTION, ParamKind.CATEGORY})


@dataclass(frozen=True)
class Param:
    """One thing to fill in. `default` may name the call's year: "{year-1}-01-01"."""

    name: str
    kind: ParamKind
    label: str
    label_en: str
    default: Any = None
    question_kinds: tuple[str, ...] = ()

    def words(self) -> str:
        return self.label_en if _english() else self.label


@dataclass(frozen=True)
class RuleTemplate:
    """A clause to fill in. `text`, `text_en` and `hint` hold {names} of params; expressions read `params.name`."""

    code: str
    group: Group
    title: str
    title_en: str
    text: str
    text_en: str
    scope: str
    expression: str = ""
    applies_when: str = ""
    params: tuple[Param, ...] = ()
    hint: str = ""
    automation: str = Automation.AUTO
    severity: str = Severity.BLOCKING
    note: str = ""
    """What to think of when using it, for the manager."""

    def words(self) -> str:
        return self.title_en if _english() else self.title

    def blank_text(self) -> str:
        """The printed sentence with blanks to fill in."""
        text = self.text_en if _english() else self.text
        return text.format(**dict.fromkeys(self.names(), "＿＿"))

    def scope_label(self) -> str:
        return RuleScope(self.scope).label

    def fill(self, values: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
        """The fields of a rule for these values. `labels`: how codes of questions and categories read."""
        chosen = {p.name: values[p.name] for p in self.params if p.kind in IN_EXPRESSION}
        shown = {p.name: readable(p, values[p.name], labels or {}) for p in self.params}
        english = {p.name: readable(p, values[p.name], labels or {}, english=True) for p in self.params}
        return {
            "text": self.text.format(**shown),
            "text_en": self.text_en.format(**english),
            "hint": self.hint.format(**shown),
            "scope": self.scope,
            "automation": self.automation,
            "severity": self.severity,
            "expression": _with_codes(self.expression, chosen),
            "applies_when": _with_codes(self.applies_when, chosen),
            "params": {
                p.name: as_json(p, values[p.name]) for p in self.params if p.kind not in IN_EXPRESSION
            },
        }

    def names(self) -> set[str]:
        """Names that the printed sentences use."""
        texts = (self.text, self.text_en, self.hint)
        return {name for text in texts for _l, name, _f, _c in Formatter().parse(text) if name}


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _with_codes(expression: str, chosen: dict[str, str]) -> str:
    """`answers.<trl>` with the code of the chosen question."""
    for name, code in chosen.items():
        expression = expression.replace(f"<{name}>", code)
    return expression


def as_json(param: Param, value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if param.kind == ParamKind.PERCENT:
        value = value / Decimal(100)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def readable(param: Param, value: Any, labels: dict[str, str], *, english: bool = False) -> str:
    """A value as it stands in a printed sentence."""
    if isinstance(value, date):
        return value.isoformat() if english else f"{value.year}年{value.month}月{value.day}日"
    if param.kind == ParamKind.KINDS:
        return (", " if english else "、").join(str(OrganisationKind(kind).label) for kind in value)
    if isinstance(value, list):
        return (", " if english else "、").join(map(str, value))
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return labels.get(value, str(value)) if isinstance(value, str) else str(value)


def default_of(param: Param, year: int) -> Any:
    """The default for a call of that year."""
    value = param.default
    if isinstance(value, str) and "{year" in value:
        for distance in range(0, 100):
            value = value.replace(f"{{year-{distance}}}", str(year - distance))
        value = value.replace("{year}", str(year))
    return value
