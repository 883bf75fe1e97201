"""What people type about themselves and their units."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.models import construct_instance
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import actions, countries, queries
from accounts.identity import (
    clean_credit_code,
    is_card_number,
    mask_id_number,
    validate_credit_code,
    validate_identity,
    validate_phone,
)
from accounts.kinds import Degree, OrganisationKind
from accounts.models import Membership, Organisation, OrganisationFact, User
from accounts.roles import UnitRole


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, **kwargs):
        # A year of four digits: the cursor goes on to the month by itself.
        super().__init__(format="%Y-%m-%d", attrs={"max": "9999-12-31"}, **kwargs)


class ActionModelForm(forms.ModelForm):
    """A model's fields for an action: what the database constrains, the action checks and names the field."""

    def _post_clean(self):
        # Django's own also asks the constraints, whose sentence would name no field.
        self.instance = construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())
        except ValidationError as fault:
            self._update_errors(fault)


class SignupForm(forms.Form):
    """What signing up asks beyond user name, e-mail and password."""

    name = forms.CharField(label=_("姓名"), max_length=60)
    phone = forms.CharField(label=_("手机"), max_length=20, required=False, validators=[validate_phone])

    field_order = ["name", "username", "email", "phone", "password1", "password2"]

    def signup(self, request, user):
        actions.update_profile(
            user=user,
            name=self.cleaned_data["name"],
            phone=self.cleaned_data["phone"],
            language=get_language() or settings.LANGUAGE_CODE,
        )


class ProfileForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "phone", "language")


class OwnRecordForm(forms.Form):
    """What a person keeps of themselves. A stored ID number shows masked; left alone it stays."""

    id_number = forms.CharField(
        label=_("身份证号或护照号码"),
        max_length=40,
        required=False,
        help_text=_(
            "没有身份证的填写护照或通行证号码。保存后只显示首尾几位。只有您自己和您允许的本单位同事能在申报书中选用。"
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    id_country = forms.ChoiceField(
        label=_("护照签发国家或地区"),
        choices=lambda: [("", "—"), *countries.choices()],
        required=False,
        help_text=_("填写身份证号的不选。"),
    )
    title = forms.CharField(label=_("职称"), max_length=60, required=False)
    degree = forms.ChoiceField(label=_("学位"), choices=[("", "—"), *Degree.choices], required=False)
    speciality = forms.CharField(label=_("专业"), max_length=60, required=False)
    organisation = forms.ModelChoiceField(
        label=_("所在单位"), queryset=Organisation.objects.none(), required=False
    )
    is_shared = forms.BooleanField(label=_("允许本单位同事在申报书中选用"), required=False)

    def __init__(self, *args, person, kept=None, **kwargs):
        self.stored = kept.id_number if kept else ""
        initial = {name: getattr(kept, name) for name in actions.KEPT} if kept else {}
        initial["id_number"] = mask_id_number(self.stored)
        super().__init__(*args, initial=initial, **kwargs)
        units = Organisation.objects.filter(pk__in=person.scope.units)
        self.fields["organisation"].queryset = units

    def clean_id_number(self):
        typed = "".join(self.cleaned_data["id_number"].split()).upper()
        if self.stored and typed == mask_id_number(self.stored):
            return self.stored
        if typed:
            validate_identity(typed)
        return typed

    def clean(self):
        number = self.cleaned_data.get("id_number", "")
        if not number or is_card_number(number):
            self.cleaned_data["id_country"] = ""
        elif not self.cleaned_data.get("id_country"):
            self.add_error("id_country", _("请选择护照或通行证的签发国家或地区。"))
        return self.cleaned_data


class CreditCodeForm(forms.Form):
    """The check that answers while a person types."""

    credit_code = forms.CharField(max_length=40)

    def clean_credit_code(self):
        code = clean_credit_code(self.cleaned_data["credit_code"])
        validate_credit_code(code)
        return code


class DivisionsField(forms.CharField):
    """The colleges, departments of a unit, one a line → [name]."""

    most, longest = 300, 60

    def __init__(self, **kwargs):
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 4}), **kwargs)

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value):
        names = list(dict.fromkeys(" ".join(line.split()) for line in super().clean(value).splitlines()))
        names = [name for name in names if name]
        if len(names) > self.most:
            raise ValidationError(_("最多 %(most)s 个。"), params={"most": self.most})
        if long := next((name for name in names if len(name) > self.longest), ""):
            raise ValidationError(_("“%(name)s”太长，最多 60 个字。"), params={"name": long})
        return names


class OrganisationForm(forms.ModelForm):
    """A unit as its administrator describes it."""

    divisions = DivisionsField(
        label=_("院系、部门"), help_text=_("每行一个；有的通知按院系限额，申报时从这里选择")
    )

    class Meta:
        model = Organisation
        fields = actions.EDITABLE
        widgets = {"registered_date": DateInput()}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["authority"].queryset = queries.recommending_organisations(but=self.instance)
        self.fields["authority"].empty_label = _("没有上级主管部门")
        self.fields["region"].required = True
        self.fields["kind"].choices = kinds_of_units()


def kinds_of_units() -> list[tuple[str, str]]:
    """What a registered unit may be: no team."""
    return [("", "—"), *(row for row in OrganisationKind.choices if row[0] != OrganisationKind.TEAM)]


class TeamForm(ActionModelForm):
    """A team, or one person, that is registered nowhere yet."""

    class Meta:
        model = Organisation
        fields = actions.TEAM
        labels = {"name": _("团队名称（个人填本人姓名）")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["region"].required = True


FOUNDED = ("name", "kind", "region", "address", "legal_representative", "registered_date")


class FoundForm(ActionModelForm):
    """What the team is registered as."""

    credit_code = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    class Meta:
        model = Organisation
        fields = FOUNDED
        widgets = {"registered_date": DateInput()}

    field_order = ["credit_code", *FOUNDED]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["kind"] = ""
        self.fields["kind"].choices = kinds_of_units()
        self.fields["region"].required = True

    def clean_credit_code(self):
        code = clean_credit_code(self.cleaned_data["credit_code"])
        validate_credit_code(code)
        return code


class AbroadForm(forms.ModelForm):
    """A unit abroad as its administrator describes it."""

    class Meta:
        model = Organisation
        fields = actions.ABROAD
        widgets = {"registered_date": DateInput()}


class AbroadRegistrationForm(AbroadForm):
    """A new unit abroad. That it is registered already is answered by the action, which offers to join."""

    country = forms.ChoiceField(
        label=_("国家或地区"),
        choices=lambda: [("", "—"), *(row for row in countries.choices() if row[0] != countries.HOME)],
    )
    name = forms.CharField(
        label=_("单位名称"), max_length=120, help_text=_("照登记证明上的正式名称，登记后不能修改。")
    )
    registration_number = forms.CharField(
        label=_("境外登记号"),
        max_length=40,
        help_text=_("所在国家或地区的商业登记号、注册号或税号。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    field_order = ["country", "name", "registration_number", *actions.ABROAD]


class RegistrationForm(OrganisationForm):
    """A new unit. That the code is registered already is answered by the action, which offers to join."""

    # Longer than a code, so that blanks and dashes of a pasted one can be taken out.
    credit_code = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=40,
        help_text=_("营业执照或法人证书上的 18 位代码；填写后立即核对校验码。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    field_order = ["credit_code", *actions.EDITABLE]

    clean_credit_code = CreditCodeForm.clean_credit_code


class JoinForm(forms.Form):
    role = forms.ChoiceField(label=_("身份"), choices=UnitRole.choices, initial=UnitRole.MEMBER)
    message = forms.CharField(
        label=_("说明"), max_length=200, required=False, help_text=_("例如所在部门，方便单位管理员确认。")
    )


class RefuseJoinForm(forms.Form):
    note = forms.CharField(label=_("理由"), max_length=200, required=False)


class RefuseUnitForm(forms.Form):
    """The unit reads the reason."""

    reason = forms.CharField(label=_("理由"), max_length=200, required=False)


class GrantForm(forms.Form):
    """Give a member another role."""

    membership = forms.ModelChoiceField(label=_("成员"), queryset=Membership.objects.none())
    role = forms.ChoiceField(label=_("身份"), choices=UnitRole.choices)

    def __init__(self, *args, members, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["membership"].queryset = members
        self.fields["membership"].label_from_instance = lambda membership: str(membership.user)


class FactForm(ActionModelForm):
    """A dated fact; who says it is not asked of a unit, see `actions.SELF_DECLARED`."""

    class Meta:
        model = OrganisationFact
        fields = ("kind", "text", "number", "valid_from", "valid_to")
        widgets = {"valid_from": DateInput(), "valid_to": DateInput()}
        help_texts = {
            "text": _("证书编号，或园区名称"),
            "number": _("人数，或以元为单位的金额"),
            "valid_to": _("长期有效的不填"),
        }
