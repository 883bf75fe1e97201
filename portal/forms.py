"""Filters of the public lists. A filter never refuses a page: what it cannot read it leaves out."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.kinds import LADDER
from accounts.models import Organisation
from applications.questions import localised
from core.filtering import Filter
from grants.models import DemandKind, Instrument, Programme, ProjectType, Sourcing
from grants.states import TopicState
from notifications.models import DeadlineKind


class CallFilter(Filter):
    field = forms.ChoiceField(label=_("领域"), required=False)
    region = forms.ChoiceField(label=_("单位所在地"), required=False)
    rung = forms.ChoiceField(
        label=_("企业梯队"),
        choices=[("", _("不限")), *((kind.value, kind.label) for kind in LADDER)],
        required=False,
    )
    programme = forms.ModelChoiceField(
        label=_("科技计划"), queryset=Programme.objects.all(), required=False, empty_label=_("全部计划")
    )
    sourcing = forms.ChoiceField(
        label=_("征集方式"), choices=[("", _("全部方式")), *Sourcing.choices], required=False
    )
    instrument = forms.ChoiceField(
        label=_("支持方式"), choices=[("", _("全部方式")), *Instrument.choices], required=False
    )

    field_order = ["q", "field", "region", "rung", "programme", "sourcing", "instrument"]

    def __init__(self, *args, fields, districts, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [("", _("全部领域")), *((name, name) for name in fields)]
        places = [(entry.code, entry.label) for entry in districts]
        self.fields["region"].choices = [("", _("不限地区")), *places]
        if not places:
            del self.fields["region"]


class ResultFilter(Filter):
    programme = forms.ModelChoiceField(
        label=_("科技计划"), queryset=Programme.objects.all(), required=False, empty_label=_("全部计划")
    )
    year = forms.IntegerField(label=_("年度"), required=False, min_value=2000, max_value=2100)


class SelfCheckChoice(Filter):
    """For which kind of project, on which side of a challenge and, signed in, for which of one's units."""

    q = None
    type = forms.ModelChoiceField(
        label=_("项目类别"), queryset=ProjectType.objects.none(), required=False, empty_label=_("请选择")
    )
    side = forms.ChoiceField(
        label=_("您要"), choices=[("", pgettext_lazy("act", "揭榜")), ("demand", _("出题"))], required=False
    )
    unit = forms.ModelChoiceField(
        label=_("单位"), queryset=Organisation.objects.none(), required=False, empty_label=_("不用单位资料")
    )

    def __init__(self, *args, call, units, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = call.types.all()
        self.fields["type"].label_from_instance = lambda kind: localised(kind, "name")
        self.units = list(units)
        self.fields["unit"].queryset = units
        if "unit" not in self.data and len(self.units) == 1:
            # Unasked, the person's only one; the choice shows it.
            self.data = self.data.copy()
            self.data["unit"] = str(self.units[0].pk)
        if not call.types.exists():
            del self.fields["type"]
        if call.sourcing != Sourcing.DEMAND:
            del self.fields["side"]
        if not self.units:
            del self.fields["unit"]

    def chosen_unit(self):
        """The unit whose record fills the form in."""
        return self.chosen().get("unit")


class BoardFilter(Filter):
    kind = forms.ChoiceField(
        label=_("需求种类"), choices=[("", _("全部种类")), *DemandKind.choices], required=False
    )
    field = forms.ChoiceField(label=_("领域"), required=False)
    state = forms.ChoiceField(label=_("状态"), required=False)

    PUBLIC_STATES = (TopicState.LISTED, TopicState.CLOSED, TopicState.AWARDED, TopicState.UNFILLED)

    def __init__(self, *args, fields: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = [("", _("全部领域")), *((name, name) for name in fields)]
        self.fields["state"].choices = [
            ("", _("全部状态")),
            *((state.value, state.label) for state in self.PUBLIC_STATES),
        ]


class TodoFilter(Filter):
    kind = forms.ChoiceField(
        label=_("事项"), choices=[("", _("全部事项")), *DeadlineKind.choices], required=False
    )
