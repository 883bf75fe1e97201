"""One answer made of a few named parts: a person, a unit."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def cell_attrs(column, prefix: str, *, named: bool) -> dict:
    """Attributes of the input of one column or part; `named`: the label is not shown beside it."""
    attrs = {"id": f"{prefix}-{column.code}", "class": "form-control"}
    if isinstance(column.field.widget, forms.Select):
        attrs["class"] = "form-select"
    if named:
        attrs["aria-label"] = column.label
    return attrs


class PartsWidget(forms.Widget):
    template_name = "applications/widgets/parts.html"

    def __init__(self, columns, attrs=None):
        super().__init__(attrs)
        self.columns = columns

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        shown = value if isinstance(value, dict) else {}
        prefix = context["widget"]["attrs"].get("id", name)
        context["parts"] = [self._part(name, column, shown, prefix) for column in self.columns]
        return context

    def _part(self, name, column, shown, prefix):
        attrs = cell_attrs(column, prefix, named=False)
        html = column.field.widget.render(f"{name}-{column.code}", shown.get(column.code, ""), attrs)
        return {"label": column.label, "id": attrs["id"], "html": html, "is_required": column.required}

    def value_from_datadict(self, data, files, name):
        if isinstance(data.get(name), dict):
            return data.get(name)
        return {
            column.code: column.field.widget.value_from_datadict(data, files, f"{name}-{column.code}") or ""
            for column in self.columns
        }

    def value_omitted_from_data(self, data, files, name):
        return not any(key == name or key.startswith(f"{name}-") for key in data)

    def id_for_label(self, id_):
        return f"{id_}-{self.columns[0].code}" if id_ and self.columns else id_


class PartsField(forms.Field):
    """{part: value}; None when nothing was filled. A fault names the part."""

    def __init__(self, columns, **kwargs):
        super().__init__(widget=PartsWidget(columns), **kwargs)
        self.columns = columns

    def to_python(self, value):
        """Raises ValidationError with every faulty part."""
        if value in (None, "", [], {}):
            return None
        if not isinstance(value, dict):
            raise ValidationError(_("应由若干栏组成。"))
        if not any(str(value.get(column.code) or "").strip() for column in self.columns):
            return None
        clean, faults = {}, []
        for column in self.columns:
            try:
                clean[column.code] = column.clean(value.get(column.code)) or ""
            except ValidationError as error:
                faults += [
                    _("“%(part)s”：%(message)s") % {"part": column.label, "message": message}
                    for message in error.messages
                ]
        if faults:
            raise ValidationError(faults)
        return clean
