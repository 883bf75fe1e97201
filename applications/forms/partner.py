"""What a partner unit fills in: what it takes on, and its own people."""

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy

from accounts.identity import mask_id_number
from applications import completeness
from applications.actions import typed_key
from applications.fields import LimitedText, MoneyField
from applications.forms.budget import OwnShare
from applications.forms.people import PersonForm
from applications.models import Partner

MOST_PEOPLE = 50
NOT_TYPED = ("csrfmiddlewaretoken", "do", "versions")


class TaskForm(forms.Form):
    task = LimitedText(
        label=gettext_lazy("承担的任务与承诺"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class OwnPersonForm(PersonForm):
    """A person of the partner unit: its name and code are known, who leads is the lead unit's choice."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("role", "organisation_name", "country", "credit_code"):
            del self.fields[name]


class LimitForm(forms.Form):
    """How much of the budget a partner may fill in; empty: nothing."""

    limit = MoneyField(required=False)


class PartnerForm:
    """Its forms as one: the task, the people, and the share of the budget where the lead lets it."""

    def __init__(self, partner: Partner, data=None):
        unit = partner.organisation
        typed = partner.application.typed.get(typed_key(partner))
        self.is_typed_before = data is None and isinstance(typed, dict)
        if self.is_typed_before:
            data = MultiValueDict(typed)
        self.data = data
        self.over: dict[str, list[str]] = {}
        """What is wrong with the whole, found while it was stored."""
        may_share = partner.budget_limit is not None and partner.application.call.is_budget_by_unit
        self.share = OwnShare(partner.application, data, unit=unit.credit_code) if may_share else None
        rows = partner.application.participants.filter(credit_code=unit.credit_code)
        people = list(rows.values(*completeness.PERSON_FIELDS))
        known = [(person["name"], person["id_number"]) for person in people]
        shown = [person | {"id_number": mask_id_number(person["id_number"])} for person in people]
        formset = forms.formset_factory(
            OwnPersonForm,
            extra=1 if len(people) < MOST_PEOPLE else 0,
            can_delete=True,
            max_num=MOST_PEOPLE,
            absolute_max=MOST_PEOPLE + 1,
        )
        self.task = TaskForm(data, initial={"task": partner.task})
        initial = shown if data is None else None
        self.rows = formset(data, initial=initial, prefix="people", form_kwargs={"known": known})

    def is_valid(self) -> bool:
        # Both are asked, so that every fault is said at once.
        shared = self.share is None or self.share.form.is_valid()
        return all([self.task.is_valid(), self.rows.is_valid(), shared])

    def task_text(self) -> str:
        return self.task.cleaned_data["task"]

    def amounts(self) -> dict | None:
        return self.share.amounts() if self.share else None

    def raw(self) -> dict:
        """What was typed, as JSON."""
        return {name: self.data.getlist(name) for name in self.data if name not in NOT_TYPED}

    def faults(self) -> dict[str, list[str]]:
        """Input → its sentences."""
        found = {name: list(errors) for name, errors in self.task.errors.items()}
        for form in self.rows:
            found |= {form.add_prefix(name): list(errors) for name, errors in form.errors.items()}
        if self.share:
            found |= {name: list(errors) for name, errors in self.share.form.errors.items()}
        return found

    def people(self) -> list[dict]:
        kept = [
            form for form in self.rows.forms if form.has_changed() and form not in self.rows.deleted_forms
        ]
        return [{name: form.cleaned_data.get(name) for name in form.fields} for form in kept]

    def first_amount(self) -> str:
        """The input at which a fault of the whole share stands."""
        return next(iter(self.share.form.fields), "")


def problems_of(faults: dict[str, list[str]]) -> list[dict]:
    return [
        {"message": sentence, "anchor": f"id_{name}"}
        for name, sentences in faults.items()
        for sentence in sentences
    ]
