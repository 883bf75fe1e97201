"""Forms of the portal's facility pages and of the admin's buttons."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identity import clean_credit_code
from accounts.models import Organisation
from applications.fields import DayField, LimitedText, MoneyField
from core.filtering import Filter
from facilities import queries
from facilities.models import Facility, FacilityKind, FacilityScheme
from facilities.rules import LONG
from facilities.states import EvaluationState, FacilityState
from grants.models import Call

LARGEST = Decimal(10) ** 11
ANY_STATE = ("", _("全部状态"))
WAITING = (EvaluationState.REPORTING, EvaluationState.DISTRICT_CHECK)
STANDING = (FacilityState.OPERATING, FacilityState.RECTIFYING)


class RegistryFilter(Filter):
    kind = forms.ChoiceField(
        label=_("平台类别"), required=False, choices=[("", _("全部类别")), *FacilityKind.choices]
    )
    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[ANY_STATE, *((state.value, state.label) for state in STANDING)],
    )


class FacilityFilter(RegistryFilter):
    wait = forms.ChoiceField(
        label=_("待办"),
        required=False,
        choices=[("", _("不限")), *((state.value, state.label) for state in WAITING)],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [ANY_STATE, *FacilityState.choices]


class CaseFilter(Filter):
    service = forms.ChoiceField(label=_("服务类别"), required=False)
    year = forms.ChoiceField(label=_("年份"), required=False)

    def __init__(self, *args, services: dict[str, str], years: list[int], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [("", _("全部服务")), *services.items()]
        self.fields["year"].choices = [("", _("全部年份")), *((str(year), str(year)) for year in years)]


class CaseForm(forms.Form):
    client = LimitedText(label=_("服务对象"), max_length=120, help_text=_("单位名称或团队。"))
    result = LimitedText(label=_("所服务的成果"), max_length=200)
    service = forms.ChoiceField(label=_("服务类别"))
    trl_before = forms.TypedChoiceField(label=_("服务前成熟度"), coerce=int)
    trl_after = forms.TypedChoiceField(label=_("服务后成熟度"), coerce=int)
    served_date = DayField(label=_("完成日期"))
    fee = MoneyField(
        label=_("服务收费（万元）"), min_value=Decimal(0), max_value=LARGEST, help_text=_("没有收费填 0。")
    )
    follow_on = LimitedText(
        label=_("后续转化"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("落地企业、合同、融资等；以后可以补充。"),
    )
    file = forms.FileField(
        label=_("服务合同或验证报告"),
        required=False,
        help_text=_("PDF、Word、Excel、PNG 或 JPEG；再次上传时保留以前的版本。"),
        widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"}),
    )

    def __init__(self, *args, facility: Facility, scheme: FacilityScheme, **kwargs):
        super().__init__(*args, **kwargs)
        names = queries.service_names(scheme)
        offered = [(code, names.get(code, code)) for code in facility.services]
        self.fields["service"].choices = [("", _("请选择")), *offered]
        levels = [("", _("请选择")), *((str(level), str(level)) for level in range(1, 10))]
        self.fields["trl_before"].choices = self.fields["trl_after"].choices = levels


class ReportForm(forms.Form):
    """The self-report as it was typed; what is missing or wrong is said by the rules on handing in."""

    def __init__(self, *args, scheme: FacilityScheme, **kwargs):
        super().__init__(*args, **kwargs)
        for row in scheme.indicators:
            label, unit = queries.named(row), queries.unit_of(row)
            if unit:
                label = _("%(label)s（%(unit)s）") % {"label": label, "unit": unit}
            self.fields[f"value_{row['code']}"] = forms.CharField(
                label=label,
                required=False,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            )
        for name, label, rows in (
            ("summary", _("运行情况与成效"), 8),
            ("problems", _("问题与下一年打算"), 5),
        ):
            self.fields[name] = LimitedText(
                label=label,
                required=False,
                max_length=LONG,
                widget=forms.Textarea(attrs={"rows": rows}),
                help_text=_("不超过 4000 字。"),
            )
        if scheme.district_check:
            self.fields["green"] = forms.ChoiceField(
                label=_("绿色门槛自查"),
                required=False,
                choices=[("yes", _("符合")), ("no", _("不符合"))],
                widget=forms.RadioSelect,
                help_text=_("安全、环保、能耗等；由所在区的科技主管部门审查。"),
            )
            self.fields["green_note"] = LimitedText(
                label=_("自查说明"), required=False, max_length=LONG, widget=forms.Textarea(attrs={"rows": 3})
            )
        self.fields["evidence_about"] = forms.ChoiceField(
            label=_("佐证材料对应的指标"), required=False, choices=queries.evidence_choices(scheme)
        )
        self.fields["evidence"] = forms.FileField(
            label=_("佐证材料"),
            required=False,
            help_text=_("PDF、Word、Excel 或图片；每个指标一份，再传即替换，随保存上传。"),
        )

    def typed(self) -> dict[str, str]:
        """Every text as it came; what was not sent is not there."""
        return {
            name: self.data[self.add_prefix(name)].replace("\r\n", "\n")
            for name in self.fields
            if self.add_prefix(name) in self.data and not name.startswith("evidence")
        }


class ReasonForm(forms.Form):
    reason = LimitedText(label=_("理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 4}))


class CheckForm(forms.Form):
    is_green = forms.TypedChoiceField(
        label=_("绿色门槛"),
        choices=[("yes", _("符合")), ("no", _("不符合"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        help_text=_("不符合的不予拨付；得分由主管处室评定。"),
    )
    opinion = LimitedText(label=_("审查意见"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 4}))


class ScoreForm(forms.Form):
    score = forms.DecimalField(
        label=_("得分"), min_value=0, max_value=100, decimal_places=2, help_text=_("0 至 100，最多两位小数")
    )
    opinion = LimitedText(
        label=_("评价意见"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("不合格的必须写明理由；平台会看到。"),
    )


class PaymentForm(forms.Form):
    amount = MoneyField(label=_("拨付金额（万元）"), min_value=Decimal("0.01"), max_value=LARGEST)
    paid_date = DayField(label=_("拨付日期"))


class ProlongForm(ReasonForm):
    until = DayField(label=_("整改延至"))
    field_order = ("until", "reason")


class RenewForm(ReasonForm):
    until = DayField(label=_("续期至"))
    field_order = ("until", "reason")


class CallChoice(forms.ModelChoiceField):
    def label_from_instance(self, call):
        return f"{call.title}（{call.year}）"


def calls_of(user):
    """Published calls with terms for facilities, of the person's departments."""
    rows = Call.objects.filter(pk__in=FacilityScheme.objects.values("call")).exclude(state="draft")
    if not user.scope.sees_everything:
        rows = rows.filter(programme__department_id__in=user.scope.departments)
    return rows.select_related("programme__department").order_by("-opens_at")


class YearForm(forms.Form):
    call = CallChoice(label=_("通知"), queryset=Call.objects.none())
    year = forms.IntegerField(
        label=_("评价年度"), min_value=2000, max_value=2200, help_text=_("自评开始的那一年")
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["call"].queryset = calls_of(user)


class FilingForm(forms.Form):
    """What is filed by hand: before its agreement is signed, or long before the system."""

    call = CallChoice(label=_("通知"), queryset=Call.objects.none())
    award_number = forms.CharField(
        label=_("立项编号"),
        required=False,
        max_length=60,
        help_text=_("填写后，单位、名称、服务和编号取自立项，其余可以不填"),
    )
    credit_code = forms.CharField(label=_("依托单位统一社会信用代码"), required=False, max_length=40)
    name = forms.CharField(label=_("平台名称"), required=False, max_length=120)
    number = forms.CharField(label=_("备案编号"), required=False, max_length=60)
    filed_date = DayField(label=_("备案日期"), required=False, help_text=_("留空为今天"))
    valid_until = DayField(
        label=_("备案有效期至"),
        required=False,
        help_text=_("通知规定有效期的：留空按备案日期计算，已经续期的填写续期后的日期"),
    )
    kind = forms.ChoiceField(
        label=_("平台类别"), required=False, choices=[("", _("按通知")), *FacilityKind.choices]
    )
    services = forms.CharField(
        label=_("服务"), required=False, help_text=_("服务目录的代码，用逗号隔开；留空为全部服务")
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["call"].queryset = calls_of(user)

    def organisation(self) -> Organisation | None:
        code = clean_credit_code(self.cleaned_data.get("credit_code") or "")
        return Organisation.objects.filter(credit_code=code).first() if code else None
