"""Filters, reasons, the choice of a unit."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.fields import DayField
from applications.models import StepOutcome
from applications.queries import ALL, local_moment
from applications.questions import localised
from applications.states import public_choices
from core import money
from core.filtering import Filter


class ListFilter(Filter):
    """Key words and a state."""

    state = forms.ChoiceField(
        label=gettext_lazy("状态"),
        required=False,
        choices=lambda: [("", gettext_lazy("全部状态")), *public_choices()],
    )


class DeskFilter(ListFilter):
    """The same for a desk: what waits unless a state is asked for, one call, an order."""

    call = forms.ModelChoiceField(
        label=gettext_lazy("通知"), required=False, queryset=None, empty_label=gettext_lazy("全部通知")
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("顺序"),
        required=False,
        choices=[
            ("", gettext_lazy("最新的在前")),
            ("oldest", gettext_lazy("提交早的在前")),
            ("amount", gettext_lazy("申请资金多的在前")),
            ("unit", gettext_lazy("按单位")),
        ],
    )
    field_order = ("q", "call", "state", "sort")

    def __init__(self, *args, calls, waiting, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["call"].queryset = calls
        self.fields["call"].label_from_instance = lambda call: localised(call, "title")
        self.fields["state"].choices = [
            ("", gettext_lazy("等待处理")),
            (ALL, gettext_lazy("全部状态")),
            *((state, label) for state, label in public_choices() if state not in ("draft", waiting)),
        ]


class LetterForm(forms.Form):
    """What stands at the head of a recommendation letter."""

    own_number = forms.CharField(label=gettext_lazy("发文字号（可不填）"), max_length=60, required=False)
    dated = DayField(label=gettext_lazy("日期"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class StartForm(forms.Form):
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("以哪个单位的名义申报"), queryset=None, empty_label=None
    )

    project_type = forms.ModelChoiceField(
        label=gettext_lazy("项目类别"), queryset=None, empty_label=None, widget=forms.RadioSelect
    )

    outline = forms.TypedChoiceField(
        label=gettext_lazy("凭哪个入选项目申报"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("名称、简介、起止日期和代码相同的题目会带入草稿，可以再改。"),
    )

    def __init__(self, *args, units, types, closings=None, rights=(), is_bound_to_entry=False, **kwargs):
        """`closings`: type → the closing of the batch that is open to it or comes next, with batches.

        `rights`: by which chosen projects one may come in; `is_bound_to_entry`: only by one of them.
        """
        super().__init__(*args, **kwargs)
        self.rights = {right.outline.pk: right for right in rights}
        if self.rights:
            choices = [(pk, _right(right)) for pk, right in self.rights.items()]
            free = [] if is_bound_to_entry else [("", _("不凭入选项目，另行申报"))]
            self.fields["outline"].choices = [*choices, *free]
            self.fields["outline"].required = is_bound_to_entry
            self.initial.setdefault("outline", choices[0][0])
        else:
            del self.fields["outline"]
        self.closings = closings or {}
        self.fields["organisation"].queryset = units
        if types:
            self.fields["project_type"].queryset = types
            self.fields["project_type"].label_from_instance = self.label_of
        else:
            del self.fields["project_type"]

    def label_of(self, project_type) -> str:
        """Name, cap and what the notice says of a type; until when, where that differs among them."""
        cap = _("（最高 %(cap)s）") % {"cap": money.wan(project_type.cap)} if project_type.cap else ""
        summary = localised(project_type, "summary")
        summary = f"：{summary}" if summary else ""
        closes = self.closings.get(project_type.pk)
        until = _("（%(time)s 截止）") % {"time": local_moment(closes)[:16]} if closes else ""
        return f"{localised(project_type, 'name')}{cap}{until}{summary}"

    def chosen_outline(self):
        right = self.rights.get(self.cleaned_data.get("outline"))
        return right.outline if right else None

    def clean(self):
        data = super().clean()
        right = self.rights.get(data.get("outline"))
        if right and data.get("organisation") and right.outline.organisation_id != data["organisation"].pk:
            self.add_error(
                "organisation",
                _("这个入选项目是“%(unit)s”的，请以它的名义申报。") % {"unit": right.outline.organisation},
            )
        return data


def _right(right) -> str:
    """The chosen project, by which line of the notice, and until when."""
    until = _("（%(time)s 前）") % {"time": local_moment(right.until)[:16]} if right.until else ""
    outline = right.outline
    return f"{outline.number} {outline}：{right.entry}{until}".strip()


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class RejectForm(ReasonForm):
    clause = forms.CharField(
        label=gettext_lazy("依据的条款"),
        max_length=60,
        help_text=gettext_lazy("例如：申报通知第三条第（二）项"),
    )


class ReturnForm(ReasonForm):
    items = forms.CharField(
        label=gettext_lazy("需要补正的事项（每行一项）"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    due_date = DayField(label=gettext_lazy("补正截止日期"), required=False)


class ConclusionForm(forms.Form):
    """What one step of the bureau concluded."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("结论"), choices=StepOutcome.choices, widget=forms.RadioSelect
    )
    held_date = DayField(label=gettext_lazy("办理日期"))
    opinion = forms.CharField(
        label=gettext_lazy("意见"), max_length=5000, widget=forms.Textarea(attrs={"rows": 6})
    )


class AskNominatorForm(forms.Form):
    """A person, by the name and e-mail address of their account."""

    name = forms.CharField(label=gettext_lazy("提名人姓名"), max_length=60)
    email = forms.EmailField(label=gettext_lazy("提名人注册的邮箱"))
    leads = forms.BooleanField(label=gettext_lazy("由其牵头"), required=False)
