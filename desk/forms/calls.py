"""Forms about a whole call: copy it, bring one in, publish it."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation
from accounts.roles import Role
from desk.packs.source import LARGEST


class CopyForm(forms.Form):
    year = forms.IntegerField(label=gettext_lazy("新年度"), min_value=2000, max_value=2100)
    title = forms.CharField(label=gettext_lazy("新通知的标题"), max_length=200)


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("数据包（YAML 文件）"),
        help_text=gettext_lazy("从别的通知“导出数据包”得到，或由上级下发"),
    )
    department = forms.ModelChoiceField(
        label=gettext_lazy("主管处室"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("计划已存在，不用选"),
        help_text=gettext_lazy("只在数据包里的科技计划还不存在时选择"),
    )
    replaces = forms.BooleanField(label=gettext_lazy("替换系统里同名的草稿"), required=False, initial=False)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        units = Organisation.objects.filter(pk__in=user.scope.departments)
        if user.has_role(Role.SYSADMIN):
            units = Organisation.objects.filter(kind="government")
        self.fields["department"].queryset = units.order_by("name")

    def clean_file(self):
        """The text of the file. Raises ValidationError when it is too large or no UTF-8 text."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("文件超过 2 MB，不是申报通知的数据包。"))
        try:
            self.cleaned_data["text"] = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise forms.ValidationError(_("文件不是 UTF-8 编码。")) from None
        return file


class PublishForm(forms.Form):
    accepts_warnings = forms.BooleanField(
        label=gettext_lazy("我已逐条看过这些提醒，仍然发布"), required=False
    )
