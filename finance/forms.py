"""What finance officers fill in. Amounts here are 元, as on the voucher."""

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.fields import DayField, LimitedText, PlainNumberField
from finance.models import Refund


class PaymentForm(forms.Form):
    amount = PlainNumberField(
        label=_("付款金额（元）"),
        max_digits=14,
        decimal_places=2,
        help_text=_("不填为全部未付金额。"),
        required=False,
    )
    paid_date = DayField(label=_("拨付日期"))
    voucher = forms.CharField(label=_("凭证号"), max_length=60)
    note = forms.CharField(label=_("说明"), max_length=300, required=False)


class AccountReturnForm(forms.Form):
    reason = LimitedText(
        label=_("退回理由"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("单位会看到，例如：户名与单位名称不一致。"),
    )


class DemandForm(forms.Form):
    cause = forms.ChoiceField(label=_("退回原因"), choices=Refund.Cause.choices, widget=forms.RadioSelect)
    amount = PlainNumberField(label=_("应退金额（元）"), max_digits=14, decimal_places=2)
    due_date = DayField(label=_("退回期限"))
    reason = LimitedText(label=_("退回理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))
    clause = forms.CharField(
        label=_("依据条款"), max_length=120, help_text=_("例如：任务书第十条、验收结论书编号；通知中会写明。")
    )


class SettlementForm(forms.Form):
    recognised = PlainNumberField(
        label=_("核定支出（元）"),
        max_digits=14,
        decimal_places=2,
        min_value=0,
        help_text=_("按任务书合理支出的财政资金；已付减去核定支出即应退回。"),
    )
    due_date = DayField(label=_("退回期限"), required=False, help_text=_("有应退回的金额时必填。"))
    note = LimitedText(
        label=_("核定说明"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("项目单位会看到；要求退回时作为理由。"),
    )


class ReceiptForm(forms.Form):
    amount = PlainNumberField(
        label=_("到账金额（元）"),
        max_digits=14,
        decimal_places=2,
        help_text=_("不填为全部未退金额。"),
        required=False,
    )
    received_date = DayField(label=_("到账日期"))
    voucher = forms.CharField(label=_("凭证号"), max_length=60)
    note = forms.CharField(label=_("说明"), max_length=300, required=False)


class WriteOffForm(forms.Form):
    reason = LimitedText(label=_("核销理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class ReversalForm(forms.Form):
    reason = LimitedText(label=_("冲销理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))
