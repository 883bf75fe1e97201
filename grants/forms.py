"""Forms of the call desk."""

from django import forms
from django.utils.translation import gettext_lazy as _


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
