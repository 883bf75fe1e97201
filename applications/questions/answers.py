"""One answer: read what was typed, show it again, print it, judge it."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications.questions.base import Kind, localised, worded
from applications.questions.choosing import Choice, Choices, DictionaryChoice
from applications.questions.computed import Computed, evaluated
from applications.questions.files import Attachment
from applications.questions.people import Person, Unit
from applications.questions.rows import Indicators, Lines, Subprojects, Table
from applications.questions.simple import Commitment, Day, Line, Money, Month, Number, Text, YesNo
from core import expressions
from core.sent import storable
from grants.models import QuestionKind

KINDS: dict[str, Kind] = {
    QuestionKind.LINE: Line(),
    QuestionKind.TEXT: Text(),
    QuestionKind.NUMBER: Number(),
    QuestionKind.MONEY: Money(),
    QuestionKind.DATE: Day(),
    QuestionKind.MONTH: Month(),
    QuestionKind.YES_NO: YesNo(),
    QuestionKind.CHOICE: Choice(),
    QuestionKind.CHOICES: Choices(),
    QuestionKind.DICTIONARY: DictionaryChoice(),
    QuestionKind.LIST: Lines(),
    QuestionKind.PERSON: Person(),
    QuestionKind.ORGANISATION: Unit(),
    QuestionKind.TABLE: Table(),
    QuestionKind.INDICATORS: Indicators(),
    QuestionKind.SUBPROJECTS: Subprojects(),
    QuestionKind.ATTACHMENT: Attachment(),
    QuestionKind.COMMITMENT: Commitment(),
    QuestionKind.COMPUTED: Computed(),
}
NOT_SAVED = (QuestionKind.ATTACHMENT, QuestionKind.COMPUTED)
"""Kinds whose answers do not come out of a form's fields."""


def field_of(question) -> forms.Field:
    """The form field of a question, labelled, never required: emptiness is judged at submission."""
    field = KINDS[question.kind].field(question)
    field.label = localised(question, "label")
    field.help_text = localised(question, "help")
    return field


def columns_of(question) -> list:
    """The columns of a question that is answered in rows; none for others."""
    return KINDS[question.kind].columns(question)


def is_rows(question) -> bool:
    return KINDS[question.kind].is_rows


def clean(question, raw, *, field: forms.Field | None = None):
    """What was typed → the JSON to store; None for nothing. Raises ValidationError.

    `field` is that of the question, where it is at hand already.
    """
    if isinstance(raw, date):
        raw = raw.isoformat()
    if isinstance(raw, bool):
        raw = "true" if raw else "false"
    raw = storable(raw)
    if raw is None or raw in ("", [], {}):
        return None
    value = (field or field_of(question)).clean(raw)
    if value is None or value in ("", [], {}):
        return None
    return KINDS[question.kind].to_json(value)


def is_typed(stored) -> bool:
    """Whether an answer is only what was typed, not yet a value."""
    return isinstance(stored, dict) and set(stored) == {"typed"}


def is_empty(question, stored) -> bool:
    """Whether an answer counts as not given; a commitment not made is not given."""
    if question.kind == QuestionKind.COMMITMENT:
        return stored is not True
    return stored is None or stored in ("", [], {})


def to_input(question, stored):
    """A stored answer as the widget shows it."""
    if is_typed(stored):
        return stored["typed"]
    if stored is None:
        return None
    return KINDS[question.kind].to_input(question, stored)


def text(question, stored) -> str:
    """A stored answer as it reads on paper; "" when there is none."""
    if is_empty(question, stored) and question.kind != QuestionKind.COMMITMENT:
        return ""
    if is_typed(stored):
        return str(stored["typed"])
    return KINDS[question.kind].text(question, stored)


def cells(question, stored) -> list[list[str]]:
    """The rows of an answer as they are printed, sums included; none for other kinds."""
    kind = KINDS[question.kind]
    return kind.cells(question, stored) if kind.is_rows and isinstance(stored, list) and stored else []


def flat_rows(question, stored: list[dict]) -> list[dict]:
    """The rows of an answer as {column: value}, whatever shape its kind stores."""
    kind = KINDS[question.kind]
    return [kind.flat(row) for row in stored] if kind.is_rows else []


def masked(kind: str, stored):
    """A stored answer as others than its authors read it: ID numbers hidden."""
    if kind not in KINDS or not isinstance(stored, dict) or is_typed(stored):
        return stored
    return KINDS[kind].masked(stored)


def faults(question, stored, *, required=True) -> list[str]:
    """Sentences about one stored answer by itself; none when it may be submitted."""
    kind = KINDS[question.kind]
    if not kind.is_given:
        return []
    if is_typed(stored):
        try:
            clean(question, stored["typed"])
        except ValidationError as error:
            return list(error.messages)
        return [_("内容还没有保存为有效的答案，请重新填写。")]
    if is_empty(question, stored):
        if question.is_required and required:
            return [_("必须承诺。") if question.kind == QuestionKind.COMMITMENT else _("必填。")]
        return []
    return kind.faults(question, stored)


def is_conditional(question) -> bool:
    """Whether what is asked, or how it is judged, follows from other data."""
    return bool(question.visible_when.strip() or required_when(question) or conditions_of(question))


def required_when(question) -> str:
    return "" if question.is_required else getattr(question, "required_when", "").strip()


def missing(question, stored, context: dict) -> list[str]:
    """What is said of an empty answer that the notice wants under a condition which holds."""
    source = required_when(question)
    if not source or not is_empty(question, stored):
        return []
    try:
        wanted = expressions.compile(source).holds(context, rule=question.code)
    except expressions.ExpressionError:
        # Nobody is asked for it before what it depends on is known.
        return []
    return [_("必填。")] if wanted else []


def conditions_of(question) -> list[tuple[str, str]]:
    """(expression, message): the question's own `valid_when` and the cross-checks of its table."""
    found = []
    if source := getattr(question, "valid_when", ""):
        found.append((source, localised(question, "valid_message")))
    checks = question.config.get("checks", [])
    found += [(check.get("when", ""), worded(check, "message")) for check in checks]
    return [(source, message) for source, message in found if source.strip()]


def expressions_of(asked) -> list[str]:
    """Every expression of some questions: when they are shown, what they must keep, what is computed."""
    found = [question.visible_when for question in asked]
    found += [required_when(question) for question in asked]
    found += [source for question in asked for source, _message in conditions_of(question)]
    return found + [question.config.get("expression", "") for question in asked]


def judged(question, stored, context: dict) -> list[str]:
    """What the notice's own conditions say of an answer that was given; `context` holds `answers`.

    `value` is the answer, `rows` and `totals` those of a table. A condition that needs something not
    answered yet says nothing yet.
    """
    if is_typed(stored) or stored is None or stored in ("", [], {}):
        return []
    variables = dict(context) | {"value": for_rules(question, stored)}
    if is_rows(question):
        variables |= {"rows": variables["value"], "totals": KINDS[question.kind].totals(question, stored)}
    return [
        message or _("填写的内容不符合要求。")
        for source, message in conditions_of(question)
        if evaluated(source, variables, rule=question.code) is False
    ]


def for_rules(question, stored):
    """A stored answer as expressions read it: numbers as numbers, days as days, nothing as null."""
    if stored is None or is_typed(stored):
        return False if question.kind == QuestionKind.COMMITMENT else None
    return KINDS[question.kind].for_rules(question, stored)


def work_out(all_questions, context: dict) -> dict[str, object]:
    """Code → value of every computed question, in order; a later one may read an earlier one."""
    context = dict(context) | {"answers": dict(context.get("answers") or {})}
    found = {}
    for question in all_questions:
        if question.kind == QuestionKind.COMPUTED:
            value = found[question.code] = KINDS[question.kind].work_out(question, context)
            context["answers"][question.code] = value
    return found
