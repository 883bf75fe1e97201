"""Forms of the portal's demand pages and of the admin's buttons."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.identity import clean_credit_code, validate_credit_code, validate_phone
from accounts.models import Organisation
from applications.fields import DayField, LimitedText, MoneyField, TableField
from applications.questions import Column
from core.money import TEN_THOUSAND
from exchange.models import Demand, IpOwnership
from exchange.states import DemandState

LONG = 4000
LARGEST = TEN_THOUSAND * 10_000_000
"""Ten million 万元: what the column holds, with room."""


class DemandFilter(forms.Form):
    """What cannot be read counts as not given."""

    q = forms.CharField(label=_("关键词"), required=False, max_length=60)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部状态")), *DemandState.choices]
    )

    def chosen(self) -> dict:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class UnitForm(forms.Form):
    """For which unit a demand is posted, by its 统一社会信用代码."""

    credit_code = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=40,
        help_text=_("18 位，见营业执照；应是您所在单位的代码。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args, units, **kwargs):
        super().__init__(*args, **kwargs)
        self.units = units

    def clean_credit_code(self) -> Organisation:
        code = clean_credit_code(self.cleaned_data["credit_code"])
        validate_credit_code(code)
        unit = self.units.filter(credit_code=code).first()
        if unit is None:
            # One sentence for both: whether a unit is registered here is nobody else's business.
            raise forms.ValidationError(
                _("代码“%(code)s”的单位尚未注册，或您不是它的成员。") % {"code": code}
            )
        return unit


class IndicatorsField(TableField):
    """Core indicators: name, unit, target; an empty cell is an empty text."""

    def __init__(self, **kwargs):
        columns = [
            Column({"code": "name", "label": _("指标"), "max_length": 120}),
            Column({"code": "target", "label": _("目标值"), "max_length": 120}),
            Column({"code": "unit", "label": _("单位"), "max_length": 30}),
        ]
        super().__init__(columns, max_rows=30, required=False, **kwargs)

    def clean(self, value):
        return [{code: cell or "" for code, cell in row.items()} for row in super().clean(value)]


class DemandForm(forms.Form):
    """Everything a demand says. Nothing is required here: a draft may be incomplete."""

    title = LimitedText(
        label=_("需求名称"), required=False, max_length=120, help_text=_("会公开，不写企业秘密。")
    )
    field = LimitedText(
        label=_("技术领域"), required=False, max_length=60, help_text=_("例如：海洋装备、新材料。")
    )
    problem = LimitedText(
        label=_("要解决的问题（完整表述）"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("只给主管部门和论证专家看，可以写企业秘密。"),
    )
    public_summary = LimitedText(
        label=_("公开表述"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("发榜后向公众展示的内容，不写企业秘密。"),
    )
    indicators = IndicatorsField(label=_("核心指标"))
    amount = MoneyField(label=_("拟投入总额（万元）"), required=False, max_value=LARGEST)
    offered_amount = MoneyField(
        label=_("支付揭榜方（万元）"),
        required=False,
        max_value=LARGEST,
        help_text=_("会作为榜单金额公开，不超过拟投入总额。"),
    )
    deadline_date = DayField(label=_("完成期限"), required=False)
    ip_ownership = forms.ChoiceField(
        label=_("知识产权归属"), required=False, choices=[("", _("请选择")), *IpOwnership.choices]
    )
    bidder_conditions = LimitedText(
        label=_("揭榜方条件"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("会公开。没有特别要求可以不填。"),
    )
    name_is_public = forms.BooleanField(label=_("在榜单上公开本单位名称"), required=False)
    contact_name = LimitedText(label=_("联系人"), required=False, max_length=60)
    contact_phone = LimitedText(
        label=_("联系电话"), required=False, max_length=20, validators=[validate_phone]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        half = "jb-half"
        self.helper.layout = Layout(
            Fieldset(_("公开的内容"), "title", "field", "public_summary", "indicators", "bidder_conditions"),
            Fieldset(_("只给主管部门看的内容"), "problem"),
            Fieldset(
                _("经费与期限"),
                Div("amount", "offered_amount", css_class=half),
                Div("deadline_date", "ip_ownership", css_class=half),
            ),
            Fieldset(_("联系与公开"), Div("contact_name", "contact_phone", css_class=half), "name_is_public"),
        )

    @classmethod
    def of(cls, demand: Demand) -> "DemandForm":
        """The form as the demand stands, with what could not be stored yet and why."""
        data = {name: getattr(demand, name) for name in cls.base_fields}
        return cls(data | demand.typed)

    def split(self) -> tuple[dict, dict]:
        """(values that can be stored, what was typed in the fields that cannot)."""
        self.is_valid()
        typed = {name: self[name].data for name in self.errors if name in self.fields}
        return {name: value for name, value in self.cleaned_data.items() if name not in typed}, typed


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("理由"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ArgumentForm(forms.Form):
    """The argumentation (论证): opinion and conclusion."""

    accept = forms.TypedChoiceField(
        label=_("论证结论"),
        choices=[("yes", _("同意发榜")), ("no", _("不予发榜"))],
        coerce=lambda text: text == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
    )
    opinion = forms.CharField(label=_("论证意见"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))


class ListingForm(forms.Form):
    number = forms.CharField(
        label=_("榜单编号"),
        max_length=40,
        required=False,
        help_text=_("留空时按计划和年度自动编号。"),
    )
