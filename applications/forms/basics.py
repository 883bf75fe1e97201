"""Title, dates and direction."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation
from applications import actions, queries
from applications.fields import DayField, LimitedText, MoneyField
from applications.forms.part import Part
from applications.questions import localised
from grants.models import Instrument, ProjectType, RecommendedBy, Sourcing, Topic
from grants.queries import way_of_recommending
from grants.states import TopicState


class TypeField(forms.ModelChoiceField):
    """A project type, named in the reader's language."""

    def __init__(self, **kwargs):
        super().__init__(queryset=ProjectType.objects.none(), empty_label=gettext_lazy("请选择"), **kwargs)

    def label_from_instance(self, project_type):
        return localised(project_type, "name")


class RecommenderField(forms.ModelChoiceField):
    def __init__(self, **kwargs):
        super().__init__(queryset=Organisation.objects.none(), empty_label=gettext_lazy("请选择"), **kwargs)


class BasicsForm(forms.Form):
    title = LimitedText(label=gettext_lazy("项目名称"), max_length=120, required=False)
    summary = LimitedText(
        label=gettext_lazy("项目简介"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("立项后可能公开，请不要写商业秘密。"),
    )
    project_type = TypeField(
        label=gettext_lazy("项目类别"),
        required=False,
        help_text=gettext_lazy("换类别时已填写的内容都会保留，只显示该类别的部分。"),
    )
    topic = forms.ModelChoiceField(
        label=gettext_lazy("指南方向"), queryset=Topic.objects.none(), required=False
    )
    recommender = RecommenderField(label=gettext_lazy("推荐单位"), required=False)
    starts_date = DayField(label=gettext_lazy("开始日期"), required=False)
    ends_date = DayField(label=gettext_lazy("结束日期"), required=False)
    requested_amount = MoneyField(label=gettext_lazy("申请财政资金（万元）"), required=False)
    own_amount = MoneyField(label=gettext_lazy("自筹资金（万元）"), required=False)

    def __init__(self, *args, application, **kwargs):
        super().__init__(*args, **kwargs)
        call = application.call
        if queries.has_budget(call) or call.instrument == Instrument.NONE:
            del self.fields["requested_amount"], self.fields["own_amount"]
        types = call.types.all()
        if types:
            self.fields["project_type"].queryset = types
        else:
            del self.fields["project_type"]
        topics = call.topics.filter(state=TopicState.LISTED) if call.sourcing != Sourcing.DEMAND else None
        if topics is not None and topics.exists():
            self.fields["topic"].queryset = topics
            if call.is_topic_free:
                self.fields["topic"].empty_label = _("自选题目（不选指南方向）")
        else:
            del self.fields["topic"]

        self._ask_recommender(application)

    def _ask_recommender(self, application):
        """Chosen from the notice's list; the unit's own authority is only shown."""
        way, field = way_of_recommending(application.call), self.fields["recommender"]
        if way == RecommendedBy.CHOSEN:
            field.queryset = queries.recommenders_for(application)
            listed = application.call.recommenders.filter(line="").values_list("name", "credit_code")
            known = set(field.queryset.values_list("credit_code", flat=True))
            missing = [name for name, code in listed if code not in known]
            field.help_text = _("申报书提交后送到这里；推荐之后不能再换。")
            if missing:
                field.help_text += _("名单中尚未注册、还不能选择的有：%(names)s。") % {
                    "names": "、".join(missing)
                }
            field.disabled = queries.is_recommended(application)
        elif way == RecommendedBy.AUTHORITY:
            field.queryset = queries.recommenders_for(application)
            field.disabled = True
            field.empty_label = _("还没有登记上级主管部门")
            field.help_text = _("由本单位的上级主管部门推荐，由单位管理员在单位资料中登记。")
            if not queries.is_recommended(application):
                self.initial["recommender"] = application.organisation.authority
        else:
            del self.fields["recommender"]

    def clean(self):
        starts, ends = self.cleaned_data.get("starts_date"), self.cleaned_data.get("ends_date")
        if starts and ends and ends <= starts:
            self.add_error("ends_date", _("结束日期应在开始日期之后。"))
        for name in ("requested_amount", "own_amount"):
            if name in self.cleaned_data:
                self.cleaned_data[name] = self.cleaned_data[name] or Decimal(0)
        return self.cleaned_data


class Basics(Part):
    name = "basics"
    template = "applications/parts/basics.html"
    fields_template = "applications/parts/fields/basics.html"

    def build(self, data):
        initial = {name: getattr(self.application, name) for name in actions.BASICS}
        data = data if data is not None else self.again()
        return BasicsForm(data, initial=initial, application=self.application)

    def store(self, *, by, at):
        actions.update_basics(application=self.application, by=by, at=at, **self.form.cleaned_data)
