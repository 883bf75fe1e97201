"""The fields above a list: what is typed there narrows it, and what cannot be read counts as not given."""

from django import forms
from django.utils.translation import gettext_lazy as _


class Filter(forms.Form):
    """Key words, and whatever else a list is narrowed by; shown by `portal/includes/_filter_fields.html`."""

    q = forms.CharField(label=_("关键词"), required=False, max_length=60)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    def chosen(self) -> dict:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
