"""What a unit writes down once: certificates, figures, accounts, shareholders; and subscriptions."""

from decimal import Decimal

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity import validate_account
from accounts.kinds import CERTIFICATES, LADDER, NUMBERS, TEXTS, FactKind, ShareholderKind
from applications.fields import DayField, LimitedText, MoneyField, PlainNumberField
from portal.asking import PEOPLE, UNIT

FIRST_YEAR = 1990
MOST_HOLDERS = 30


def figure_label(kind: FactKind) -> str:
    """The name of a figure; money is typed and shown in 万元."""
    if kind in PEOPLE:
        return str(kind.label)
    return _("%(name)s（万元）") % {"name": UNIT.sub("", str(kind.label))}


class CertificateForm(forms.Form):
    """A certificate, or a fact in words, from a day on, with the scan that proves it."""

    kind = forms.ChoiceField(
        label=gettext_lazy("事项"),
        choices=[(kind.value, kind.label) for kind in (*CERTIFICATES, *TEXTS)],
    )
    text = LimitedText(
        label=gettext_lazy("证书编号或内容"), max_length=120, help_text=gettext_lazy("证书编号，或园区名称")
    )
    valid_from = DayField(label=gettext_lazy("自"))
    valid_to = DayField(label=gettext_lazy("至"), required=False, help_text=gettext_lazy("长期有效的不填"))
    proof = forms.FileField(
        label=gettext_lazy("证明材料"),
        required=False,
        help_text=gettext_lazy("证书的扫描件：PDF、JPG 或 PNG，不超过 20 MB。"),
    )


class FiguresForm(forms.Form):
    """The figures of one year; those left empty stay as they are."""

    year = forms.IntegerField(label=gettext_lazy("年度"), min_value=FIRST_YEAR)

    def __init__(self, *args, this_year: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["year"].validators.append(MaxValueValidator(this_year))
        for kind in NUMBERS:
            self.fields[kind.value] = self._field(kind)

    def _field(self, kind: FactKind) -> forms.Field:
        if kind in PEOPLE:
            return PlainNumberField(
                label=kind.label, required=False, min_value=0, max_digits=9, decimal_places=0
            )
        return MoneyField(label=figure_label(kind), required=False)

    def clean(self):
        data = super().clean()
        if not self.errors and not self.figures():
            raise forms.ValidationError(_("请至少填写一项数据。"))
        return data

    def figures(self) -> dict[str, Decimal]:
        given = {kind.value: self.cleaned_data.get(kind.value) for kind in NUMBERS}
        return {kind: value for kind, value in given.items() if value is not None}


class AccountForm(forms.Form):
    holder = LimitedText(label=gettext_lazy("户名"), max_length=120)
    bank = LimitedText(label=gettext_lazy("开户行"), max_length=120)
    number = forms.CharField(
        label=gettext_lazy("账号"),
        max_length=60,
        help_text=gettext_lazy("保存后只显示后四位。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    valid_from = DayField(label=gettext_lazy("启用日期"))

    def clean_number(self):
        number = "".join(self.cleaned_data["number"].split())
        validate_account(number)
        return number


class ShareholderForm(forms.Form):
    name = LimitedText(label=gettext_lazy("股东"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("股东类型"), choices=ShareholderKind)
    percent = PlainNumberField(
        label=gettext_lazy("持股百分比"),
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
    )


class ListDayForm(forms.Form):
    as_of_date = DayField(label=gettext_lazy("名册日期"))


ShareholderFormSet = forms.formset_factory(ShareholderForm, extra=5, max_num=MOST_HOLDERS, validate_max=True)


class SubscriptionForm(forms.Form):
    """Of which new calls one wants to hear; what is left open means all."""

    fields_wanted = forms.MultipleChoiceField(
        label=gettext_lazy("领域"), required=False, widget=forms.CheckboxSelectMultiple
    )
    region = forms.ChoiceField(label=gettext_lazy("单位所在地"), required=False)
    rungs = forms.MultipleChoiceField(
        label=gettext_lazy("企业梯队"),
        required=False,
        choices=[(kind.value, kind.label) for kind in LADDER],
        widget=forms.CheckboxSelectMultiple,
    )
    by_mail = forms.BooleanField(label=gettext_lazy("同时发送邮件"), required=False)

    def __init__(self, *args, names, districts, kept=None, **kwargs):
        initial = {}
        if kept is not None:
            initial = {
                "fields_wanted": kept.fields,
                "region": kept.region,
                "rungs": kept.rungs,
                "by_mail": kept.by_mail,
            }
        super().__init__(*args, initial=initial, **kwargs)
        old = [name for name in initial.get("fields_wanted", []) if name not in names]
        self.fields["fields_wanted"].choices = [(name, name) for name in (*names, *old)]
        places = [(entry.code, entry.label) for entry in districts]
        if initial.get("region") and initial["region"] not in dict(places):
            places.append((initial["region"], initial["region"]))
        self.fields["region"].choices = [("", _("不限地区")), *places]
        self.fields["region"].widget.attrs["class"] = "form-select"
        if not self.fields["fields_wanted"].choices:
            del self.fields["fields_wanted"]

    def wanted(self) -> dict:
        data = self.cleaned_data
        return {
            "fields": data.get("fields_wanted", []),
            "region": data["region"],
            "rungs": data["rungs"],
            "by_mail": data["by_mail"],
        }
