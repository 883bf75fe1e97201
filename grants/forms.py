"""Forms of the call desk."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from grants import codelists


class RelistForm(forms.Form):
    """The last day on which bids are taken, and why the topic is tried again."""

    bids_close_at = forms.DateField(
        label=_("揭榜截止日期"), widget=forms.DateInput, help_text=_("到这一天结束时截止。")
    )
    note = forms.CharField(
        label=_("说明"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class NoteForm(forms.Form):
    note = forms.CharField(label=_("说明"), max_length=1000, required=False, widget=forms.Textarea)


class DictionaryForm(forms.ModelForm):
    def clean_valid_to(self):
        day = self.cleaned_data["valid_to"]
        if day and day < self.instance.valid_from:
            raise ValidationError(_("停用日期不能早于启用日期。"))
        return day


class DictionaryUploadForm(forms.Form):
    """A code list as a CSV file; every mistake is shown with its line."""

    code = forms.SlugField(
        label=_("代码"), max_length=50, help_text=_("题目用它来指明字典，例如 industries。")
    )
    name = forms.CharField(label=_("名称"), max_length=120)
    source = forms.CharField(label=_("来源"), max_length=200, required=False, help_text=_("标准号或文件名。"))
    valid_from = forms.DateField(
        label=_("启用日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("通知开始申报之日在启用日期之后的，使用这一版本；同一天再次上传则更正这一版本。"),
    )
    file = forms.FileField(
        label=_("条目"),
        help_text=_("CSV 文件（UTF-8），列为：code、name、name_en、parent，后两列可以没有。"),
    )

    def clean(self):
        file = self.cleaned_data.get("file")
        if file:
            try:
                self.cleaned_data["codes"] = codelists.parse(file.read(codelists.MAX_BYTES + 1))
            except ValidationError as fault:
                self.add_error("file", fault)
        return self.cleaned_data
