"""The people of a project."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import countries
from accounts.identity import mask_id_number
from applications import actions, completeness
from applications.fields import DayField, LimitedText, PlainNumberField
from applications.forms.part import Rows
from applications.models import IdKind, Participant, ParticipantRole
from grants.models import Call
from grants.person_roles import roles_of, settled


class UsualChoice(forms.ChoiceField):
    """A choice that has a usual answer: a row in which it was not sent is not filled by it."""

    def has_changed(self, initial, data):
        return bool(data) and super().has_changed(initial, data)


class PersonForm(forms.Form):
    role = UsualChoice(label=gettext_lazy("角色"), choices=ParticipantRole, initial=ParticipantRole.MEMBER)
    name = LimitedText(label=gettext_lazy("姓名"), max_length=60, required=False)
    id_kind = UsualChoice(
        label=gettext_lazy("证件类型"), choices=IdKind, initial=IdKind.ID_CARD, required=False
    )
    id_number = LimitedText(
        label=gettext_lazy("证件号码"),
        max_length=18,
        required=False,
        help_text=gettext_lazy("保存后只显示首尾几位。"),
    )
    id_country = forms.ChoiceField(
        label=gettext_lazy("签发国家或地区"),
        choices=lambda: [("", "—"), *countries.choices()],
        required=False,
        help_text=gettext_lazy("护照或通行证才选；不选的按单位所在国家或地区。"),
    )
    birth_date = DayField(
        label=gettext_lazy("出生日期"), required=False, help_text=gettext_lazy("填写身份证号后可留空。")
    )
    title = LimitedText(label=gettext_lazy("职称"), max_length=60, required=False)
    organisation_name = LimitedText(label=gettext_lazy("单位名称"), max_length=120, required=False)
    country = UsualChoice(
        label=gettext_lazy("单位所在国家或地区"),
        choices=countries.choices,
        initial=countries.HOME,
        required=False,
    )
    credit_code = LimitedText(
        label=gettext_lazy("统一社会信用代码"), required=False, help_text=gettext_lazy("境外单位留空。")
    )
    months_per_year = PlainNumberField(
        label=gettext_lazy("每年投入（月）"), required=False, max_digits=3, decimal_places=1
    )
    task = LimitedText(label=gettext_lazy("分工"), max_length=200, required=False)

    def __init__(self, *args, known=(), roles=(), **kwargs):
        """`roles`: those of the notice, where it has its own names for them."""
        super().__init__(*args, **kwargs)
        self.known, self.roles = known, {role.code: role for role in roles}
        if roles:
            self.fields["role"].choices = [("", "—"), *((role.code, role.label) for role in roles)]
            self.fields["role"].initial = next((role.code for role in roles if not role.leads), "")

    def clean_id_number(self):
        """A masked number that was left alone stands for the one that is stored.

        Where two people's numbers look alike when masked, the one stored under this name.
        """
        typed, name = self.cleaned_data["id_number"].strip(), self.cleaned_data.get("name")
        alike = [(who, number) for who, number in self.known if number and mask_id_number(number) == typed]
        own = [number for who, number in alike if who == name]
        return next(iter([*own, *(number for _who, number in alike)]), typed)

    def clean(self):
        if role := self.roles.get(self.cleaned_data.get("role")):
            self.cleaned_data["position"] = role.code
            self.cleaned_data["role"] = ParticipantRole.PI if role.leads else ParticipantRole.MEMBER
        for name, sentence in completeness.person_faults(
            completeness.written_person(self.cleaned_data), strict=False
        ):
            self.add_error(name, sentence)
        return self.cleaned_data


def shown(person: dict, call: Call) -> dict:
    """A stored person as the form shows it: the notice's own role, the number masked."""
    role = person["position"] if call.person_roles else person["role"]
    return person | {"role": role, "id_number": mask_id_number(person["id_number"])}


class PeopleFormSet(forms.BaseFormSet):
    def clean(self):
        people = [form.cleaned_data for form in self.kept() if hasattr(form, "cleaned_data")]
        if sum(person.get("role") == ParticipantRole.PI for person in people) > 1:
            raise ValidationError(_("项目负责人只能有一名。"))

    def kept(self):
        """Rows that were filled and not marked for removal."""
        return [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]


class PeopleRows(Rows):
    """Rows of people in the roles of the notice."""

    row_form, base = PersonForm, PeopleFormSet

    def build(self, data):
        formset = super().build(data)
        formset.roles = roles_of(self.application.call)
        return formset

    def values(self):
        positions = [form.cleaned_data.get("position", "") for form in self._kept()]
        return [
            row | {"position": position} for row, position in zip(super().values(), positions, strict=True)
        ]


class People(PeopleRows):
    name = prefix = "participants"
    template = "applications/parts/people.html"
    fields_template = "applications/parts/fields/people.html"
    told_by = ("name", "id_number")

    def _stored(self):
        return list(self.application.participants.values(*completeness.PERSON_FIELDS))

    def row_options(self):
        known = [(person["name"], person["id_number"]) for person in self._stored()]
        return {"known": known, "roles": roles_of(self.application.call)}

    def initial(self):
        people = [shown(person, self.application.call) for person in self._stored()]
        if people:
            return people
        lead = self.application.organisation
        return [
            {
                "role": settled(self.application.call, leads=True, position="") or ParticipantRole.PI,
                "organisation_name": lead.name,
                "credit_code": "" if lead.is_abroad or lead.is_team else lead.credit_code,
                "country": lead.country,
            }
        ]

    def named(self) -> list[Participant]:
        """Who stands in the form, be it stored or only typed."""
        told = ("name", "id_number", "id_country")
        typed = [
            Participant(**{name: form[name].value() or "" for name in told})
            for form in self.form.forms
            if form.is_bound
        ]
        return [*self.application.participants.all(), *typed]

    def add(self, person: dict) -> None:
        """One more row, as if it had been typed."""
        data = self.form.data.copy()
        total = f"{self.prefix}-TOTAL_FORMS"
        # The row that stands there to be filled takes the person.
        number = len(self.form.forms)
        if number and not self.form.forms[-1].has_changed():
            number -= 1
        member = self.row_form(**self.row_options()).fields["role"].initial
        usual = {"role": member, "id_kind": IdKind.ID_CARD, "country": countries.HOME}
        for name, value in (usual | person).items():
            data[f"{self.prefix}-{number}-{name}"] = "" if value is None else str(value)
        data[total] = str(number + 1)
        self.form = self.build(data)

    def store(self, *, by, at):
        actions.set_participants(application=self.application, participants=self.values(), by=by, at=at)
