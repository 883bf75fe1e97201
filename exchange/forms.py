"""Forms of the portal's demand pages and of the admin's buttons."""

import json

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout
from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.identity import clean_credit_code, validate_credit_code, validate_phone
from accounts.models import Organisation
from applications import questions
from applications.fields import DayField, LimitedText, MoneyField, TableField
from applications.forms.asked import AskedForm
from applications.questions import Column
from core.filtering import Filter
from core.money import TEN_THOUSAND
from core.sent import number, read_json
from exchange import actions, queries
from exchange.kinds import TOPMOST_MONTHS, shape_of
from exchange.models import Demand, IpOwnership
from exchange.states import DemandState
from grants.models import DemandKind, QuestionKind

LONG = 4000
LARGEST = TEN_THOUSAND * 10_000_000
"""Ten million 万元: what the column holds, with room."""


class DemandFilter(Filter):
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部状态")), *DemandState.choices]
    )
    kind = forms.ChoiceField(
        label=_("种类"), required=False, choices=[("", _("全部种类")), *DemandKind.choices]
    )


class UnitForm(forms.Form):
    """For which unit a demand is posted, by its 统一社会信用代码."""

    credit_code = forms.CharField(
        label=_("统一社会信用代码"),
        max_length=40,
        help_text=_("18 位，见营业执照；应是您所在单位的代码。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args, units, **kwargs):
        super().__init__(*args, **kwargs)
        self.units = units

    def clean_credit_code(self) -> Organisation:
        code = clean_credit_code(self.cleaned_data["credit_code"])
        validate_credit_code(code)
        unit = self.units.filter(credit_code=code).first()
        if unit is None:
            # One sentence for both: whether a unit is registered here is nobody else's business.
            raise forms.ValidationError(
                _("代码“%(code)s”的单位尚未注册，或您不是它的成员。") % {"code": code}
            )
        return unit


class IndicatorsField(TableField):
    """Core indicators: name, unit, target; an empty cell is an empty text."""

    def __init__(self, **kwargs):
        columns = [
            Column({"code": "name", "label": _("指标"), "max_length": 120}),
            Column({"code": "target", "label": _("目标值"), "max_length": 120}),
            Column({"code": "unit", "label": pgettext_lazy("measure", "单位"), "max_length": 30}),
        ]
        super().__init__(columns, max_rows=30, required=False, **kwargs)

    def clean(self, value):
        return [{code: cell or "" for code, cell in row.items()} for row in super().clean(value)]


MONEY = ("amount", "offered_amount")
SHORT = (*MONEY, "deadline_date", "ip_ownership", "term_months", "contact_name", "contact_phone")


def _lines(names) -> list:
    """Short fields stand two beside each other."""
    found, waiting = [], []
    for name in names:
        if name in SHORT:
            waiting.append(name)
        if waiting and (len(waiting) == 2 or name not in SHORT):
            found.append(Div(*waiting, css_class="jb-half"))
            waiting = []
        if name not in SHORT:
            found.append(name)
    return found + ([Div(*waiting, css_class="jb-half")] if waiting else [])


class DemandForm(forms.Form):
    """What demands say; each kind is asked some of it. Nothing is required: a draft may be incomplete."""

    title = LimitedText(
        label=_("需求名称"), required=False, max_length=120, help_text=_("会公开，不写企业秘密。")
    )
    field = LimitedText(label=_("领域"), required=False, max_length=60)
    problem = LimitedText(
        label=_("要解决的问题（完整表述）"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("只给主管部门和论证专家看，可以写企业秘密。"),
    )
    public_summary = LimitedText(
        label=_("公开表述"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("发榜后向公众展示的内容，不写企业秘密。"),
    )
    indicators = IndicatorsField(label=_("核心指标"))
    purpose = LimitedText(
        label=_("资金用途"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    term_months = forms.IntegerField(
        label=_("期限（个月）"), required=False, min_value=1, max_value=TOPMOST_MONTHS
    )
    place = LimitedText(label=_("地点"), required=False, max_length=120)
    conditions = LimitedText(
        label=_("提供的条件"), required=False, max_length=LONG, widget=forms.Textarea(attrs={"rows": 4})
    )
    amount = MoneyField(label=_("拟投入总额（万元）"), required=False, max_value=LARGEST)
    offered_amount = MoneyField(label=_("支付揭榜方（万元）"), required=False, max_value=LARGEST)
    deadline_date = DayField(label=_("完成期限"), required=False)
    ip_ownership = forms.ChoiceField(
        label=_("知识产权归属"), required=False, choices=[("", _("请选择")), *IpOwnership.choices]
    )
    bidder_conditions = LimitedText(
        label=_("揭榜方条件"),
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("会公开。没有特别要求可以不填。"),
    )
    name_is_public = forms.BooleanField(label=_("在榜单上公开本单位名称"), required=False)
    contact_name = LimitedText(label=_("联系人"), required=False, max_length=60)
    contact_phone = LimitedText(
        label=_("联系电话"), required=False, max_length=20, validators=[validate_phone]
    )

    def __init__(self, *args, kind: str = DemandKind.TECHNICAL, **kwargs):
        super().__init__(*args, **kwargs)
        shape = shape_of(kind)
        self.fields = {name: self.fields[name] for name in shape.asked}
        for name, field in self.fields.items():
            label = shape.labels.get(name)
            if label:
                field.label = _("%(label)s（万元）") % {"label": label} if name in MONEY else label
            field.help_text = shape.helps.get(name, field.help_text)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(*(Fieldset(title, *_lines(names)) for title, names in shape.fieldsets))

    @classmethod
    def of(cls, demand: Demand, mine: dict | None = None) -> "DemandForm":
        """The form as the demand stands, with what could not be stored yet and why; `mine` goes before."""
        data = {name: getattr(demand, name) for name in shape_of(demand.kind).asked}
        mine = {name: value for name, value in (mine or {}).items() if name in data}
        return cls(data | demand.typed | mine, kind=demand.kind)

    def split(self) -> tuple[dict, dict]:
        """(values that can be stored, what was typed in the fields that cannot)."""
        self.is_valid()
        typed = {name: self[name].data for name in self.errors if name in self.fields}
        return {name: value for name, value in self.cleaned_data.items() if name not in typed}, typed


class QuestionsForm(AskedForm):
    """The call's own questions about a demand."""

    def __init__(self, demand: Demand, data=None, *, files=None, mine: dict | None = None):
        self.demand = demand
        asked, mine = queries.questions_of(demand.call), mine or {}
        answers = demand.answers | {
            question.code: mine[queries.unit_of(question.code)]
            for question in asked
            if queries.unit_of(question.code) in mine
        }
        super().__init__(asked, answers, data, files)

    @property
    def stored(self) -> dict:
        return self.demand.answers

    def typed(self) -> dict[str, object]:
        return self.form.all_typed()

    def say(self, faults: dict[str, list[str]]) -> None:
        self.form.say(faults)

    def attach_one(self, question, file, *, by, at) -> None:
        actions.attach(demand=self.demand, question=question, file=file, name=file.name, by=by, at=at)

    def detach(self, wanted: str, *, by, at) -> None:
        """Take the file "code:key" out of its answer; anything else changes nothing."""
        code, _colon, key = wanted.partition(":")
        question = self.attachment(code)
        if question is not None and (document := number(key)):
            actions.detach(demand=self.demand, question=question, document=document, by=by, at=at)

    def attachment(self, code: str):
        """The question of this code that takes files, or None."""
        wanted = (code, QuestionKind.ATTACHMENT)
        return next((q for q in self.questions if (q.code, q.kind) == wanted), None)

    def shown_codes(self) -> set[str]:
        return queries.shown_codes(self.demand, self.questions)

    def documents(self) -> dict:
        takes_files = any(q.kind == QuestionKind.ATTACHMENT for q in self.questions)
        return queries.documents_of(self.demand) if takes_files else {}

    def upload_url(self, code: str) -> str:
        return reverse("exchange:upload", args=[self.demand.pk, code])


class Together:
    """What a page carries so that nobody writes over what a colleague stored meanwhile, and what to ask.

    `seen` are the versions of the units that it shows. Where both changed one, the page asks whose text
    stays: `keep-<unit>` is "theirs", or the version that "mine" is to be written over.
    """

    def __init__(self, demand: Demand, post):
        self.demand, self.theirs, self.chosen = demand, set(), {}
        try:
            sent = read_json(post.get("seen", ""))
        except ValueError:
            sent = {}
        sent = sent.items() if isinstance(sent, dict) else ()
        self.sent = {unit: text for unit, text in sent if isinstance(text, str)}
        self.over = {}
        self.is_stored = True
        for unit in self.sent:
            self.chosen[unit] = post.get(f"keep-{unit}", "")
            if self.chosen[unit] == "theirs":
                self.theirs.add(unit)
            elif self.chosen[unit]:
                self.over[unit] = self.chosen[unit]

    @property
    def seen(self) -> dict[str, str]:
        return self.sent | self.over

    def left(self, units) -> str:
        """The versions of a page that still shows what it did in `units`, and all else as it stands now."""
        if not self.is_stored:
            return json.dumps(self.sent)
        old = {unit: self.sent[unit] for unit in units if unit in self.sent}
        return json.dumps(queries.versions(self.demand) | old)

    def asked(self, conflicts) -> list[dict]:
        """One question for each conflict, with both texts and the colleague's name; one query."""
        names = queries.names_of({both.by for both in conflicts.values() if both.by})
        return [
            {
                "unit": unit,
                "label": self._label(unit),
                "theirs": self._text(unit, both.theirs),
                "mine": self._text(unit, both.mine),
                "version": queries.version(both.theirs),
                "by": names.get(both.by, ""),
                "takes_theirs": unit in self.theirs,
            }
            for unit, both in conflicts.items()
        ]

    @cached_property
    def _questions(self) -> dict:
        return {queries.unit_of(q.code): q for q in queries.questions_of(self.demand.call)}

    def _label(self, unit: str) -> str:
        if unit in self._questions:
            return questions.localised(self._questions[unit], "label")
        return queries.label_of(self.demand, unit)

    def _text(self, unit: str, value) -> str:
        if unit in self._questions:
            return questions.text(self._questions[unit], value)
        return queries.text_of_value(unit, value)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}))


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("理由"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ArgumentForm(forms.Form):
    """The argumentation (论证): opinion and conclusion."""

    accept = forms.TypedChoiceField(
        label=_("论证结论"),
        choices=[("yes", _("同意发榜")), ("no", _("不予发榜"))],
        coerce=lambda text: text == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
    )
    opinion = forms.CharField(label=_("论证意见"), max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))


class ListingForm(forms.Form):
    number = forms.CharField(
        label=_("榜单编号"),
        max_length=40,
        required=False,
        help_text=_("留空时按计划和年度自动编号。"),
    )
