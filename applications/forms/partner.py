"""What a partner unit fills in: what it takes on, and its own people."""

from django import forms
from django.utils.translation import gettext_lazy

from accounts.identity import mask_id_number
from applications import completeness
from applications.fields import LimitedText
from applications.forms.people import PersonForm
from applications.models import Partner

MOST_PEOPLE = 50


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


class PartnerForm:
    """Both forms as one."""

    def __init__(self, partner: Partner, data=None):
        unit = partner.organisation
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
        return all([self.task.is_valid(), self.rows.is_valid()])

    def task_text(self) -> str:
        return self.task.cleaned_data["task"]

    def people(self) -> list[dict]:
        kept = [
            form for form in self.rows.forms if form.has_changed() and form not in self.rows.deleted_forms
        ]
        return [{name: form.cleaned_data.get(name) for name in form.fields} for form in kept]

    def problems(self) -> list[dict]:
        found = [("task", errors) for errors in self.task.errors.values()]
        found += [
            (form.add_prefix(name), errors) for form in self.rows for name, errors in form.errors.items()
        ]
        return [
            {"message": sentence, "anchor": f"id_{name}"} for name, errors in found for sentence in errors
        ]
