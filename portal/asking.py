"""Which questions the rules of a call read, as a short form: what `portal.selfcheck` asks the public."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.kinds import CERTIFICATES, NUMBERS, TEXTS, FactKind, OrganisationKind
from accounts.models import Organisation
from accounts.queries import unit_contexts
from applications import questions
from applications.eligibility import LABELS
from applications.fields import CodeField, DayField, LimitedText, MoneyField, PlainNumberField
from core import expressions
from core.calendar import local_date
from grants.dictionaries import Codes
from grants.models import Call, EligibilityRule, QuestionKind

REGIONS = "regions"
ELSEWHERE = "000000"
"""Somewhere outside the regions the notice names."""
FEW_REGIONS = 40
OWN, OTHER = "own", "other"

YES_NO = (("", gettext_lazy("不清楚")), ("true", gettext_lazy("是")), ("false", gettext_lazy("否")))
SIMPLE = (
    QuestionKind.NUMBER,
    QuestionKind.MONEY,
    QuestionKind.DATE,
    QuestionKind.MONTH,
    QuestionKind.YES_NO,
    QuestionKind.CHOICE,
    QuestionKind.CHOICES,
)
"""Questions of the application form that one can answer in a moment."""
SIZES = (
    ("large", gettext_lazy("大型")),
    ("medium", gettext_lazy("中型")),
    ("small", gettext_lazy("小型")),
    ("micro", gettext_lazy("微型")),
)


UNIT = re.compile(r"\s*[（(][^（()）]*[)）]$")
PEOPLE = (FactKind.STAFF, FactKind.RD_STAFF)


@dataclass(frozen=True)
class Reading:
    """A name that rules read, with the day as of which its value counts."""

    path: tuple[str, ...]
    as_of: date


def expressions_of(rule: EligibilityRule) -> Iterator[expressions.Expression]:
    """What a rule computes; what cannot be compiled asks nothing."""
    for source in (rule.applies_when, rule.expression):
        if source.strip():
            try:
                yield expressions.compile(source)
            except expressions.ExpressionError:
                continue


def readings(call: Call, rules: Collection[EligibilityRule]) -> dict[tuple[str, str], Reading]:
    """{(variable, field): reading} of all that the rules read, in the order of the rules."""
    opening = local_date(call.opens_at)
    found: dict[tuple[str, str], Reading] = {}
    for rule in rules:
        for expression in expressions_of(rule):
            for path in sorted(expression.paths):
                path = path[1:] if path[:2] == ("project", "answers") else path
                if len(path) > 1:
                    found.setdefault(path[:2], Reading(path, rule.as_of or opening))
    return found


def yes_no(label: str) -> forms.Field:
    return forms.TypedChoiceField(
        label=label,
        required=False,
        choices=YES_NO,
        coerce=lambda text: text == "true",
        empty_value=None,
        widget=forms.RadioSelect,
    )


def money(label: str) -> forms.Field:
    """Amounts are stored in 元 and typed in 万元: the label says so instead of its own unit."""
    return MoneyField(label=_("%(name)s（万元）") % {"name": UNIT.sub("", label)}, required=False)


def number(label: str, **limits) -> forms.Field:
    return PlainNumberField(label=label, required=False, min_value=0, max_digits=15, **limits)


def choice(label: str, pairs) -> forms.Field:
    return forms.ChoiceField(label=label, required=False, choices=[("", _("请选择")), *pairs])


def region(label: str, prefixes: Collection[str], on: date, typed: str = "") -> forms.Field:
    """The districts that the notice names and “elsewhere”; a code or a name where it names none."""
    codes = Codes(REGIONS, on=on)
    inside = [entry for entry in codes.choices if any(entry.code.startswith(p) for p in prefixes)]
    if 0 < len(inside) <= FEW_REGIONS:
        pairs = [(entry.code, entry.label) for entry in inside]
        if typed and typed not in dict(pairs):
            pairs.append((typed, codes.label(typed)))
        return choice(label, [*pairs, (ELSEWHERE, _("其他地区"))])
    if codes.choices:
        return CodeField(codes, label=label, required=False, help_text=_("填区划代码或名称，例如 崂山区。"))
    return forms.RegexField(
        r"^[0-9]{6}$",
        label=label,
        required=False,
        help_text=_("GB/T 2260 六位代码"),
        error_messages={"invalid": _("区域代码是六位数字。")},
    )


def of_fact(kind: FactKind) -> forms.Field:
    if kind in CERTIFICATES:
        return yes_no(str(kind.label))
    if kind == FactKind.SIZE:
        return choice(_("企业规模"), SIZES)
    if kind in TEXTS:
        return LimitedText(label=str(kind.label), required=False, max_length=120)
    return number(str(kind.label)) if kind in PEOPLE else money(str(kind.label))


@dataclass
class Asking:
    """The short form of one call: its fields by name, and how what was typed becomes what rules read."""

    call: Call
    rules: list[EligibilityRule]
    organisation: Organisation | None = None
    read: dict[tuple[str, str], Reading] = field(init=False)
    questions: dict[str, Any] = field(init=False)

    def __post_init__(self):
        self.read = readings(self.call, self.rules)
        codes = {name for root, name in self.read if root == "answers"}
        rows = self.call.questions.filter(code__in=codes, kind__in=SIMPLE) if codes else []
        self.questions = {question.code: question for question in rows}
        self.known = self._known()

    def _known(self) -> dict[date, dict]:
        """What the unit's own record says, for each day that rules name."""
        if self.organisation is None:
            return {}
        days = {reading.as_of for (root, _name), reading in self.read.items() if root == "unit"}
        return {day: unit_contexts([self.organisation], day)[self.organisation.pk] for day in days}

    def recorded(self, key) -> Any:
        """The value of `unit.<name>` in the unit's record; None where it says nothing."""
        return self.known.get(self.read[key].as_of, {}).get(key[1])

    @property
    def prefixes(self) -> list[str]:
        found = []
        for rule in self.rules:
            named = rule.params.get("regions") or [rule.params.get("region") or ""]
            found += [str(code) for code in named if code]
        return found

    def fields(self) -> dict[str, forms.Field]:
        """Form field by name; a name is `<variable>__<field>`."""
        found = {}
        for key in sorted(self.read, key=_place):
            made = self._field(*key)
            if made is not None:
                found["__".join(key)] = made
        if ("pi", "credit_code") in self.read:
            found["pi__own"] = yes_no(_("项目负责人是申报单位的正式人员"))
        return found

    def _field(self, root: str, name: str) -> forms.Field | None:
        if root == "answers":
            question = self.questions.get(name)
            if question is None:
                return None
            if question.kind == QuestionKind.YES_NO:
                return yes_no(questions.localised(question, "label"))
            made = questions.field_of(question)
            made.required = False
            return made
        make = getattr(self, f"_of_{root}", None)
        made = make(name) if make else None
        if made is not None and root == "unit":
            made.initial = self.recorded((root, name))
            if isinstance(made, forms.TypedChoiceField) and made.initial is not None:
                made.initial = "true" if made.initial else "false"
        return made

    def _of_unit(self, name: str) -> forms.Field | None:
        label = str(LABELS.get(f"unit.{name}", name))
        if name == "kind":
            return choice(label, OrganisationKind.choices)
        if name == "region":
            reading = self.read["unit", "region"]
            return region(label, self.prefixes, reading.as_of, self.recorded(("unit", "region")) or "")
        if name == "registered_date":
            return DayField(label=label, required=False)
        if name == "integrity_clean":
            return yes_no(_("没有在有效期内的严重失信记录"))
        if name == "functional_area":
            name = FactKind.PARK
        return of_fact(FactKind(name)) if name in FactKind.values else None

    def _of_pi(self, name: str) -> forms.Field | None:
        label = str(LABELS.get(f"pi.{name}", name))
        if name == "birth_date":
            return DayField(label=label, required=False)
        if name == "sex":
            return choice(label, [("male", _("男")), ("female", _("女"))])
        if name == "title":
            return LimitedText(label=label, required=False, max_length=60)
        return number(label, max_value=12) if name == "months_per_year" else None

    def _of_project(self, name: str) -> forms.Field | None:
        label = str(LABELS.get(f"project.{name}", name))
        if name == "months":
            return number(label, decimal_places=0)
        if name == "amount":
            return money(label)
        return DayField(label=label, required=False) if name in ("starts_date", "ends_date") else None

    def _of_budget(self, name: str) -> forms.Field | None:
        return money(str(LABELS[f"budget.{name}"])) if name in ("fiscal", "own", "total") else None

    def context(self, typed: dict[str, Any], *, project_type=None) -> dict[str, dict]:
        """What rules read: what was not said is absent, so that a rule that needs it says so."""
        found: dict[str, dict] = {"unit": {}, "pi": {}, "project": {}, "budget": {}, "answers": {}}
        if self.organisation is not None:
            found["unit"] |= dict(self._recorded_only())
        for name, value in typed.items():
            root, _mark, key = name.partition("__")
            if root in found and value not in (None, "", []):
                found[root][key] = self._for_rules(root, key, value)
        own = found["pi"].pop("own", None)
        if own is not None:
            found["unit"].setdefault("credit_code", OWN)
            found["pi"]["credit_code"] = found["unit"]["credit_code"] if own else OTHER
        if {"fiscal", "own"} <= found["budget"].keys():
            found["budget"].setdefault("total", found["budget"]["fiscal"] + found["budget"]["own"])
        if project_type is not None:
            found["project"]["type"] = project_type.code
        found["project"]["answers"] = found["answers"]
        call = self.call
        found["call"] = {
            "year": call.year,
            "opens_at": call.opens_at,
            "closes_at": call.closes_at,
            "cap": call.cap,
            "slug": call.programme.slug,
        }
        return found

    def _recorded_only(self):
        """What the unit's record says and the form does not ask."""
        for key in self.read:
            if key[0] == "unit" and self._field(*key) is None:
                value = self.recorded(key)
                if value is not None:
                    yield key[1], value

    def _for_rules(self, root: str, key: str, value):
        if root == "answers":
            question = self.questions[key]
            if question.kind == QuestionKind.YES_NO:
                return value
            return questions.for_rules(question, questions.KINDS[question.kind].to_json(value))
        if root == "project" and key == "months":
            return int(value)
        return value


ORDER = ("unit", "pi", "project", "budget", "answers")
GROUPS = {
    "unit": gettext_lazy("您的单位"),
    "pi": gettext_lazy("项目负责人"),
    "project": gettext_lazy("项目"),
    "budget": gettext_lazy("经费"),
    "answers": gettext_lazy("通知另外要求的"),
}
_UNIT_ORDER = ("kind", "region", "registered_date", *CERTIFICATES, *TEXTS, *NUMBERS, "integrity_clean")


def _place(key: tuple[str, str]) -> tuple:
    root, name = key
    first = ORDER.index(root) if root in ORDER else len(ORDER)
    within = _UNIT_ORDER.index(name) if name in _UNIT_ORDER else len(_UNIT_ORDER)
    return first, within if root == "unit" else 0


class SelfCheckForm(forms.Form):
    """The fields that the rules of one call read; nothing is required."""

    def __init__(self, asking: Asking, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asking = asking
        self.fields.update(asking.fields())
        for name, made in self.fields.items():
            plain = not isinstance(made.widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
            if plain:
                is_select = isinstance(made.widget, forms.Select)
                made.widget.attrs["class"] = "form-select" if is_select else "form-control"
            root, _mark, key = name.partition("__")
            reading = asking.read.get((root, key))
            if root == "unit" and reading and key not in ("kind", "region", "registered_date"):
                day = _("以 %(day)s 的情况为准。") % {"day": reading.as_of}
                made.help_text = f"{made.help_text} {day}".strip()

    def groups(self) -> list[dict]:
        """The fields under their headings."""
        found = []
        for root in ORDER:
            rows = [self[name] for name in self.fields if name.startswith(f"{root}__")]
            if rows:
                found.append({"title": GROUPS[root], "fields": rows})
        return found
