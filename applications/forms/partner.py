"""What a partner unit fills in: what it takes on, and its own people."""

from django import forms
from django.utils.translation import gettext_lazy

from applications import actions, completeness
from applications.fields import LimitedText, MoneyField
from applications.forms.budget import OwnShare
from applications.forms.merging import inputs_of
from applications.forms.people import PeopleRows, PersonForm, shown
from applications.models import Partner
from core.workflow import Refused
from grants.person_roles import roles_of


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
        for name in ("organisation_name", "country", "credit_code"):
            del self.fields[name]
        role = self.fields["role"]
        role.required = False
        role.choices = [choice for choice in role.choices if not self._leads(choice[0])]
        if not self.roles:
            del self.fields["role"]

    def _leads(self, code: str) -> bool:
        return code in self.roles and self.roles[code].leads


class LimitForm(forms.Form):
    """How much of the budget a partner may fill in; empty: nothing."""

    limit = MoneyField(required=False)


class PartnerPart(PeopleRows):
    """The task, the people, and the share of the budget where the lead lets it: one page, saved as one."""

    prefix = "people"
    row_form = OwnPersonForm
    told_by = ("name", "id_number")

    def __init__(self, partner: Partner, data=None, *, seen=None):
        self.partner = partner
        self.name = actions.typed_key(partner)
        self.over: dict[str, list[str]] = {}
        """What is wrong with the whole, found while it was stored."""
        super().__init__(partner.application, data, seen=seen)

    def build(self, data):
        self.task, self.share = self._beside(data)
        return super().build(data)

    def _beside(self, data) -> tuple[TaskForm, OwnShare | None]:
        """The forms that stand beside the people."""
        data = data if data is not None else self.again()
        may_share = self.partner.budget_limit is not None and self.application.call.is_budget_by_unit
        unit = self.partner.organisation.credit_code
        share = OwnShare(self.application, data, unit=unit) if may_share else None
        return TaskForm(data, initial={"task": self.partner.task}), share

    def inputs(self):
        task, share = self._beside(None)
        beside = inputs_of(task) | (inputs_of(share.form) if share else {})
        return beside | inputs_of(super().build(None))

    def bounds(self):
        return [*self.task, *super().bounds(), *(self.share.form if self.share else ())]

    def _people(self) -> list[dict]:
        unit = self.partner.organisation.credit_code
        rows = self.application.participants.filter(credit_code=unit)
        return list(rows.values(*completeness.PERSON_FIELDS))

    def initial(self):
        return [shown(person, self.application.call) for person in self._people()]

    def row_options(self):
        known = [(person["name"], person["id_number"]) for person in self._people()]
        return {"known": known, "roles": roles_of(self.application.call)}

    def hold(self, *, by):
        actions.hold_part(partner=self.partner, by=by)
        self.partner.refresh_from_db(fields=["task", "budget_limit"])

    def is_valid(self):
        # All are asked, so that every fault is said at once.
        return all([self.task.is_valid(), super().is_valid(), self.share is None or self.share.is_valid()])

    def store(self, *, by, at):
        self.over = {}
        try:
            actions.fill_partner(
                partner=self.partner,
                task=self.task.cleaned_data["task"],
                people=self.values(),
                amounts=self.share.amounts() if self.share else None,
                by=by,
                at=at,
            )
        except Refused as refused:
            if refused.code != "over_limit":
                raise
            self.over = {next(iter(self.share.form.fields), ""): [refused.message]}

    def keep(self, *, by, at):
        actions.keep_partner_typed(partner=self.partner, typed=self.raw(), by=by, at=at)

    def raw(self):
        return {name: texts for name, texts in super().raw().items() if name != "do"}

    def faults(self):
        found = {name: list(errors) for name, errors in self.task.errors.items()} | super().faults()
        if self.share:
            found |= {name: list(errors) for name, errors in self.share.form.errors.items()}
        return found | self.over

    def fresh(self):
        return super().fresh() | (self.share.fresh() if self.share else {})
