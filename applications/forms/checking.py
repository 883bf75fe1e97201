"""What an officer says of the lines of the formal check, of batches and of appeals."""

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.fields import DayField
from applications.models import (
    CheckOutcome,
    RuleResult,
    RuleStatus,
    SimilarityConclusion,
    SimilarityReport,
)
from grants.models import Severity

MARKS = (RuleStatus.PASSED, RuleStatus.FAILED, RuleStatus.NOT_APPLICABLE)


class MarkForm(forms.Form):
    """The officer's result of one line; nothing chosen leaves the machine's as it is."""

    status = forms.ChoiceField(
        label=gettext_lazy("审查结论"),
        choices=[(mark.value, mark.label) for mark in MARKS],
        required=False,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("审查说明"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 1}),
    )

    def __init__(self, *args, line: RuleResult, **kwargs):
        self.line = line
        initial = {"status": line.officer_status, "note": line.officer_note}
        super().__init__(*args, prefix=f"line-{line.pk}", initial=initial, **kwargs)
        if line.rule.severity == Severity.PREFERENCE:
            # Not to have it is no fault.
            choices = self.fields["status"].choices
            self.fields["status"].choices = [row for row in choices if row[0] != RuleStatus.FAILED]

    def clean(self):
        data = self.cleaned_data
        if data.get("note", "").strip() and not data.get("status"):
            self.add_error("status", _("写了说明的，请同时选择审查结论。"))
        return data

    @property
    def is_changed(self) -> bool:
        """Whether there is something to record: radios that were never chosen are not."""
        data = self.cleaned_data
        said = (data["status"], data["note"])
        return bool(data["status"]) and said != (self.line.officer_status, self.line.officer_note)


class AppealDecisionForm(forms.Form):
    """What another officer makes of an appeal."""

    upheld = forms.TypedChoiceField(
        label=gettext_lazy("复审结论"),
        choices=[("no", gettext_lazy("维持不予受理")), ("yes", gettext_lazy("复审成立，撤销不予受理"))],
        coerce=lambda text: text == "yes",
        widget=forms.RadioSelect,
    )
    settles = forms.BooleanField(
        label=gettext_lazy("成立时，把现在不符合或未结论的各条记为符合"),
        required=False,
        help_text=gettext_lazy("不勾选的，回到形式审查后逐条再审。"),
    )
    onward = forms.BooleanField(label=gettext_lazy("成立且各条都有结论时，直接进入下一环节"), required=False)
    reason = forms.CharField(
        label=gettext_lazy("复审意见"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("写明事实、依据和结论，申请人会看到。"),
    )


class AppealForm(forms.Form):
    """The applicant's grounds; files are checked when they are stored."""

    grounds = forms.CharField(
        label=gettext_lazy("事实与理由"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8, "class": "form-control"}),
        help_text=gettext_lazy("写明不服的理由和依据的条款，不少于 10 个字。"),
    )


class SimilarityForm(forms.Form):
    """The opinion on a report (查重意见) as it was `seen`: version and the opinion before."""

    seen = forms.CharField(widget=forms.HiddenInput)
    conclusion = forms.ChoiceField(
        label=gettext_lazy("查重意见"), choices=SimilarityConclusion.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("依据"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("看过哪些来源、为什么这样认定；只有主管处室能看到。"),
    )

    def __init__(self, *args, report: SimilarityReport | None, **kwargs):
        initial = {}
        if report is not None:
            initial = {"seen": report.mark, "conclusion": report.conclusion, "note": report.note}
        super().__init__(*args, initial=initial, **kwargs)


class BatchForm(forms.Form):
    """One decision for many applications; what a decision needs stands in `clean`."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("决定"), choices=CheckOutcome.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("退回补正、不予受理时必填，申请人会看到。"),
    )
    items = forms.CharField(
        label=gettext_lazy("需要补正的事项（每行一项）"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("退回补正时，每份申报书都写上这些事项。"),
    )
    due_date = DayField(
        label=gettext_lazy("补正截止日期"),
        required=False,
        help_text=gettext_lazy("不填时为 5 个工作日。"),
    )
    clause = forms.CharField(
        label=gettext_lazy("依据的条款"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("不予受理时必填，例如：申报通知第三条第（二）项"),
    )

    def clean(self):
        data = self.cleaned_data
        outcome = data.get("outcome")
        if outcome in (CheckOutcome.RETURNED, CheckOutcome.REJECTED) and not data.get("reason", "").strip():
            self.add_error("reason", _("请写明理由，申请人会看到。"))
        if outcome == CheckOutcome.REJECTED and not data.get("clause", "").strip():
            self.add_error("clause", _("请写明依据的条款。"))
        due = data.get("due_date")
        if outcome == CheckOutcome.RETURNED and due and due <= timezone.localdate():
            self.add_error("due_date", _("修改期限应在今天之后。"))
        return data
