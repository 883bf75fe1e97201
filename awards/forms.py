"""The decision, the notice, objections, agreements."""

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.fields import DayField, LimitedText, MoneyField
from applications.forms.checking import MARKS
from applications.questions import localised
from awards import grading
from awards.models import Agreement, Objection, Outcome, PublicityItem
from core.money import wan
from grants.models import AwardGrade

LONG = 4000


class DecisionForm(forms.Form):
    """Outcome, amount in 万元, reason, meeting; how much is allowed stands in `limits.check_amount`."""

    outcome = forms.ChoiceField(label=_("决定"), choices=Outcome.choices, widget=forms.RadioSelect)
    amount = MoneyField(
        label=_("拟资助额（万元）"),
        required=False,
        help_text=_("拟立项的必填；通知不安排财政资金的留空。"),
    )
    grade = forms.ModelChoiceField(
        label=_("等次"), queryset=AwardGrade.objects.none(), required=False, help_text=_("拟立项的必选。")
    )
    deviation = forms.CharField(
        label=_("另定等次的理由"),
        max_length=LONG,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("等次与通知的规则不同的，必须写明。"),
    )
    reason = forms.CharField(label=_("理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 4}))
    meeting = forms.CharField(
        label=_("会议"), max_length=120, required=False, help_text=_("例如：局长办公会第 5 次")
    )

    def about(self, application) -> None:
        """The grades of the notice, that of its rule chosen; where each has its amount, nobody types one."""
        grades = list(application.call.grades.all())
        found = grading.proposed_for(application)
        if found is None:
            del self.fields["deviation"]
        if not grades:
            del self.fields["grade"]
            return
        if found is not None:
            self.fields["grade"].help_text = found.sentence
            self.initial |= {"grade": found.grade}
        self.fields["grade"].queryset = application.call.grades.all()
        self.fields["grade"].label_from_instance = _shown_grade
        if all(grade.amount is not None for grade in grades):
            self.fields["amount"].help_text = _("按等次确定，可以留空。")


def _shown_grade(grade: AwardGrade) -> str:
    name = localised(grade, "name")
    return f"{name} {wan(grade.amount)}" if grade.amount else name


class PublicityForm(forms.Form):
    """The notice around the lines chosen on the desk."""

    title = forms.CharField(
        label=_("标题"), max_length=200, required=False, help_text=_("留空时按计划名称拟定。")
    )
    body = forms.CharField(
        label=_("正文"), max_length=LONG, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    contact = forms.CharField(
        label=_("异议受理"),
        max_length=200,
        required=False,
        help_text=_("电话与地址；留空时用通知的咨询电话。"),
    )
    starts_date = DayField(label=_("开始日期"), required=False, help_text=_("留空为今天；首日计入公示期。"))
    objection_days = forms.IntegerField(
        label=_("异议处理期限（工作日）"), min_value=1, max_value=90, initial=10
    )


class ObjectionForm(forms.Form):
    """Anybody's, under a real name; the rule itself stands in `rules.check_objector`."""

    item = forms.ModelChoiceField(
        label=_("针对的项目"),
        queryset=PublicityItem.objects.none(),
        required=False,
        empty_label=_("整份公示"),
    )
    name = LimitedText(label=_("真实姓名或单位名称"), max_length=120)
    phone = LimitedText(label=_("联系电话"), max_length=20, help_text=_("用于核实，不公开。"))
    text = LimitedText(label=_("事实与理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 8}))

    def __init__(self, *args, publicity, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["item"].queryset = publicity.items.order_by("id")


class ResolveForm(forms.Form):
    """The finding on an objection, and the lines that fall away when it is upheld."""

    upheld = forms.TypedChoiceField(
        label=_("结论"),
        choices=[("no", _("不成立")), ("yes", _("成立"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    items = forms.ModelMultipleChoiceField(
        label=_("撤下的项目"),
        queryset=PublicityItem.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("成立时选择；不选时为异议所针对的项目。"),
    )
    finding = forms.CharField(label=_("处理意见"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 5}))

    def about(self, objection: Objection) -> None:
        self.fields["items"].queryset = objection.publicity.items.order_by("id")


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class TermsForm(forms.Form):
    starts_date = DayField(label=_("开始日期"))
    ends_date = DayField(label=_("结束日期"))
    own_amount = MoneyField(label=_("自筹（万元）"), min_value=0)

    def about(self, agreement: Agreement) -> None:
        self.initial = {name: getattr(agreement, name) for name in self.fields}


class CertifyForm(forms.Form):
    """The unit's word that a later clause holds; the file where the notice names one."""

    agree = forms.BooleanField(
        label=_("本单位确认现在仍然符合这一条，所填内容真实。"),
        error_messages={"required": _("请先勾选确认。")},
    )
    file = forms.FileField(
        required=False, widget=forms.FileInput(attrs={"accept": ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"})
    )

    def __init__(self, *args, found, **kwargs):
        super().__init__(*args, prefix=f"c{found.place.number}-{found.rule.pk}", **kwargs)
        if not found.rule.asks_file:
            del self.fields["file"]
            return
        self.fields["file"].label = localised(found.rule, "asks_file")
        # Once there is a file, the word may be given anew without another.
        self.fields["file"].required = found.file is None


class ConditionMarkForm(forms.Form):
    """What an officer makes of a later clause."""

    status = forms.ChoiceField(
        label=_("审查结论"), choices=[(mark.value, mark.label) for mark in MARKS], widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("审查说明"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("不符合的，或与系统判断不同的，必须写明理由，项目单位会看到。"),
    )

    def __init__(self, *args, found, **kwargs):
        said = found.check
        initial = {"status": said.officer_status, "note": said.officer_note} if said else {}
        prefix = f"m{found.place.number}-{found.rule.pk}"
        super().__init__(*args, prefix=prefix, initial=initial, **kwargs)


class SignForm(forms.Form):
    agree = forms.BooleanField(
        label=_("本单位确认任务书条款，承诺按期完成里程碑与考核指标。"),
        error_messages={"required": _("请先勾选确认。")},
    )
