"""What a unit or a recommender gives with what it passes on, as the step of the notice asks."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.fields import DayField
from applications.questions import localised
from grants.models import Stage


class SigningForm(forms.Form):
    """Only the fields that the step asks for; the actions judge what is missing."""

    pledged = forms.BooleanField(required=False)
    shown_from = DayField(label=gettext_lazy("内部公示开始"), required=False)
    shown_to = DayField(label=gettext_lazy("内部公示结束"), required=False)
    file = forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}))

    def __init__(self, *args, stage: Stage, **kwargs):
        super().__init__(*args, **kwargs)
        if stage.pledge:
            self.fields["pledged"].label = localised(stage, "pledge")
        else:
            del self.fields["pledged"]
        if stage.shown_days:
            help_text = _("不少于 %(days)s 个%(kind)s") % {
                "days": stage.shown_days,
                "kind": stage.get_shown_day_kind_display(),
            }
            self.fields["shown_to"].help_text = help_text
        else:
            del self.fields["shown_from"], self.fields["shown_to"]
        if stage.asks_file:
            self.fields["file"].label = localised(stage, "asks_file")
        else:
            del self.fields["file"]


class JointForm(forms.Form):
    """What an office that joins a recommendation may give with its opinion."""

    file = forms.FileField(
        label=gettext_lazy("盖章的意见（可不传）"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
    )
