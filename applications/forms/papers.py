"""Copies on paper that came, for one application or for several of one day."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.fields import DayField, LimitedText
from applications.questions import localised
from grants.models import PaperKind

MOST = 999


class DayForm(forms.Form):
    """When they came; when they were posted, where the postmark counts."""

    received_date = DayField(label=gettext_lazy("收到日期"))
    posted_date = DayField(
        label=gettext_lazy("寄出日期（邮戳）"),
        required=False,
        help_text=gettext_lazy("通知以寄出邮戳为准的必填；当面送达的填写收到日期"),
    )
    note = forms.CharField(
        label=gettext_lazy("备注"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("申报人也能看到。"),
    )


class ExcuseForm(forms.Form):
    reason = LimitedText(
        label=gettext_lazy("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class PaperForm(DayForm):
    kind = forms.ModelChoiceField(
        label=gettext_lazy("材料"), queryset=PaperKind.objects.none(), empty_label=gettext_lazy("请选择")
    )
    copies = forms.IntegerField(label=gettext_lazy("收到（份）"), min_value=1, max_value=MOST)
    field_order = ("kind", "copies", "received_date", "posted_date", "note")

    def about(self, application) -> None:
        """Whose notice says which kinds are counted apart; without kinds nothing is chosen."""
        kinds = application.call.paper_kinds.all()
        if kinds:
            self.fields["kind"].queryset = kinds
            self.fields["kind"].label_from_instance = lambda kind: localised(kind, "name")
        else:
            del self.fields["kind"]


class PapersForm(DayForm):
    """One number for each application and kind of paper; an empty one leaves it alone."""

    def __init__(self, *args, rows, **kwargs):
        """`rows`: (application, kind or None, how many came, how many are missing)."""
        super().__init__(*args, **kwargs)
        self.rows, self.came = [], []
        for application, kind, came, missing in rows:
            name = f"copies_{application.pk}_{kind.pk}" if kind else f"copies_{application.pk}"
            label = _("收到（份）：%(number)s") % {"number": application.number}
            self.fields[name] = forms.IntegerField(
                label=f"{label} {localised(kind, 'name')}" if kind else label,
                min_value=1,
                max_value=MOST,
                required=False,
                initial=missing or None,
            )
            self.rows.append((application, kind, name))
            self.came.append(came)

    @property
    def days(self):
        return [self[name] for name in ("received_date", "posted_date", "note")]

    @property
    def lines(self):
        """(application, kind, how many came, the field of its copies)."""
        rows = zip(self.rows, self.came, strict=True)
        return [(application, kind, came, self[name]) for (application, kind, name), came in rows]

    @property
    def chosen(self) -> set[int]:
        return {application.pk for application, _kind, _name in self.rows}

    def clean(self):
        data = super().clean()
        if not self.errors and not self.copies():
            raise forms.ValidationError(_("请至少填写一份申报书收到的份数。"))
        return data

    def copies(self) -> list[tuple]:
        """(application, kind, copies) of what was filled in."""
        data = self.cleaned_data
        return [(application, kind, data[name]) for application, kind, name in self.rows if data.get(name)]
