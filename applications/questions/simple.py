"""Kinds of one value: texts, figures, days, yes or no."""

from datetime import date
from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _

from applications.fields import DayField, LimitedText, MoneyField, MonthField, PlainNumberField
from applications.questions.base import Kind, decimal
from core import money

LINE_LENGTH = 200
TEXT_LENGTH = 5000
MOST_DECIMALS = 6
FIGURES = 15
"""More figures would not survive as a JSON number."""


class Line(Kind):
    def field(self, question):
        return LimitedText(required=False, max_length=question.config.get("max_length", LINE_LENGTH))


class Text(Kind):
    def field(self, question):
        config = question.config
        words = config.get("max_words")
        limit = config.get("max_length", max(TEXT_LENGTH, (words or 0) * 20))
        rows = min(14, max(4, (words or limit) // 120))
        return LimitedText(
            required=False, max_length=limit, max_words=words, widget=forms.Textarea(attrs={"rows": rows})
        )


class Number(Kind):
    def field(self, question):
        config = question.config
        return PlainNumberField(
            required=False,
            min_value=decimal(config.get("min")),
            max_value=decimal(config.get("max")),
            decimal_places=config.get("decimals", MOST_DECIMALS),
            max_digits=FIGURES,
        )

    def to_json(self, value):
        return int(value) if value == value.to_integral_value() else float(value)

    def to_input(self, question, stored):
        return f"{Decimal(str(stored)):f}"

    def text(self, question, stored):
        return f"{self.to_input(question, stored)} {question.config.get('unit', '')}".strip()

    def for_rules(self, question, stored):
        """CEL does not mix whole numbers with others: where decimals may be typed, 3 counts like 3.5."""
        return Decimal(str(stored)) if question.config.get("decimals") else stored


class Money(Kind):
    def field(self, question):
        low, high = (decimal(question.config.get(name)) for name in ("min", "max"))
        return MoneyField(
            required=False,
            min_value=low * money.TEN_THOUSAND if low is not None else None,
            max_value=high * money.TEN_THOUSAND if high is not None else None,
        )

    def to_json(self, value):
        return f"{value:.2f}"

    def to_input(self, question, stored):
        return money.wan_number(Decimal(stored))

    def text(self, question, stored):
        return money.wan(Decimal(stored))

    def for_rules(self, question, stored):
        return Decimal(stored)


class Day(Kind):
    def field(self, question):
        return DayField(required=False)

    def to_json(self, value):
        return value.isoformat()

    def for_rules(self, question, stored):
        return date.fromisoformat(stored)


class Month(Kind):
    """ "2026-03"; rules read the first day of the month."""

    def field(self, question):
        return MonthField(required=False)

    def to_json(self, value):
        return value.isoformat()[:7]

    def text(self, question, stored):
        year, month = stored.split("-")
        return _("%(year)s 年 %(month)s 月") % {"year": year, "month": int(month)}

    def for_rules(self, question, stored):
        return date.fromisoformat(f"{stored}-01")


class YesNo(Kind):
    def field(self, question):
        return forms.TypedChoiceField(
            required=False,
            choices=[("true", _("是")), ("false", _("否"))],
            coerce=lambda text: text == "true",
            empty_value=None,
            widget=forms.RadioSelect,
        )

    def to_input(self, question, stored):
        return "true" if stored else "false"

    def text(self, question, stored):
        return _("是") if stored else _("否")


class CommitmentField(forms.BooleanField):
    """Only a plain yes is a commitment."""

    yes = ("true", "on", "1", True)

    def to_python(self, value):
        return super().to_python(value) if value in self.yes else False


class Commitment(Kind):
    def field(self, question):
        return CommitmentField(required=False)

    def text(self, question, stored):
        return _("已承诺") if stored else _("未承诺")
