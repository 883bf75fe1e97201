"""Form fields that read what people write: money in 万元, full-width figures, Chinese dates, tables."""

import re
import unicodedata
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import money

MANY_ROWS = 50


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


class DayField(forms.DateField):
    """2026-03-01, 2026/3/1, 20260301 or 2026年3月1日."""

    default_error_messages = {"invalid": gettext_lazy("请填日期，例如 2026-03-01。")}

    def __init__(self, **kwargs):
        formats = ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"]
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=formats, widget=widget, **kwargs)

    def to_python(self, value):
        if isinstance(value, str):
            value = unicodedata.normalize("NFKC", value)
        return super().to_python(value)


class LimitedText(forms.CharField):
    """Text with a limit that is said, not enforced by cutting off what was pasted."""

    def widget_attrs(self, widget):
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        if self.max_length is not None:
            attrs["data-limit"] = str(self.max_length)
        return attrs

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n")


class TableWidget(forms.Widget):
    template_name = "applications/widgets/table.html"
    spare_rows = 2

    def __init__(self, columns, max_rows=MANY_ROWS, attrs=None):
        super().__init__(attrs)
        self.columns, self.max_rows = columns, max_rows

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        rows = value if isinstance(value, list) else []
        blank = [{}] * max(0, min(self.spare_rows, self.max_rows - len(rows)))
        context["columns"] = self.columns
        context["rows"] = [self._cells(name, i, row, context) for i, row in enumerate([*rows, *blank])]
        context["can_grow"] = len(rows) < self.max_rows
        return context

    def _cells(self, name, index, row, context):
        cells = []
        for column in self.columns:
            attrs = {"id": f"{context['widget']['attrs'].get('id', name)}-{index}-{column.code}"}
            attrs |= {"class": "form-control", "aria-label": column.label}
            if isinstance(column.field.widget, forms.Select):
                attrs["class"] = "form-select"
            shown = row.get(column.code, "") if isinstance(row, dict) else ""
            html = column.field.widget.render(f"{name}-{index}-{column.code}", shown, attrs)
            cells.append({"label": column.label, "html": html})
        return cells

    def value_from_datadict(self, data, files, name):
        if isinstance(data.get(name), list):
            return data.get(name)
        form = re.compile(rf"^{re.escape(name)}-(\d+)-(.+)$")
        rows: dict[int, dict] = {}
        for key in data:
            found = form.match(key)
            if found:
                rows.setdefault(int(found[1]), {})[found[2]] = data[key]
        return [
            row for _index, row in sorted(rows.items()) if any(str(cell).strip() for cell in row.values())
        ]

    def value_omitted_from_data(self, data, files, name):
        return not any(key == name or key.startswith(f"{name}-") for key in data)

    def id_for_label(self, id_):
        return f"{id_}-0-{self.columns[0].code}" if id_ and self.columns else id_


class TableField(forms.Field):
    """Rows of typed cells; a fault names row and column."""

    def __init__(self, columns, *, min_rows=0, max_rows=MANY_ROWS, **kwargs):
        super().__init__(widget=TableWidget(columns, max_rows), **kwargs)
        self.columns, self.min_rows, self.max_rows = columns, min_rows, max_rows

    def to_python(self, value):
        """Cleaned rows as JSON values. Raises ValidationError with every faulty cell."""
        rows, faults = [], []
        if value and not (isinstance(value, list) and all(isinstance(row, dict) for row in value)):
            raise ValidationError(_("表格应由行组成。"))
        for number, row in enumerate(value or [], start=1):
            clean = {}
            for column in self.columns:
                try:
                    clean[column.code] = column.clean(row.get(column.code))
                except ValidationError as error:
                    faults += [
                        _("第 %(row)s 行“%(column)s”：%(message)s")
                        % {"row": number, "column": column.label, "message": message}
                        for message in error.messages
                    ]
            rows.append(clean)
        if len(rows) > self.max_rows:
            faults.append(
                _("最多 %(max)s 行，现在有 %(now)s 行。") % {"max": self.max_rows, "now": len(rows)}
            )
        if faults:
            raise ValidationError(faults)
        return rows
