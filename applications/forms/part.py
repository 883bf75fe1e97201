"""A part of an application: shown, checked and saved in one way."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django import forms
from django.db import transaction
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from applications import actions
from applications.forms.merging import (
    NOTHING,
    REMOVED,
    ROW_REMOVED,
    inputs_of,
    merge,
    on_page,
    versions_of,
)
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
    told_by: tuple[str, ...] = ()
    """Of a part made of rows: the fields that tell one row from another."""
    order: Sequence[int] = ()
    """Of a part made of rows: the numbers of those on the page, as they stand among the rows of others."""
    numbers: dict[int, int] | None = None
    """Of a part made of rows, after they were stored: the number of each on the page that sent them."""

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
        if self.is_valid():
            self.store(by=by, at=at)
            if not self.faults():
                self.typed = None
                return {}
        self.keep(by=by, at=at)
        self.typed = self.raw()
        return self.faults()

    def _merge(self, *, by):
        """Take over what others stored since the page was made; keep theirs where both changed one input."""
        sent = self.form.data
        self.hold(by=by)
        self.application.refresh_from_db(fields=SHARED)
        self.typed = self.application.typed.get(self.name)
        merged = merge(self.inputs(), sent, self.seen, told_by=self.told_by)
        self.form = self.build(merged.data)
        self.others, self.order = merged.fresh, merged.order
        self.conflicts = {
            name: Conflict(self.label_of(name), self.text_of(name, texts), {name: texts})
            for name, texts in merged.conflicts.items()
        }

    def text_of(self, name: str, texts: list[str]) -> str:
        return " ".join(texts)

    def label_of(self, name: str) -> str:
        """The words that stand at an input."""
        return next((str(bound.label) for bound in self.bounds() if bound.html_name == name), name)

    def bounds(self):
        return list(self.form)

    def hold(self, *, by) -> None:
        """Hold what is written until commit. Raises Refused."""
        actions.hold(application=self.application, by=by)

    def is_valid(self) -> bool:
        return self.form.is_valid()

    def inputs(self) -> dict[str, list[str]]:
        """What the inputs show of that which stands there now."""
        return inputs_of(self.build(None))

    def versions(self) -> dict[str, str]:
        """Unit of saving (an input or a question) → the version that stands there now."""
        return versions_of(self.inputs())

    def say_conflicts(self, sent) -> None:
        """Show what was sent beside what others stored, for a browser that sent the whole form."""
        data = MultiValueDict(self.form.data)
        for name in self.conflicts:
            data.setlist(name, sent.getlist(name))
        self.form = self.build(data)

    @abstractmethod
    def store(self, *, by, at):
        """Write what the valid form says."""

    def keep(self, *, by, at):
        """Keep what was typed with faults."""
        actions.keep_typed(application=self.application, section=self.name, typed=self.raw(), by=by, at=at)

    def raw(self):
        """What was typed, as JSON: enough to show it again."""
        data = self.form.data
        return {name: data.getlist(name) for name in data if name not in ("csrfmiddlewaretoken", "versions")}

    def again(self) -> MultiValueDict | None:
        return MultiValueDict(self.typed) if isinstance(self.typed, dict) else None

    def faults(self) -> dict[str, list[str]]:
        return {self.form.add_prefix(name): list(errors) for name, errors in self.form.errors.items()}

    def context(self, seen: Mapping | None = None) -> dict:
        """What the template shows; `seen`: what conditions read (`eligibility.seen_of`), if it is known."""
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

    def label_of(self, name):
        row, label = re.match(rf"{re.escape(self.prefix)}-(\d{{1,4}})-", name), super().label_of(name)
        if row is None:
            return label
        return _("第 %(row)s 行“%(column)s”") % {"row": int(row[1]) + 1, "column": label}

    def row_options(self) -> dict:
        return {}

    def text_of(self, name, texts):
        return (
            _("（已删除）")
            if name.endswith(ROW_REMOVED) and texts == [*REMOVED]
            else super().text_of(name, texts)
        )

    def save(self, *, by, at):
        faults = super().save(by=by, at=at)
        if self.typed is None:
            numbers = {id(form): number for number, form in enumerate(self.form.forms)}
            kept = [numbers[id(form)] for form in self._kept()]
            blank = (n for n, form in enumerate(self.form.forms) if not form.has_changed())
            self.numbers = dict(enumerate(kept))
            # The row that stands there to be filled.
            self.numbers[len(kept)] = next(blank, len(self.form.forms))
        return faults

    def versions(self):
        """As the page numbers its rows; what it still shows of a row that is gone counts as empty."""
        inputs = self.inputs()
        if self.numbers is None:
            return versions_of(inputs)
        shown = versions_of(on_page(inputs, self.prefix, self.numbers))
        gone = set(range(max(self.numbers.values()))) - set(self.numbers.values())
        names = [*self.row_form.base_fields, "DELETE"]
        return shown | {f"{self.prefix}-{number}-{name}": NOTHING for number in gone for name in names}

    def build(self, data):
        rows = self.initial()
        # A unit and its partners may have more between them: none of those that stand there is left out.
        most = max(self.most, len(rows))
        formset = forms.formset_factory(
            self.row_form,
            formset=self.base,
            extra=0 if len(rows) >= most else self.spare,
            can_delete=True,
            max_num=most,
            absolute_max=most + 1,
        )
        data = data if data is not None else self.again()
        # Rows are compared with nothing, not with the tables: every row that says something is kept.
        initial = rows if data is None else None
        return formset(data, initial=initial, prefix=self.prefix, form_kwargs=self.row_options())

    def _kept(self) -> list[forms.Form]:
        removed, rows = self.form.deleted_forms, list(self.form.forms)
        placed = [rows[number] for number in self.order if number < len(rows)]
        rows = placed + [form for form in rows if form not in placed]
        return [form for form in rows if form not in removed and form.has_changed()]

    def values(self) -> list[dict]:
        return [
            {name: form.cleaned_data.get(name) for name in form.fields if name != "DELETE"}
            for form in self._kept()
        ]

    def faults(self):
        found = {
            form.add_prefix(name): list(errors) for form in self.form for name, errors in form.errors.items()
        }
        if self.form.non_form_errors():
            found[self.prefix] = list(self.form.non_form_errors())
        return found

    def fresh(self):
        return {"order": {self.prefix: list(self.order)}} if self.order else {}
