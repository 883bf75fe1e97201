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
        try:
            value = expressions.compile(question.config.get("expression", "")).evaluate(
                context, rule=question.code
            )
        except expressions.ExpressionError:
            return None
        if isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return rounded(value, question.config.get("decimals", DECIMALS))
        return None if value is None else str(value)


def rounded(value: int | float, decimals: int) -> int | float | None:
    """Half up, as money and shares are rounded; None for what is no finite number."""
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= LARGEST:
        return None
    number = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return int(number) if number == number.to_integral_value() else float(number)
