"""A part of an application: shown, checked and saved in one way."""

from django import forms
from django.utils.datastructures import MultiValueDict

from applications import actions
from applications.models import Application

PEOPLE_ROWS = 50


class Part:
    """One page of the workspace. `save` returns {field name: [sentences]} for what is not right yet."""

    name = ""
    template = ""

    def __init__(self, application: Application, data=None, *, files=None, only=None):
        self.application, self.files, self.only = application, files, only
        self.is_sent = data is not None
        self.typed = application.typed.get(self.name)
        self.form = self.build(data)

    def build(self, data):
        raise NotImplementedError

    def save(self, *, by, at) -> dict[str, list[str]]:
        if self.form.is_valid():
            self.store(by=by, at=at)
            return {}
        actions.keep_typed(application=self.application, section=self.name, typed=self.raw(), by=by, at=at)
        return self.faults()

    def store(self, *, by, at):
        raise NotImplementedError

    def raw(self):
        """What was typed, as JSON: enough to show it again."""
        data = self.form.data
        return {name: data.getlist(name) for name in data if name != "csrfmiddlewaretoken"}

    def again(self) -> MultiValueDict | None:
        return MultiValueDict(self.typed) if isinstance(self.typed, dict) else None

    def faults(self) -> dict[str, list[str]]:
        return {self.form.add_prefix(name): list(errors) for name, errors in self.form.errors.items()}

    def context(self) -> dict:
        return {}

    def fresh(self) -> dict:
        """What autosave shows anew beside the panel: {"texts", "values", "shown"}."""
        return {}


class Rows(Part):
    """A part made of rows of one form."""

    prefix = ""
    row_form: type[forms.Form]
    base = forms.BaseFormSet
    most = PEOPLE_ROWS
    spare = 1

    def initial(self) -> list[dict]:
        raise NotImplementedError

    def row_options(self) -> dict:
        return {}

    def build(self, data):
        rows = self.initial()
        formset = forms.formset_factory(
            self.row_form,
            formset=self.base,
            extra=0 if len(rows) >= self.most else self.spare,
            can_delete=True,
            max_num=self.most,
            absolute_max=self.most + 1,
        )
        data = data if data is not None else self.again()
        # Rows are compared with nothing, not with the tables: every row that says something is kept.
        initial = rows if data is None else None
        return formset(data, initial=initial, prefix=self.prefix, form_kwargs=self.row_options())

    def values(self) -> list[dict]:
        kept = [
            form for form in self.form.forms if form not in self.form.deleted_forms and form.has_changed()
        ]
        return [
            {name: form.cleaned_data.get(name) for name in form.fields if name != "DELETE"} for form in kept
        ]

    def faults(self):
        found = {
            form.add_prefix(name): list(errors) for form in self.form for name, errors in form.errors.items()
        }
        if self.form.non_form_errors():
            found[self.prefix] = list(self.form.non_form_errors())
        return found
