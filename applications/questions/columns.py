"""A column of a table, or a part of a person or a unit: one of the simple kinds, cell by cell."""

from decimal import Decimal
from types import SimpleNamespace

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.identity import clean_credit_code, mask_id_number, validate_credit_code, validate_id_number
from applications.fields import LimitedText
from applications.questions.base import Kind, worded
from applications.questions.choosing import Choice, DictionaryChoice
from applications.questions.simple import Day, Line, Money, Month, Number, Text, YesNo
from grants.models import QuestionKind


class CheckedCode(Kind):
    """A code with a check digit, written without blanks, in capitals."""

    validate = staticmethod(validate_credit_code)

    def field(self, question):
        return CodedText(required=False, max_length=40, validate_code=self.validate)


class UnitCode(CheckedCode):
    """单位: a unit by its credit code; rules read what the register says of it."""

    def field(self, question):
        field = super().field(question)
        field.widget.attrs["placeholder"] = _("统一社会信用代码")
        return field

    def for_rules(self, question, stored):
        # The code itself says the region of registration.
        return {"credit_code": stored, "region": stored[2:8]}


class CodedText(LimitedText):
    def __init__(self, *args, validate_code, **kwargs):
        super().__init__(*args, **kwargs)
        self.validate_code = validate_code

    def to_python(self, value):
        return clean_credit_code(super().to_python(value))

    def run_validators(self, value):
        super().run_validators(value)
        if value:
            self.validate_code(value)


class IdNumber(CheckedCode):
    """公民身份号码: whole for those who write the form, masked on paper and for everybody else."""

    validate = staticmethod(validate_id_number)

    def text(self, question, stored):
        return mask_id_number(stored)

    def masked(self, stored):
        return mask_id_number(stored or "")


CREDIT_CODE, ID_NUMBER = "credit_code", "id_number"
CELLS: dict[str, Kind] = {
    QuestionKind.LINE: Line(),
    QuestionKind.TEXT: Text(),
    QuestionKind.NUMBER: Number(),
    QuestionKind.MONEY: Money(),
    QuestionKind.DATE: Day(),
    QuestionKind.MONTH: Month(),
    QuestionKind.YES_NO: YesNo(),
    QuestionKind.CHOICE: Choice(),
    QuestionKind.DICTIONARY: DictionaryChoice(),
    QuestionKind.ORGANISATION: UnitCode(),
    CREDIT_CODE: CheckedCode(),
    ID_NUMBER: IdNumber(),
}
"""Kinds that fit into one cell."""
SUMMED = (QuestionKind.NUMBER, QuestionKind.MONEY)


class Column:
    """One column; `config` is that of its kind, with code, label, kind, required, total."""

    def __init__(self, config: dict, call=None):
        self.code = config["code"]
        self.label = worded(config, "label", self.code)
        self.required = config.get("required", False)
        self.kind_name = config.get("kind", QuestionKind.LINE)
        self.kind = CELLS[self.kind_name]
        self.has_total = bool(config.get("total")) and self.kind_name in SUMMED
        self.question = SimpleNamespace(config=config, call=call)
        self.field = self.kind.field(self.question)
        if isinstance(self.field.widget, forms.RadioSelect):
            pairs = [pair for pair in self.field.choices if pair[0] != ""]
            self.field.widget = forms.Select(choices=[("", "—"), *pairs])
        elif isinstance(self.field.widget, forms.Textarea):
            self.field.widget.attrs["rows"] = 2

    def clean(self, raw):
        """Typed → JSON; None for nothing. Raises ValidationError."""
        value = self.field.clean("" if raw is None else raw)
        if value in (None, ""):
            if self.required:
                raise ValidationError(_("必填。"))
            return None
        return self.kind.to_json(value)

    def to_input(self, stored):
        return "" if stored is None else self.kind.to_input(self.question, stored)

    def text(self, stored) -> str:
        return "" if stored is None else self.kind.text(self.question, stored)

    def for_rules(self, stored):
        return None if stored is None else self.kind.for_rules(self.question, stored)

    def sum_of_inputs(self, rows: list[dict]) -> str:
        """The sum of what stands in the inputs, as an input shows it; the unreadable counts as nothing."""
        readable = []
        for row in rows:
            try:
                readable.append({self.code: self.clean(row.get(self.code))})
            except ValidationError:
                continue
        return self.to_input(self.total(readable))

    def total(self, rows: list[dict]):
        """The sum of a column, as stored."""
        values = [Decimal(str(row[self.code])) for row in rows if row.get(self.code) is not None]
        return self.kind.to_json(sum(values, Decimal(0)))
