"""One or several codes of a dictionary: a select when there are few, otherwise an input that searches."""

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from applications.fields.tables import LinesField, LinesWidget

FEW = 30
"""Up to so many entries are shown as a select or as check boxes."""


class CodeWidget(forms.TextInput):
    """A select for few entries; for many an input whose suggestions a script fetches. Works without one."""

    def __init__(self, codes, attrs=None):
        super().__init__(attrs)
        self.codes = codes

    def render(self, name, value, attrs=None, renderer=None):
        value = "" if value is None else str(value)
        if 0 < len(self.codes.choices) <= FEW:
            return self._select(name, value, attrs, renderer)
        more = {"autocomplete": "off", "data-codes": search_url(self.codes)}
        shown = self.codes.written(value) if value else ""
        return super().render(name, shown, {**(attrs or {}), **more}, renderer)

    def _select(self, name, value, attrs, renderer):
        choices = [("", _("请选择")), *((e.code, f"{e.code} {e.label}") for e in self.codes.choices)]
        if value and value not in self.codes.table.entries:
            choices.append((value, value))
        attrs = dict(attrs or {})
        attrs["class"] = attrs.get("class", "").replace("form-control", "form-select") or "form-select"
        return forms.Select(choices=choices).render(name, value, attrs, renderer)


def search_url(codes) -> str:
    query = f"?on={codes.on.isoformat()}" if codes.on else "?"
    query += f"&level={codes.level}" if codes.level else ""
    return (reverse("applications:codes", args=[codes.code]) + query) if codes.code else ""


class CodeField(forms.CharField):
    """What was chosen or typed → its code."""

    def __init__(self, codes, **kwargs):
        super().__init__(widget=CodeWidget(codes), **kwargs)
        self.codes = codes

    def clean(self, value):
        text = super().clean(value)
        return self.codes.read(text) if text else ""


class CodesWidget(LinesWidget):
    """Check boxes for few entries; otherwise a row for each code."""

    def __init__(self, columns, max_rows, codes):
        super().__init__(columns, max_rows)
        self.codes = codes

    def render(self, name, value, attrs=None, renderer=None):
        if not 0 < len(self.codes.choices) <= FEW:
            return super().render(name, value, attrs, renderer)
        choices = [(entry.code, f"{entry.code} {entry.label}") for entry in self.codes.choices]
        chosen = value if isinstance(value, list) else []
        return forms.CheckboxSelectMultiple(choices=choices).render(name, chosen, attrs, renderer)

    def value_from_datadict(self, data, files, name):
        many = data.getlist(name) if hasattr(data, "getlist") else data.get(name)
        if many:
            return many if isinstance(many, list) else [many]
        return super().value_from_datadict(data, files, name)


class CodesField(LinesField):
    """Several codes, each once."""

    def __init__(self, columns, *, codes, **kwargs):
        super().__init__(columns, **kwargs)
        self.widget = CodesWidget(columns, self.max_rows, codes)

    def to_python(self, value):
        found = super().to_python(value)
        twice = next((code for code in found if found.count(code) > 1), None)
        if twice:
            raise ValidationError(_("“%(code)s”选了两次。") % {"code": twice})
        return found
