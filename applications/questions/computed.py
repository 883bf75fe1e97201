"""自动计算: a value worked out from the other answers by an expression of the notice."""

from decimal import ROUND_HALF_UP, Decimal

from django import forms
from django.utils.translation import gettext as _

from applications.questions.base import Kind
from core import expressions

DECIMALS = 2
LARGEST = 10**15


class ReadOnly(forms.Field):
    """Nothing typed counts."""

    widget = forms.HiddenInput

    def clean(self, value):
        return None


class Computed(Kind):
    """A number or a text; null while something it needs is missing."""

    is_given = False

    def field(self, question):
        return ReadOnly(required=False)

    def text(self, question, stored):
        if isinstance(stored, bool):
            return _("是") if stored else _("否")
        if isinstance(stored, int | float):
            stored = f"{Decimal(str(stored)):f}"
        return f"{stored} {question.config.get('unit', '')}".strip()

    def work_out(self, question, context: dict):
        """The value in `context` as it is stored; None when it cannot be told yet."""
        value = evaluated(question.config.get("expression", ""), context, rule=question.code)
        if isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return rounded(value, question.config.get("decimals", DECIMALS))
        return None if value is None else str(value)


def evaluated(source: str, context: dict, *, rule: str):
    """The value of an expression, or None while it cannot be told.

    An answer of 3 is a whole number and one of 3.5 is not, and CEL does not mix them: what fails as typed
    is tried once more with every answer as a decimal.
    """
    for variables in (context, _with_decimals(context)):
        try:
            return expressions.compile(source).evaluate(variables, rule=rule)
        except expressions.ExpressionError:
            continue
    return None


def _with_decimals(value):
    if isinstance(value, dict):
        return {name: _with_decimals(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_decimals(item) for item in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def rounded(value: int | float, decimals: int) -> int | float | None:
    """Half up, as money and shares are rounded; None for what is no finite number."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= LARGEST:
        return None
    number = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return int(number) if number == number.to_integral_value() else float(number)
