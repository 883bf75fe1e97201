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

    def __init__(self, *args, known=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.known = known

    def clean_id_number(self):
        """A masked number that was left alone stands for the one that is stored.

        Where two people's numbers look alike when masked, the one stored under this name.
        """
        typed, name = self.cleaned_data["id_number"].strip(), self.cleaned_data.get("name")
        alike = [(who, number) for who, number in self.known if number and mask_id_number(number) == typed]
        own = [number for who, number in alike if who == name]
        return next(iter([*own, *(number for _who, number in alike)]), typed)

    def clean(self):
        for name, sentence in completeness.person_faults(
            completeness.written_person(self.cleaned_data), strict=False
        ):
            self.add_error(name, sentence)
        return self.cleaned_data


class PeopleFormSet(forms.BaseFormSet):
    def clean(self):
        people = [form.cleaned_data for form in self.kept() if hasattr(form, "cleaned_data")]
        if sum(person.get("role") == ParticipantRole.PI for person in people) > 1:
            raise ValidationError(_("项目负责人只能有一名。"))

    def kept(self):
        """Rows that were filled and not marked for removal."""
        return [form for form in self.forms if form.has_changed() and form not in self.deleted_forms]


class People(Rows):
    name = prefix = "participants"
    template = "applications/parts/people.html"
    fields_template = "applications/parts/fields/people.html"
    row_form, base = PersonForm, PeopleFormSet
    told_by = ("name", "id_number")

    def _stored(self):
        return list(self.application.participants.values(*completeness.PERSON_FIELDS))

    def row_options(self):
        return {"known": [(person["name"], person["id_number"]) for person in self._stored()]}

    def initial(self):
        people = self._stored()
        for person in people:
            person["id_number"] = mask_id_number(person["id_number"])
        if people:
            return people
        lead = self.application.organisation
        return [
            {
                "role": ParticipantRole.PI,
                "organisation_name": lead.name,
                "credit_code": lead.credit_code,
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
        usual = {"role": ParticipantRole.MEMBER, "id_kind": IdKind.ID_CARD, "country": countries.HOME}
        for name, value in (usual | person).items():
            data[f"{self.prefix}-{number}-{name}"] = "" if value is None else str(value)
        data[total] = str(number + 1)
        self.form = self.build(data)

    def store(self, *, by, at):
        actions.set_participants(application=self.application, participants=self.values(), by=by, at=at)
