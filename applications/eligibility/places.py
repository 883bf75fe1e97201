"""Where in an application the answers stand that a rule read: what an officer jumps to from its line."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from applications.eligibility.lines import SECTION_OF_SCOPE
from core import expressions
from core.expressions import ExpressionError
from grants.models import EligibilityRule

SECTIONS = {
    "basics": _("基本信息"),
    "participants": _("参与人员"),
    "budget": _("经费预算"),
    "milestones": _("计划里程碑"),
}
SECTION_OF = {
    "unit": "basics",
    "project": "basics",
    "topic": "basics",
    "pi": "participants",
    "participants": "participants",
    "members": "participants",
    "partners": "participants",
    "budget": "budget",
    "milestones": "milestones",
}
"""Variable of an expression → the part of the content that shows it."""


def places_of(
    rule: EligibilityRule, labels: dict[str, str], answered: Collection[str]
) -> list[tuple[str, str]]:
    """(words, anchor) of every answer and part that a rule reads, each once; never empty."""
    found: dict[str, str] = {}
    for path in sorted(_paths(rule)):
        code = _answer_of(path)
        if code in answered:
            found[f"a-{code}"] = str(labels.get(f"answers.{code}", code))
        elif path[0] in SECTION_OF and code is None:
            section = SECTION_OF[path[0]]
            found[f"c-{section}"] = str(SECTIONS[section])
    if not found:
        section = SECTION_OF_SCOPE.get(rule.scope, "basics")
        found[f"c-{section}"] = str(SECTIONS[section])
    return [(words, anchor) for anchor, words in found.items()]


def _paths(rule) -> set[tuple[str, ...]]:
    paths: set[tuple[str, ...]] = set()
    for source in (rule.expression, rule.applies_when):
        if source.strip():
            try:
                paths |= expressions.compile(source).paths
            except ExpressionError:
                continue
    return paths


def _answer_of(path: tuple[str, ...]) -> str | None:
    if path[:1] == ("answers",) and len(path) > 1:
        return path[1]
    if path[:2] == ("project", "answers") and len(path) > 2:
        return path[2]
    return None
