"""Money in 万元 and numbers as people type them."""

import unicodedata
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core import money


class MoneyField(forms.Field):
    """万元 as typed → 元 Decimal; 元 → 万元 when shown."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, min_value=None, max_value=None, **kwargs):
        super().__init__(**kwargs)
        self.min_value, self.max_value = min_value, max_value

    def prepare_value(self, value):
        return money.wan_number(value) if isinstance(value, Decimal) else value

    def to_python(self, value):
        if value in self.empty_values or isinstance(value, Decimal):
            return value or None
        return money.parse_wan(value)

    def validate(self, value):
        super().validate(value)
        if value is None:
            return
        if self.min_value is not None and value < self.min_value:
            raise ValidationError(_("不得少于 %(limit)s。") % {"limit": money.wan(self.min_value)})
        if self.max_value is not None and value > self.max_value:
            raise ValidationError(_("不得超过 %(limit)s。") % {"limit": money.wan(self.max_value)})

    def has_changed(self, initial, data):
        return self.prepare_value(initial) != data


class PlainNumberField(forms.DecimalField):
    """A number, also in full-width figures and with thousands separators."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value):
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value).replace(",", "").strip()
        return super().to_python(value)
