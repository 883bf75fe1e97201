"""What the firm, its trustee and the office fill in. Amounts are typed in 万元, prices in 元."""

from decimal import Decimal, InvalidOperation

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from applications.fields import DayField, LimitedText, MoneyField, PlainNumberField
from core.filtering import Filter
from core.money import CENT
from core.workflow import Refused
from equity import queries
from equity.actions.reporting import FILE_ENDINGS
from equity.models import Exit, Valuation
from equity.states import DealState

LONG = 2000


class DealFilter(Filter):
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部状态")), *DealState.choices]
    )


def file_field(label, *, required=True, help_text="") -> forms.FileField:
    accept = ",".join(f".{ending}" for ending in FILE_ENDINGS)
    return forms.FileField(
        label=label,
        required=required,
        widget=forms.ClearableFileInput(attrs={"accept": accept}),
        help_text=help_text or _("PDF、Word、Excel、PNG 或 JPEG"),
    )


def long_text(label, *, required=True, help_text="", rows=4) -> LimitedText:
    widget = forms.Textarea(attrs={"rows": rows})
    return LimitedText(label=label, max_length=LONG, required=required, widget=widget, help_text=help_text)


class TriggerForm(forms.Form):
    met_date = DayField(label=_("达成日期"))
    evidence = long_text(
        _("证据说明"), help_text=_("投资方与金额、审计报告、验收结论等，写明文件名称和日期。")
    )
    file = file_field(_("证明文件"))


class ReportForm(forms.Form):
    revenue = MoneyField(label=_("营业收入（万元）"), help_text=_("报告期内。"))
    profit = PlainNumberField(
        label=_("净利润（万元）"),
        max_digits=14,
        decimal_places=6,
        help_text=_("亏损填负数。"),
        max_value=99_999_999,
        min_value=-99_999_999,
    )
    staff = forms.IntegerField(label=_("职工人数"), min_value=0, max_value=1_000_000)
    text = long_text(
        _("经营情况"),
        rows=8,
        help_text=_("产品与客户、融资与股权变动、重大事项、下一期计划，不超过 2000 字。"),
    )
    file = file_field(_("财务报表"))

    def clean_profit(self):
        """万元 → 元."""
        return (self.cleaned_data["profit"] * 10_000).quantize(CENT)


class BuyBackForm(forms.Form):
    offer = MoneyField(label=_("拟回购价（万元）"))
    note = long_text(_("说明"), required=False, help_text=_("谁来回购、资金来源、付款安排。"))


class ValuationForm(forms.Form):
    as_of_date = DayField(label=_("估值基准日"))
    post_money = MoneyField(label=_("投后估值（万元）"))
    basis = forms.ChoiceField(label=_("估值依据"), choices=Valuation.Basis.choices)
    filing_number = forms.CharField(
        label=_("评估备案号"),
        max_length=60,
        required=False,
        help_text=_("按国有资产规定评估备案的填写。"),
    )
    note = forms.CharField(label=_("说明"), max_length=300, required=False)
    file = file_field(_("估值报告"))


class ReasonForm(forms.Form):
    reason = long_text(_("理由"))


class NoteForm(forms.Form):
    note = long_text(_("意见"), required=False)


class SettleForm(forms.Form):
    trustee = forms.CharField(
        label=_("受托管理机构"),
        max_length=18,
        help_text=_("统一社会信用代码；这个单位的成员可以在门户里看到这个项目并登记估值。"),
    )

    def clean_trustee(self):
        code = self.cleaned_data["trustee"].strip().upper()
        unit = Organisation.objects.filter(credit_code=code).first()
        if unit is None:
            raise ValidationError(_("系统里没有这个信用代码的单位，请先让它登记。"))
        return unit


class ApproveForm(forms.Form):
    percent = PlainNumberField(label=_("批准的持股比例（%）"), max_digits=7, decimal_places=4)
    note = long_text(_("意见"), required=False)


class CapTableForm(forms.Form):
    """Everybody who holds a part: the public share in its own field, the others one a line."""

    shares = PlainNumberField(label=_("持有股数"), max_digits=16, decimal_places=2)
    others = forms.CharField(
        label=_("其他股东"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=8000,
        help_text=_("每行一名：名称，逗号，股数。例如：张三，6000000"),
    )
    file = file_field(_("变更登记通知书"))

    def clean_others(self):
        """Lines of a name and a number; raises ValidationError naming the line."""
        rows = []
        for number, line in enumerate(self.cleaned_data["others"].splitlines(), start=1):
            if not line.strip():
                continue
            name, _comma, shares = line.replace("，", ",").replace("\t", ",").partition(",")
            try:
                amount = Decimal(shares.replace(",", "").strip())
                sound = amount.is_finite() and amount == amount.quantize(CENT) and name.strip()
            except InvalidOperation:
                sound = False
            if not sound or len(name.strip()) > 120:
                raise ValidationError(
                    _("第 %(number)s 行读不懂：请写名称，逗号，股数。"), params={"number": number}
                )
            rows.append((name.strip(), amount))
        return rows


class RegisterForm(CapTableForm):
    registered_date = DayField(label=_("变更登记日期"))
    field_order = ("shares", "others", "registered_date", "file")


class RestructureForm(CapTableForm):
    as_of_date = DayField(label=_("变更登记日期"))
    occasion = LimitedText(
        label=_("变动原因"), max_length=200, help_text=_("例如：A 轮增资、创始人转让，写明投资方或受让方。")
    )
    field_order = ("as_of_date", "occasion", "shares", "others", "file")

    def about(self, deal) -> None:
        """The table that counts now stands there: what changed is changed in it."""
        table = queries.holding_of(deal).table
        rows = [f"{row.name}，{row.shares.normalize():f}" for row in table.rows.all() if not row.is_public]
        self.initial |= {"shares": f"{table.shares.normalize():f}", "others": "\n".join(rows)}


class RenegotiateForm(forms.Form):
    by_date = DayField(label=_("新的触发期限"))
    reason = long_text(_("理由"))


class GiveUpForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("处理"),
        choices=[(s.value, s.label) for s in (DealState.EXEMPTED, DealState.WRITTEN_OFF)],
        widget=forms.RadioSelect,
        help_text=_("容亏免责：按规定程序投资、勤勉尽责的，不追究投资失败责任。"),
    )
    reason = long_text(_("理由"))


class ExitForm(forms.Form):
    kind = forms.ChoiceField(label=_("退出方式"), choices=Exit.Kind.choices)
    price = MoneyField(label=_("价格（万元）"))
    counterparty = forms.CharField(label=_("受让方"), max_length=120)
    reason = long_text(_("理由"))
    file = file_field(_("依据文件"), required=False)


class BookForm(forms.Form):
    received = MoneyField(label=_("到账金额（万元）"))
    received_date = DayField(label=_("到账日期"))
    voucher = forms.CharField(label=_("凭证号"), max_length=60)


def refuse(form: forms.Form, refused: Refused) -> None:
    """Put a Refused where it belongs, with its clause."""
    sentence = f"{refused.message}（{refused.clause}）" if refused.clause else refused.message
    form.add_error(refused.field if refused.field in form.fields else None, sentence)
