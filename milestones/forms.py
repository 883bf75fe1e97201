"""Handing evidence in, the demand side's opinion, the officer's conclusion."""

from django import forms
from django.utils.translation import gettext_lazy as _

from applications.fields import LimitedText, MoneyField
from core.money import ZERO
from milestones.models import Acceptance, DemanderOpinion
from milestones.rules import LONGEST_VALUE, MAX_SPENT

LONG = 4000
MANY_FILES = 20


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, as a list. What they hold is checked when they are stored."""

    widget = FilesInput(attrs={"accept": ".pdf,.docx,.xlsx,.png,.jpg,.jpeg"})

    def clean(self, data, initial=None):
        files = data if isinstance(data, (list, tuple)) else [data]
        files = [super(FilesField, self).clean(file, initial) for file in files]
        if len(files) > MANY_FILES:
            raise forms.ValidationError(_("一次最多上传 %(limit)s 个文件。"), params={"limit": MANY_FILES})
        return files


class HandInForm(forms.Form):
    text = LimitedText(
        label=_("完成情况"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("对照计划交付物逐项说明，不超过 4000 字。"),
    )
    spent_amount = MoneyField(
        label=_("已支出（万元）"),
        min_value=ZERO,
        max_value=MAX_SPENT - 1,
        help_text=_("自项目开始累计支出，含自筹，最多六位小数。"),
    )
    files = FilesField(
        label=_("证明材料"),
        help_text=_("PDF、Word、Excel、PNG 或 JPEG，可多选；检测报告、用户证明、照片等。"),
        error_messages={"required": _("请至少上传一份证明材料。")},
    )

    def __init__(self, *args, indicators, **kwargs):
        super().__init__(*args, **kwargs)
        self.indicators = indicators
        tail = {name: self.fields.pop(name) for name in ("spent_amount", "files")}
        for indicator in indicators:
            self.fields[f"value_{indicator.pk}"] = LimitedText(
                label=indicator.name, max_length=LONGEST_VALUE, help_text=self.target_of(indicator)
            )
        self.fields.update(tail)

    @staticmethod
    def target_of(indicator) -> str:
        return _("目标：%(target)s %(unit)s") % {"target": indicator.target, "unit": indicator.unit}

    def handed_in(self) -> dict:
        """What `actions.hand_in` takes."""
        data = self.cleaned_data
        return {
            "text": data["text"],
            "values": {str(i.pk): data[f"value_{i.pk}"] for i in self.indicators},
            "spent_amount": data["spent_amount"],
            "files": data["files"],
        }


class OpinionForm(forms.Form):
    opinion = forms.ChoiceField(
        label=_("意见"), choices=DemanderOpinion.Choice.choices, widget=forms.RadioSelect
    )
    text = LimitedText(
        label=_("说明"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("有条件同意或不同意时必须写明条件或理由。意见提交后不能修改。"),
    )


class ConclusionForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结论"), choices=Acceptance.Outcome.choices, widget=forms.RadioSelect)
    note = LimitedText(
        label=_("意见"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("退回或不通过时必须写明理由；项目单位会看到。"),
    )


class ReasonForm(forms.Form):
    note = LimitedText(label=_("理由"), max_length=LONG, widget=forms.Textarea(attrs={"rows": 5}))
