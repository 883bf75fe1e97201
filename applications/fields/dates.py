"""Days and months as people type them."""

import re
import unicodedata
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LAST_DAY = "9999-12-31"
"""With it a browser's year has four digits, and the cursor goes on to the month by itself."""
MONTH = re.compile(r"^(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*月?$")


class DayField(forms.DateField):
    """2026-03-01, 2026/3/1, 20260301 or 2026年3月1日."""

    default_error_messages = {"invalid": gettext_lazy("请填日期，例如 2026-03-01。")}

    def __init__(self, **kwargs):
        formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"]
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "max": LAST_DAY})
        super().__init__(input_formats=formats, widget=widget, **kwargs)

    def to_python(self, value):
        if value not in self.empty_values and not isinstance(value, date):
            value = unicodedata.normalize("NFKC", str(value))
        return super().to_python(value)


class MonthField(forms.Field):
    """2026-03, 2026/3, 202603 or 2026年3月 → the first day of that month."""

    widget = forms.TextInput(attrs={"type": "month", "max": LAST_DAY[:7], "placeholder": "2026-03"})

    def prepare_value(self, value):
        return f"{value:%Y-%m}" if isinstance(value, date) else value

    def to_python(self, value):
        if value in self.empty_values or isinstance(value, date):
            return value or None
        found = MONTH.match(unicodedata.normalize("NFKC", str(value)).strip())
        try:
            return date(int(found[1]), int(found[2]), 1)
        except (TypeError, ValueError):
            raise ValidationError(_("请填年月，例如 2026-03。")) from None
