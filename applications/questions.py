"""The kinds of question: the field a person fills, how its value stands as JSON, how it reads.

A stored answer has the shape of its kind: line, text, choice: a text; number: a number; money: 元 as a text
("1000000.00"); date: "2026-03-01"; yes_no, commitment: true or false; choices: a list; table: a list of rows
{column: value}; attachment: {"document": id, "name": …}. What was typed and cannot be read yet is kept as
{"typed": …}, so that nothing is lost.

`config` by kind: max_length (line, text); unit, min, max, decimals (number); min, max (money, in 万元);
choices ["甲", …] or [{"value", "label", "label_en"}] (choice, choices); columns [{"code", "label", "kind",
"required", …the config of that kind}], min_rows, max_rows (table); endings, max_bytes (attachment).
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from types import SimpleNamespace

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from applications.fields import MANY_ROWS, DayField, LimitedText, MoneyField, PlainNumberField, TableField
from core import money
from grants.models import QuestionKind

LINE_LENGTH = 200
TEXT_LENGTH = 5000


def localised(subject, name: str) -> str:
    """The English wording where the reader reads English and there is one."""
    english = getattr(subject, f"{name}_en", "")
    return english if english and (get_language() or "").startswith("en") else getattr(subject, name)


def choices_of(config: dict) -> list[tuple[str, str]]:
    pairs = []
    for choice in config.get("choices", []):
        if isinstance(choice, dict):
            value = str(choice.get("value") or choice.get("code") or choice.get("label"))
            label = choice.get("label") or choice.get("name") or value
            if (get_language() or "").startswith("en"):
                label = choice.get("label_en") or label
            pairs.append((value, label))
        else:
            pairs.append((str(choice), str(choice)))
    return pairs


# ---- kinds ----


class Kind:
    """One kind of question; the base stores text."""

    def field(self, question) -> forms.Field:
        raise NotImplementedError

    def to_json(self, value):
        return value

    def to_input(self, stored):
        return stored

    def text(self, question, stored) -> str:
        """How the answer reads on paper."""
        return str(stored)


class Line(Kind):
    def field(self, question):
        return LimitedText(required=False, max_length=question.config.get("max_length", LINE_LENGTH))


class Text(Kind):
    def field(self, question):
        limit = question.config.get("max_length", TEXT_LENGTH)
        rows = min(14, max(4, limit // 120))
        return LimitedText(required=False, max_length=limit, widget=forms.Textarea(attrs={"rows": rows}))


class Number(Kind):
    def field(self, question):
        config = question.config
        return PlainNumberField(
            required=False,
            min_value=_decimal(config.get("min")),
            max_value=_decimal(config.get("max")),
            decimal_places=config.get("decimals", 6),
            max_digits=20,
        )

    def to_json(self, value):
        return int(value) if value == value.to_integral_value() else float(value)

    def text(self, question, stored):
        return f"{stored} {question.config.get('unit', '')}".strip()


class Money(Kind):
    def field(self, question):
        low, high = (_decimal(question.config.get(name)) for name in ("min", "max"))
        return MoneyField(
            required=False,
            min_value=low * money.TEN_THOUSAND if low is not None else None,
            max_value=high * money.TEN_THOUSAND if high is not None else None,
        )

    def to_json(self, value):
        return f"{value:.2f}"

    def to_input(self, stored):
        return money.wan_number(Decimal(stored))

    def text(self, question, stored):
        return money.wan(Decimal(stored))


class Day(Kind):
    def field(self, question):
        return DayField(required=False)

    def to_json(self, value):
        return value.isoformat()


class YesNo(Kind):
    def field(self, question):
        return forms.TypedChoiceField(
            required=False,
            choices=[("true", _("是")), ("false", _("否"))],
            coerce=lambda text: text == "true",
            empty_value=None,
            widget=forms.RadioSelect,
        )

    def to_input(self, stored):
        return "true" if stored else "false"

    def text(self, question, stored):
        return _("是") if stored else _("否")


class Choice(Kind):
    few = 6

    def field(self, question):
        choices = choices_of(question.config)
        if len(choices) <= self.few:
            return forms.ChoiceField(required=False, choices=choices, widget=forms.RadioSelect)
        return forms.ChoiceField(required=False, choices=[("", _("请选择")), *choices])

    def text(self, question, stored):
        return dict(choices_of(question.config)).get(stored, stored)


class Choices(Kind):
    def field(self, question):
        return forms.MultipleChoiceField(
            required=False, choices=choices_of(question.config), widget=forms.CheckboxSelectMultiple
        )

    def text(self, question, stored):
        labels = dict(choices_of(question.config))
        return "、".join(labels.get(value, value) for value in stored)


class Table(Kind):
    def field(self, question):
        config = question.config
        return TableField(
            columns_of(question),
            required=False,
            min_rows=config.get("min_rows", 0),
            max_rows=config.get("max_rows", MANY_ROWS),
        )

    def to_input(self, stored):
        """Cells as typed: 万元, plain dates."""
        return stored

    def text(self, question, stored):
        return "；".join(
            "，".join(
                f"{column.label} {column.text(row.get(column.code))}" for column in columns_of(question)
            )
            for row in stored
        )


class Attachment(Kind):
    def field(self, question):
        endings = ",".join(f".{ending}" for ending in endings_of(question))
        return forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": endings}))

    def text(self, question, stored):
        return stored.get("name", "")


class Commitment(Kind):
    def field(self, question):
        return forms.BooleanField(required=False)

    def text(self, question, stored):
        return _("已承诺") if stored else _("未承诺")


KINDS: dict[str, Kind] = {
    QuestionKind.LINE: Line(),
    QuestionKind.TEXT: Text(),
    QuestionKind.NUMBER: Number(),
    QuestionKind.MONEY: Money(),
    QuestionKind.DATE: Day(),
    QuestionKind.YES_NO: YesNo(),
    QuestionKind.CHOICE: Choice(),
    QuestionKind.CHOICES: Choices(),
    QuestionKind.TABLE: Table(),
    QuestionKind.ATTACHMENT: Attachment(),
    QuestionKind.COMMITMENT: Commitment(),
}

DEFAULT_ENDINGS = ["pdf", "docx", "xlsx", "png", "jpg", "jpeg"]


def endings_of(question) -> list[str]:
    return [ending.lower().lstrip(".") for ending in question.config.get("endings") or DEFAULT_ENDINGS]


class Column:
    """A column of a table: one of the simple kinds, cell by cell."""

    def __init__(self, config: dict):
        self.code = config["code"]
        english = (get_language() or "").startswith("en")
        self.label = (config.get("label_en") if english else "") or config.get("label", self.code)
        self.required = config.get("required", False)
        self.kind = KINDS[config.get("kind", QuestionKind.LINE)]
        self.question = SimpleNamespace(config=config)
        self.field = self.kind.field(self.question)
        if isinstance(self.field.widget, forms.RadioSelect):
            pairs = [pair for pair in self.field.choices if pair[0] != ""]
            self.field.widget = forms.Select(choices=[("", "—"), *pairs])

    def clean(self, raw):
        value = self.field.clean("" if raw is None else raw)
        if value in (None, ""):
            if self.required:
                raise ValidationError(_("必填。"))
            return None
        return self.kind.to_json(value)

    def to_input(self, stored):
        return "" if stored is None else self.kind.to_input(stored)

    def text(self, stored) -> str:
        return "" if stored is None else self.kind.text(self.question, stored)


def columns_of(question) -> list[Column]:
    return [Column(config) for config in question.config.get("columns", [])]


# ---- one answer ----


def field_of(question) -> forms.Field:
    """The form field of a question, labelled, never required: emptiness is judged at submission."""
    field = KINDS[question.kind].field(question)
    field.label = localised(question, "label")
    field.help_text = question.help
    return field


def clean(question, raw):
    """What was typed → the JSON to store; None for nothing. Raises ValidationError."""
    if isinstance(raw, date):
        raw = raw.isoformat()
    if isinstance(raw, bool):
        raw = "true" if raw else "false"
    value = field_of(question).clean(raw)
    if value is None or value == "" or value == []:
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
    if question.kind == QuestionKind.TABLE:
        columns = columns_of(question)
        return [{column.code: column.to_input(row.get(column.code)) for column in columns} for row in stored]
    return KINDS[question.kind].to_input(stored)


def text(question, stored) -> str:
    """A stored answer as it reads on paper; "" when there is none."""
    if is_empty(question, stored) and question.kind != QuestionKind.COMMITMENT:
        return ""
    if is_typed(stored):
        return str(stored["typed"])
    return KINDS[question.kind].text(question, stored)


def faults(question, stored, *, required=True) -> list[str]:
    """Sentences about one stored answer; none when it may be submitted."""
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
    if question.kind == QuestionKind.TABLE and len(stored) < question.config.get("min_rows", 0):
        return [
            _("至少 %(min)s 行，现在有 %(now)s 行。")
            % {"min": question.config["min_rows"], "now": len(stored)}
        ]
    return []


def for_rules(question, stored):
    """A stored answer as expressions read it: numbers as numbers, days as days, nothing as null."""
    if stored is None or is_typed(stored):
        return False if question.kind == QuestionKind.COMMITMENT else None
    if question.kind == QuestionKind.MONEY:
        return Decimal(stored)
    if question.kind == QuestionKind.DATE:
        return date.fromisoformat(stored)
    if question.kind == QuestionKind.TABLE:
        return [_row_for_rules(question, row) for row in stored]
    return stored


def _row_for_rules(question, row):
    kinds = {
        column["code"]: column.get("kind", QuestionKind.LINE) for column in question.config.get("columns", [])
    }
    return {
        code: for_rules(SimpleNamespace(kind=kind, config={}), row.get(code)) for code, kind in kinds.items()
    }


def _decimal(value) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
