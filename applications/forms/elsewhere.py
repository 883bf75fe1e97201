"""The table of projects elsewhere (在外系统承担的项目) that a manager uploads."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.countries import validate_country
from accounts.identity import KEY_OF_PASSPORT, clean_credit_code, validate_credit_code, validate_identity
from applications import sheets
from applications.models import ParticipantRole, PastProject
from applications.queries.elsewhere import key_of
from applications.sheets import Head, Row
from applications.states import RecordStatus

NEEDED = ("plan", "title", "role", "status")
CHOICES = {"role": ParticipantRole, "status": RecordStatus}


class UploadForm(forms.Form):
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=200,
        help_text=gettext_lazy("例如：国家科技管理信息系统，2026年9月导出"),
    )
    file = forms.FileField(
        label=gettext_lazy("填好的 .xlsx 文件（不超过 2 MB）"),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        help_text=gettext_lazy("先核对再写入；同样的行重复上传不会重复登记。"),
    )


FIELDS = (
    "plan",
    "number",
    "title",
    "credit_code",
    "id_number",
    "role",
    "status",
    "starts_date",
    "ends_date",
    "amount",
    "months_per_year",
)


class RowForm(forms.Form):
    """One row. No model form: what is recorded already is compared, not refused."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields.update(forms.fields_for_model(PastProject, FIELDS))

    def clean_credit_code(self):
        code = clean_credit_code(self.cleaned_data["credit_code"])
        if code:
            validate_credit_code(code)
        return code

    def clean_id_number(self):
        typed = self.cleaned_data["id_number"]
        if of_country := KEY_OF_PASSPORT.fullmatch("".join(typed.split()).upper()):
            validate_country(of_country[1])
            return of_country[0]
        number = clean_credit_code(typed)
        if number:
            validate_identity(number)
        return number

    def clean_amount(self):
        amount = self.cleaned_data["amount"]
        if amount is not None and amount < 0:
            raise forms.ValidationError(_("金额不能为负数。"))
        return amount or 0

    def clean_months_per_year(self):
        months = self.cleaned_data["months_per_year"]
        if months is not None and not 0 < months <= 12:
            raise forms.ValidationError(_("每年投入应在 0 到 12 个月之间。"))
        return months

    def clean(self):
        data = super().clean()
        if not self.errors and not (data["credit_code"] or data["id_number"]):
            self.add_error("credit_code", _("单位信用代码和人员证件号码至少填一项。"))
        if data.get("starts_date") and data.get("ends_date") and data["ends_date"] < data["starts_date"]:
            self.add_error("ends_date", _("结束日期早于开始日期。"))
        return data


def heads() -> list[Head]:
    fields = RowForm().fields
    hints = {
        "amount": _("单位：元"),
        "id_number": _("身份证号或护照号码；护照前写签发国家代码和短横，例如 DE-C0123456"),
        "number": _("没有编号的按名称识别"),
    }
    return [
        Head(
            name,
            str(field.label),
            tuple(str(label) for label in CHOICES[name].labels) if name in CHOICES else (),
            hints.get(name, ""),
            name in NEEDED,
        )
        for name, field in fields.items()
    ]


def cleaned(rows: list[Row]) -> list[dict]:
    """What the rows say, as a record takes it. Raises Faulty naming every cell that is wrong."""
    words = {name: {str(label): value for value, label in kind.choices} for name, kind in CHOICES.items()}
    found, seen = [], {}
    for row in rows:
        typed = {name: text.strip() for name, text in row.values.items()}
        chosen = {name: known.get(typed.get(name, ""), typed.get(name, "")) for name, known in words.items()}
        form = RowForm({"amount": "0"} | typed | chosen)
        if not form.is_valid():
            for name, said in form.errors.items():
                row.say(name, said[0])
            continue
        key = key_of(form.cleaned_data)
        if key in seen:
            row.say("title", _("与第 %(row)s 行是同一个项目。") % {"row": seen[key]})
        seen.setdefault(key, row.number)
        found.append(form.cleaned_data)
    sheets.refuse(rows)
    return found
