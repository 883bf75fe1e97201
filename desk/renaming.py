"""A code that gets another name: everything of the call that names it follows, or the new name is refused."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from core.expressions import TOKEN
from core.workflow import Refused
from desk.packs import labels
from duties.models import DutyTerm
from equity.models import TriggerTemplate
from exchange.models import DemandScheme
from finance.models import InstalmentTemplate
from grants.models import (
    BudgetCategory,
    Call,
    ClaimScheme,
    EligibilityRule,
    FundingSource,
    MoneyRule,
    ProjectType,
    Question,
    Quota,
    SanctionTerm,
    Section,
)
from milestones.models import AcceptanceBonus, AcceptanceGrade, AcceptanceScheme, MilestoneTemplate

Names = Mapping[str, str]
"""Old code → new code; several at once, so that two may change places."""
PATHS = {
    Question: (("answers",), ("project", "answers")),
    BudgetCategory: (("budget", "categories"), ("budget", "fiscal_categories")),
    FundingSource: (("budget", "sources"),),
}
"""Under which variables of expressions the codes of a table stand."""
TYPE = "project.type"
LITERAL = r"""(?:'([^'\\]*)'|"([^"\\]*)")"""
COMPARED = re.compile(
    rf"project\.type\s*[!=]=\s*{LITERAL}|{LITERAL}\s*[!=]=\s*project\.type|project\.type\s+in\s+\[[^\]]*\]"
)


@dataclass
class Place:
    """One text of the call that may hold codes, and how it is written back."""

    row: Model
    part: str
    name: str
    text: str
    write: Callable[[str], None]

    def __str__(self):
        return f"{labels.of_part(self.part)} {self.row}（{labels.of_field(self.part, self.name)}）"


def expressions_of(call: Call) -> Iterator[Place]:
    """Every expression of the call."""
    for question in call.questions.all():
        for name in ("visible_when", "required_when", "valid_when"):
            yield _attribute(question, "sections.questions", name)
        if question.config.get("expression"):
            yield _entry(question, question.config, "expression")
        for check in question.config.get("checks") or []:
            if isinstance(check, dict) and check.get("when"):
                yield _entry(question, check, "when")
    for rule in call.rules.all():
        for name in ("expression", "applies_when"):
            yield _attribute(rule, "rules", name)
    for stage in call.stages.all():
        yield _attribute(stage, "stages", "applies_when")
    for grade in call.grades.all():
        yield _attribute(grade, "grades", "when")
    for row in InstalmentTemplate.objects.filter(call=call):
        yield _attribute(row, "instalments", "formula")
    for part, model in (("acceptance.grades", AcceptanceGrade), ("acceptance.bonuses", AcceptanceBonus)):
        for row in model.objects.filter(call=call):
            yield _attribute(row, part, "when")
    yield _attribute(call, "call", "paper_applies_when")
    for duty in call.duty_terms.all():
        yield _attribute(duty, "duties", "applies_when")
    for group in call.nominator_groups.all():
        for name in ("who", "applies_when"):
            yield _attribute(group, "nominators", name)
    for rule in call.money_rules.all():
        for name in ("base", "row", "column", "applies_when", "waived_when"):
            yield _attribute(rule, "money.rules", name)


def _attribute(row: Model, part: str, name: str) -> Place:
    return Place(row, part, name, getattr(row, name), lambda text: setattr(row, name, text))


def _entry(question: Question, config: dict, key: str) -> Place:
    """A text within the settings of a question."""
    return Place(
        question, "sections.questions", "config", config[key], lambda text: config.update({key: text})
    )


def carry(call: Call, model: type[Model], names: Names) -> list[str]:
    """Let everything follow; the places that did. Raises Refused naming those that cannot."""
    names = {old: new for old, new in names.items() if old and old != new}
    if not names:
        return []
    found = []
    # One after the other: a row of money may hold codes in its formulas and by name.
    for find in (_in_expressions, _by_name):
        for place in find(call, model, names):
            place.row.save(update_fields=[place.name])
            found.append(str(place))
    return found


def _in_expressions(call: Call, model, names: Names) -> list[Place]:
    places, stuck = [], []
    for place in expressions_of(call):
        text, is_stuck = _renamed(place.text, model, names)
        if is_stuck:
            stuck.append(str(place))
        elif text != place.text:
            place.write(text)
            places.append(place)
    if stuck:
        raise Refused(
            _("代码“%(codes)s”还用在这些地方，系统不能代改，请先改它们：%(places)s。")
            % {"codes": "、".join(names), "places": "；".join(stuck)},
            field="code",
            code="in_use",
        )
    return places


def _renamed(text: str, model, names: Names) -> tuple[str, bool]:
    """(the expression with the new names, whether an old one stands where it cannot be replaced)."""
    if not text:
        return text, False
    if model is ProjectType:
        return _retyped(text, names)
    paths = PATHS.get(model, ())

    def follow(match):
        steps = (match["path"] or "").split(".")
        for path in paths:
            code = steps[len(path)] if tuple(steps[: len(path)]) == path and len(steps) > len(path) else None
            if code in names:
                steps[len(path)] = names[code]
        return ".".join(steps) if match["path"] else match[0]

    by_key = any(
        re.search(rf"{'[.]'.join(path)}\s*\[\s*['\"]{re.escape(old)}['\"]", text)
        for path in paths
        for old in names
    )
    return TOKEN.sub(follow, text), by_key


def _retyped(text: str, names: Names) -> tuple[str, bool]:
    """Codes of types are texts: replaced where they are compared with the type of the project."""

    def follow(match):
        return re.sub(LITERAL, lambda found: _quoted(found, names), match[0])

    text = COMPARED.sub(follow, text)
    rest = COMPARED.sub("", text)
    stuck = TYPE in rest and any(re.search(rf"['\"]{re.escape(old)}['\"]", rest) for old in names)
    return text, stuck


def _quoted(found, names: Names) -> str:
    value = found[1] if found[1] is not None else found[2]
    mark = found[0][0]
    return f"{mark}{names.get(value, value)}{mark}"


# ---- what names a code outside of expressions ----


def _by_name(call: Call, model, names: Names) -> Iterator[Place]:
    if model is Question:
        yield from _values(ClaimScheme, call, "claims", "question", names)
        yield from _values(Quota, call, "quotas", "question", names)
        for scheme in DemandScheme.objects.filter(call=call, public__isnull=False):
            yield from _list(scheme, "demands", "public", names)
    if model is Section:
        yield from _values(DutyTerm, call, "duties", "section_code", names)
    if model is MilestoneTemplate:
        yield from _values(InstalmentTemplate, call, "instalments", "milestone_code", names)
        yield from _values(SanctionTerm, call, "sanctions", "milestone_code", names)
        yield from _values(AcceptanceScheme, call, "acceptance", "milestone_code", names)
        yield from _values(TriggerTemplate, call, "equity", "milestone_code", names)
    for rule in call.money_rules.all() if model in (BudgetCategory, FundingSource, ProjectType) else ():
        if model is BudgetCategory:
            yield from _list(rule, "money.rules", "categories", names)
        if model is FundingSource:
            yield from _list(rule, "money.rules", "sources", names)
            yield from _list(rule, "money.rules", "against", names)
        if model is ProjectType:
            yield from _matrix(rule, names)


def _values(model, call: Call, part: str, name: str, names: Names) -> Iterator[Place]:
    for row in model.objects.filter(call=call, **{f"{name}__in": list(names)}):
        setattr(row, name, names[getattr(row, name)])
        yield _attribute(row, part, name)


def _list(row: Model, part: str, name: str, names: Names) -> Iterator[Place]:
    now: list[Any] = getattr(row, name)
    if set(now) & set(names):
        setattr(row, name, [names.get(code, code) for code in now])
        yield _attribute(row, part, name)


def _matrix(rule: MoneyRule, names: Names) -> Iterator[Place]:
    """Rows and columns of an intensity table that are types."""
    before = rule.matrix
    if rule.row.strip() == TYPE:
        rule.matrix = {names.get(key, key): rates for key, rates in rule.matrix.items()}
    if rule.column.strip() == TYPE:
        rule.matrix = {
            key: {names.get(name, name): rate for name, rate in rates.items()}
            for key, rates in rule.matrix.items()
        }
    if rule.matrix != before:
        yield _attribute(rule, "money.rules", "matrix")


# ---- what no machine can follow ----


def check_rule(rule: EligibilityRule, old: str) -> None:
    """A rule of a type replaces the call's rule of its code: one of a pair is not renamed alone."""
    pair = EligibilityRule.objects.filter(call_id=rule.call_id, code=old).exclude(pk=rule.pk)
    if pair.exists():
        places = "；".join(f"{other.project_type or _('各类别共用')} {other.text[:20]}" for other in pair)
        raise Refused(
            _("代码“%(code)s”的条件在别的项目类别里也有，同名的互相替代，请先改它们：%(places)s。")
            % {"code": old, "places": places},
            field="code",
            code="in_use",
        )


def check_columns(question: Question, gone: set[str]) -> None:
    """Columns of a table that expressions still read are not renamed or dropped."""
    stuck = []
    for place in expressions_of(question.call):
        is_own = place.row.pk == question.pk and isinstance(place.row, Question)
        if is_own or f"answers.{question.code}" in place.text:
            used = [code for code in gone if re.search(rf"\.{re.escape(code)}\b", place.text)]
            stuck += [f"{code} → {place}" for code in used]
    scheme = ClaimScheme.objects.filter(call=question.call, question=question.code, column__in=gone).first()
    if scheme:
        stuck.append(f"{scheme.column} → {labels.of_part('claims')}")
    if stuck:
        raise Refused(
            _("表格的列还用在这些地方，请先改它们：%(places)s。") % {"places": "；".join(stuck)},
            field="code",
            code="in_use",
        )
