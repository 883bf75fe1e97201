"""Forms about what a notice becomes: an amendment explained, a rehearsal started."""

from django import forms
from django.utils.translation import gettext_lazy

from grants.models import Call


class AmendForm(forms.Form):
    """Nothing to fill in: beginning an amendment asks for one deliberate click."""


class SummaryForm(forms.Form):
    summary = forms.CharField(
        label=gettext_lazy("修订说明"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("公众在通知页看到；正在填写的申报团队会收到"),
    )


class RehearsalForm(forms.Form):
    source = forms.ModelChoiceField(
        label=gettext_lazy("样本来自"),
        queryset=Call.objects.none(),
        required=False,
        empty_label=gettext_lazy("本计划历次通知的全部申报"),
    )

    def __init__(self, *args, user, call, **kwargs):
        super().__init__(*args, **kwargs)
        known = Call.objects.visible_to(user).filter(programme__department_id=call.programme.department_id)
        self.fields["source"].queryset = known.published().order_by("-year", "-id")
