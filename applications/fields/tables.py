"""Rows of typed cells, and lists of one-line items."""

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications.fields.parts import cell_attrs

MANY_ROWS = 50
ITEM = "item"
"""The one column of a list."""


class TableWidget(forms.Widget):
    template_name = "applications/widgets/table.html"
    spare_rows = 2

    def __init__(self, columns, max_rows=MANY_ROWS, attrs=None):
        super().__init__(attrs)
        self.columns, self.max_rows = columns, max_rows

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        rows = self.rows_of(value)
        blank = [{}] * max(0, min(self.spare_rows, self.max_rows - len(rows)))
        prefix = context["widget"]["attrs"].get("id", name)
        context["columns"] = self.columns
        context["rows"] = [self._cells(name, i, row, prefix) for i, row in enumerate([*rows, *blank])]
        context["can_grow"] = len(rows) < self.max_rows
        context["has_totals"] = any(column.has_total for column in self.columns)
        context["sums"] = self._sums(rows, prefix) if context["has_totals"] else []
        return context

    def _sums(self, rows, prefix):
        """What stands below each column: nothing, or its sum as far as the cells can be read."""
        shown = []
        for column in self.columns:
            sum_of = {
                "id": f"{prefix}-sum-{column.code}",
                "label": _("合计 · %(column)s") % {"column": column.label},
            }
            shown.append(sum_of | {"text": column.sum_of_inputs(rows)} if column.has_total else {})
        if not self.columns[0].has_total:
            shown[0] = {"text": _("合计")}
        return shown

    def rows_of(self, value) -> list:
        return [row if isinstance(row, dict) else {} for row in value] if isinstance(value, list) else []

    def _cells(self, name, index, row, prefix):
        cells = []
        for column in self.columns:
            attrs = cell_attrs(column, f"{prefix}-{index}", named=True)
            if column.has_total:
                attrs |= {"class": "form-control jb-number", "data-sum": f"{prefix}-sum-{column.code}"}
            shown = row.get(column.code, "")
            html = column.field.widget.render(f"{name}-{index}-{column.code}", shown, attrs)
            cells.append({"label": column.label, "html": html, "has_total": column.has_total})
        return cells

    def value_from_datadict(self, data, files, name):
        if isinstance(data.get(name), list):
            return data.get(name)
        form = re.compile(rf"^{re.escape(name)}-(\d{{1,6}})-(.+)$")
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

    widget_class = TableWidget

    def __init__(self, columns, *, min_rows=0, max_rows=MANY_ROWS, **kwargs):
        super().__init__(widget=self.widget_class(columns, max_rows), **kwargs)
        self.columns, self.min_rows, self.max_rows = columns, min_rows, max_rows

    def to_python(self, value):
        """Cleaned rows as JSON values. Raises ValidationError with every faulty cell."""
        rows, faults = [], []
        for number, row in enumerate(self.rows_of(value), start=1):
            clean = {}
            for column in self.columns:
                try:
                    clean[column.code] = column.clean(row.get(column.code))
                except ValidationError as error:
                    faults += [self.fault(number, column, message) for message in error.messages]
            rows.append(clean)
        if len(rows) > self.max_rows:
            faults.append(
                _("最多 %(max)s 行，现在有 %(now)s 行。") % {"max": self.max_rows, "now": len(rows)}
            )
        if faults:
            raise ValidationError(faults)
        return rows

    def rows_of(self, value) -> list[dict]:
        """Raises ValidationError for anything that is not made of rows."""
        if value and not (isinstance(value, list) and all(isinstance(row, dict) for row in value)):
            raise ValidationError(_("表格应由行组成。"))
        return value or []

    def fault(self, number: int, column, message: str) -> str:
        return _("第 %(row)s 行“%(column)s”：%(message)s") % {
            "row": number,
            "column": column.label,
            "message": message,
        }


class LinesWidget(TableWidget):
    """A table of one column, whose rows stand as texts."""

    template_name = "applications/widgets/lines.html"

    def rows_of(self, value):
        rows = value if isinstance(value, list) else []
        return [row if isinstance(row, dict) else {ITEM: row} for row in rows]


class LinesField(TableField):
    """["one", "two"]: a list of values of one column; a fault names the line."""

    widget_class = LinesWidget

    def rows_of(self, value):
        if value and not isinstance(value, list):
            raise ValidationError(_("应由若干行组成。"))
        rows = [row if isinstance(row, dict) else {ITEM: row} for row in value or []]
        return [row for row in rows if str(row.get(ITEM) or "").strip()]

    def to_python(self, value):
        return [row[ITEM] for row in super().to_python(value) if row[ITEM] is not None]

    def fault(self, number, column, message):
        return _("第 %(row)s 行：%(message)s") % {"row": number, "message": message}
