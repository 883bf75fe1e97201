"""A part of an application: shown, checked and saved in one way."""

from abc import ABC, abstractmethod
from typing import NamedTuple

from django import forms
from django.db import transaction
from django.utils.datastructures import MultiValueDict

from applications import actions
from applications.forms.merging import inputs_of, merge, versions_of
from applications.models import Application

PEOPLE_ROWS = 50
SHARED = ("title", "summary", "starts_date", "ends_date", "topic", "project_type", "recommender", "typed")
"""What the page's own copy of an application reads anew before it is compared."""


class Conflict(NamedTuple):
    """What somebody else stored while this was being written: for reading, and as the inputs show it."""

    label: str
    text: str
    inputs: dict[str, list[str]]
    by: str = ""
    at: object = None


class Part(ABC):
    """One page of the workspace. `save` returns {field name: [sentences]} for what is not right yet."""

    name = ""
    template = ""

    def __init__(self, application: Application, data=None, *, files=None, only=None, seen=None):
        """`seen`: the versions that stood there when the page was made; without them nothing is compared."""
        self.application, self.files, self.only, self.seen = application, files, only, seen or {}
        self.is_sent = data is not None
        self.typed = application.typed.get(self.name)
        self.conflicts: dict[str, Conflict] = {}
        self.others: dict[str, list[str]] = {}
        self.form = self.build(data)

    @abstractmethod
    def build(self, data):
        """The form of this page: from what was sent, or as it stands."""

    @transaction.atomic
    def save(self, *, by, at) -> dict[str, list[str]]:
        if self.seen:
            self._merge(by=by)
        if self.form.is_valid():
            self.store(by=by, at=at)
            self.typed = None
            return {}
        actions.keep_typed(application=self.application, section=self.name, typed=self.raw(), by=by, at=at)
        self.typed = self.raw()
        return self.faults()

    def _merge(self, *, by):
        """Take over what others stored since the page was made; keep theirs where both changed one input."""
        sent = self.form.data
        actions.hold(application=self.application, by=by)
        self.application.refresh_from_db(fields=SHARED)
        self.typed = self.application.typed.get(self.name)
        merged = merge(inputs_of(self.build(None)), sent, self.seen)
        self.form = self.build(merged.data)
        self.others = merged.fresh
        self.conflicts = {
            name: Conflict(self.label_of(name), " ".join(texts), {name: texts})
            for name, texts in merged.conflicts.items()
        }

    def label_of(self, name: str) -> str:
        """The words that stand at an input."""
        return next((str(bound.label) for bound in self.bounds() if bound.html_name == name), name)

    def bounds(self):
        return list(self.form)

    def versions(self) -> dict[str, str]:
        """Unit of saving (an input or a question) → the version that stands there now."""
        return versions_of(inputs_of(self.build(None)))

    def say_conflicts(self, sent) -> None:
        """Show what was sent beside what others stored, for a browser that sent the whole form."""
        data = MultiValueDict(self.form.data)
        for name in self.conflicts:
            data.setlist(name, sent.getlist(name))
        self.form = self.build(data)

    @abstractmethod
    def store(self, *, by, at):
        """Write what the valid form says."""

    def raw(self):
        """What was typed, as JSON: enough to show it again."""
        data = self.form.data
        return {name: data.getlist(name) for name in data if name not in ("csrfmiddlewaretoken", "versions")}

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

    @abstractmethod
    def initial(self) -> list[dict]:
        """The rows as they stand."""

    def bounds(self):
        return [bound for form in self.form.forms for bound in form]

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
