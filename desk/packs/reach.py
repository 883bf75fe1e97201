"""Questions that nobody would ever see, and answers that nobody can give."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from core import expressions
from desk.packs.schema import Pack, QuestionPart, SectionPart
from desk.packs.source import Place
from grants.models import FormKind, QuestionKind, QuotaOf

Found = Iterator[tuple[Place, str]]
TEXT = r"""(?:"([^"]*)"|'([^']*)')"""
NAME = r"(?:project\.)?answers\.([A-Za-z_]\w*)"
EQUALS = re.compile(rf"{NAME}\s*==\s*{TEXT}")
REVERSED = re.compile(rf"{TEXT}\s*==\s*{NAME}")
INSIDE = re.compile(rf"{TEXT}\s+in\s+{NAME}")
ONE_OF = re.compile(rf"{NAME}\s+in\s+\[([^\]]*)\]")
TEXTS = re.compile(TEXT)


READS = {
    FormKind.MILESTONE: (FormKind.APPLICATION,),
    FormKind.ANNUAL: (FormKind.APPLICATION,),
    FormKind.ACCEPTANCE: (FormKind.APPLICATION, FormKind.MILESTONE),
}
"""The other forms whose answers a form may read: reports the application, the last milestone both."""


def values_of(question: QuestionPart) -> set[str] | None:
    """The values that the answer may have; None when anything may be typed."""
    if question.kind not in (QuestionKind.CHOICE, QuestionKind.CHOICES):
        return None
    choices = question.config.get("choices")
    if not isinstance(choices, list):
        return None
    return {str(choice.get("value") if isinstance(choice, dict) else choice) for choice in choices}


def compared(source: str) -> Iterator[tuple[str, list[str]]]:
    """(question, values of which one must hold) for each comparison with a text in the expression."""
    for name, double, single in EQUALS.findall(source):
        yield name, [double or single]
    for double, single, name in (*REVERSED.findall(source), *INSIDE.findall(source)):
        yield name, [double or single]
    for name, listed in ONE_OF.findall(source):
        yield name, [double or single for double, single in TEXTS.findall(listed)]


def impossible(source: str, by_code: dict[str, QuestionPart]) -> Iterator[str]:
    """Sentences on comparisons that no answer can meet."""
    for name, wanted in compared(source):
        known = values_of(by_code[name]) if name in by_code else None
        if known is not None and wanted and not known & set(wanted):
            yield _("题目“%(label)s”没有选项“%(value)s”。") % {
                "label": by_code[name].label,
                "value": "、".join(wanted),
            }


def errors(pack: Pack) -> Found:
    """Conditions that can never hold: on oneself, on a choice that is not there, on what is never shown."""
    by_code = {question.code: question for _place, _section, question in questions(pack)}
    home = {question.code: section for _place, section, question in questions(pack)}
    hidden: set[str] = set()
    for place, section, question in questions(pack):
        faults = list(_faults(section, question, by_code, home, hidden))
        if faults:
            hidden.add(question.code)
        for message in faults:
            yield (*place, "visible_when"), message
    for place, source in conditions(pack):
        for message in impossible(source, by_code):
            yield place, message


def _faults(section: SectionPart, question: QuestionPart, by_code, home, hidden) -> Iterator[str]:
    source = question.visible_when.strip()
    if not source:
        return
    if source == "false":
        yield _("显示条件永远不成立，这道题没有人看得到。")
    yield from impossible(source, by_code)
    for code in read(source):
        other = home.get(code)
        if code == question.code:
            yield _("显示条件引用了本题自己，这道题没有人看得到。")
        elif code in hidden:
            yield _("显示条件引用的“%(label)s”永远不显示。") % {"label": by_code[code].label}
        elif other and other.form not in (section.form, *READS.get(section.form, ())):
            yield _("显示条件引用的“%(label)s”在另一张表里。") % {"label": by_code[code].label}
        elif other and other.type and section.type and other.type != section.type:
            yield _("显示条件引用的“%(label)s”属于另一个项目类别。") % {"label": by_code[code].label}


def read(source: str) -> list[str]:
    """Codes of the questions that an expression reads; none when it cannot be read at all."""
    try:
        paths = expressions.compile(source).paths
    except expressions.ExpressionError:
        return []
    codes = [path[1] for path in paths if path[0] == "answers" and path[1:]]
    codes += [path[2] for path in paths if path[:2] == ("project", "answers") and path[2:]]
    return sorted(set(codes))


def warnings(pack: Pack) -> Found:
    """Conditions on a question that comes later: people meet it after what depends on it."""
    order = {question.code: number for number, (_p, _s, question) in enumerate(questions(pack))}
    labels = {question.code: question.label for _place, _section, question in questions(pack)}
    forms = {question.code: section.form for _place, section, question in questions(pack)}
    for place, section, question in questions(pack):
        for code in read(question.visible_when):
            if forms.get(code) == section.form and order[code] > order[question.code]:
                yield (
                    (*place, "visible_when"),
                    _("显示条件引用的“%(label)s”排在这道题之后。") % {"label": labels[code]},
                )
    for number, section in enumerate(pack.sections):
        if not section.questions:
            yield ("sections", number), _("“%(title)s”里还没有题目。") % {"title": section.title}


def conditions(pack: Pack) -> Iterator[tuple[Place, str]]:
    """Every other expression that may compare an answer with a choice."""
    for number, rule in enumerate(pack.rules):
        yield ("rules", number, "expression"), rule.expression
        yield ("rules", number, "applies_when"), rule.applies_when
    for number, stage in enumerate(pack.stages):
        yield ("stages", number, "applies_when"), stage.applies_when
    yield ("paper", "applies_when"), pack.paper.applies_when
    for number, duty in enumerate(pack.duties):
        yield ("duties", number, "applies_when"), duty.applies_when
    for number, rule in enumerate(pack.money.rules):
        for name in ("applies_when", "waived_when", "row", "column"):
            yield ("money", "rules", number, name), getattr(rule, name)
    for place, _section, question in questions(pack):
        yield (*place, "valid_when"), question.valid_when
        yield (*place, "required_when"), question.required_when


def questions(pack: Pack) -> Iterator[tuple[Place, SectionPart, QuestionPart]]:
    for number, section in enumerate(pack.sections):
        for index, question in enumerate(section.questions):
            yield ("sections", number, "questions", index), section, question


def grouped(pack: Pack, index: int, quota) -> Found:
    """A limit is counted by a question of the application form with one choice, or for one of its values."""
    if not (quota.question or quota.value):
        return
    if quota.of != QuotaOf.UNIT:
        yield ("quotas", index, "question"), _("只有申报单位的限额才按题目分组。")
        return
    asked = {
        question.code: question
        for section in pack.sections
        if section.form == FormKind.APPLICATION
        for question in section.questions
        if question.kind == QuestionKind.CHOICE
    }
    found = asked.get(quota.question)
    if found and not (found.required and not found.visible_when.strip()):
        yield (
            ("quotas", index, "question"),
            _("按“%(label)s”分组，这道题须是必填、总是显示的。") % {"label": found.label},
        )
    if found is None:
        yield (
            ("quotas", index, "question"),
            _("申报表里没有代码为“%(code)s”的单选题。") % {"code": quota.question},
        )
    elif quota.value and not found.config.get("divisions") and quota.value not in values_of(found):
        yield (
            ("quotas", index, "value"),
            _("题目“%(label)s”没有选项“%(value)s”。")
            % {"label": asked[quota.question].label, "value": quota.value},
        )
