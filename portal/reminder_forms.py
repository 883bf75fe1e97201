"""How a person wants to be reminded."""

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications import channels
from notifications.models import DeadlineKind
from notifications.preferring import CHOOSABLE

PREFIX = "kind_"


class RemindersForm(forms.Form):
    wants_digest = forms.BooleanField(label=_("每天只发一封汇总邮件"), required=False)
    quiet_from = forms.TimeField(
        label=_("免打扰开始"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        label=_("免打扰结束"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def __init__(self, *args, preference, chosen, usual, concerning, **kwargs):
        names = ("wants_digest", "quiet_from", "quiet_to")
        super().__init__(*args, initial={name: getattr(preference, name) for name in names}, **kwargs)
        for name in names[1:]:
            self.fields[name].widget.attrs["class"] = "form-control"
        for kind, told_by in usual.items():
            if kind not in concerning:
                continue
            self.fields[PREFIX + kind] = forms.MultipleChoiceField(
                label=DeadlineKind(kind).label,
                required=False,
                choices=[(name, channels.label(name)) for name in CHOOSABLE],
                initial=chosen.get(kind, told_by),
                widget=forms.CheckboxSelectMultiple,
            )

    def kinds(self):
        return [self[name] for name in self.fields if name.startswith(PREFIX)]

    def clean(self):
        data = super().clean()
        ends = [data.get("quiet_from"), data.get("quiet_to")]
        if not self.errors and any(ends) and not all(ends):
            missing = "quiet_to" if ends[0] else "quiet_from"
            self.add_error(missing, _("免打扰的开始和结束要一起填写。"))
        return data

    def wanted(self) -> dict:
        """Arguments of `preferring.prefer`."""
        data = self.cleaned_data
        return {
            "wants_digest": data["wants_digest"],
            "quiet_from": data["quiet_from"],
            "quiet_to": data["quiet_to"],
            "channels": {
                name.removeprefix(PREFIX): value for name, value in data.items() if name.startswith(PREFIX)
            },
        }
