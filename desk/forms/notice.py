"""The notice itself: basics, text, bodies, contacts, types, who may apply, topics, clocks."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.identity import clean_credit_code, validate_credit_code
from accounts.roles import Role
from desk.forms.base import PartForm, remembered, rows
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import IndicatorsField, Moment, Wan, formula, short_text
from grants.models import (
    Call,
    Contact,
    FormKind,
    Invitation,
    IssuingBody,
    ListedRecommender,
    Programme,
    ProjectType,
    QuestionKind,
    Quota,
    QuotaOf,
    Sourcing,
    Topic,
)


def programmes_of(user):
    """Programmes for which the person may write a call."""
    if user.has_role(Role.SYSADMIN):
        return Programme.objects.all()
    return Programme.objects.filter(department_id__in=user.scope.departments)


class BasicsForm(PartForm):
    """What the notice is called and when one applies."""

    layout = (
        (("title", 12),),
        (("title_en", 12),),
        (("programme", 8), ("number", 4)),
        (("year", 2), ("sourcing", 5), ("instrument", 5)),
        (("opens_at", 4), ("closes_at", 4), ("bid_days", 4)),
        (("unit_closes_at", 4), ("recommender_closes_at", 4), ("registers_by_at", 4)),
    )

    class Meta:
        model = Call
        fields = (
            "title",
            "title_en",
            "programme",
            "number",
            "year",
            "sourcing",
            "instrument",
            "opens_at",
            "closes_at",
            "bid_days",
            "unit_closes_at",
            "recommender_closes_at",
            "registers_by_at",
        )
        help_texts = {"bid_days": gettext_lazy("只用于企业出题揭榜")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        department = self.call.programme.department_id
        self.fields["programme"].queryset = Programme.objects.filter(department_id=department)
        self.fields["programme"].empty_label = None

    def clean(self):
        opens, closes = self.cleaned_data.get("opens_at"), self.cleaned_data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("截止时间应晚于开始时间。"))
        registers = self.cleaned_data.get("registers_by_at")
        if registers and not (opens and opens < registers and (not closes or registers <= closes)):
            self.add_error("registers_by_at", _("意向登记截止应在开始时间之后、申报截止之前。"))
        return super().clean()


class NewCallForm(forms.Form):
    """The least that a call needs to exist; everything else comes on its own page."""

    programme = forms.ModelChoiceField(
        label=gettext_lazy("科技计划"),
        queryset=Programme.objects.none(),
        empty_label=gettext_lazy("请选择"),
    )
    title = forms.CharField(label=gettext_lazy("通知标题"), max_length=200)
    year = forms.IntegerField(label=gettext_lazy("年度"), min_value=2000, max_value=2100)
    sourcing = forms.ChoiceField(label=gettext_lazy("征集方式"), choices=Sourcing)
    instrument = forms.ChoiceField(
        label=gettext_lazy("支持方式"), choices=Call._meta.get_field("instrument").choices
    )
    opens_at = forms.DateTimeField(label=gettext_lazy("开始时间"))
    closes_at = forms.DateTimeField(
        label=gettext_lazy("截止时间"), required=False, help_text=gettext_lazy("常年受理（随发随评）时留空")
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["programme"].queryset = programmes_of(user)
        for name in ("opens_at", "closes_at"):
            self.fields[name].widget = Moment()

    def clean(self):
        opens, closes = self.cleaned_data.get("opens_at"), self.cleaned_data.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("截止时间应晚于开始时间。"))
        return self.cleaned_data


class NoticeForm(PartForm):
    layout = ((("notice", 12),),)

    class Meta:
        model = Call
        fields = ("notice",)
        widgets = {"notice": short_text(26)}
        help_texts = {
            "notice": gettext_lazy("照文件原样录入。条款写作“第三条”，后面各处的“条款”都要在这里找得到。")
        }


class BodyForm(PartForm):
    layout = ((("name", 12),),)

    class Meta:
        model = IssuingBody
        fields = ("name",)


class ContactForm(PartForm):
    layout = ((("kind", 3), ("name", 3), ("phone", 3), ("email", 3)),)

    class Meta:
        model = Contact
        fields = ("kind", "name", "phone", "email")

    def clean(self):
        if not (self.cleaned_data.get("phone") or self.cleaned_data.get("email")):
            raise ValidationError(_("请至少填写电话或邮箱。"))
        return super().clean()


class TypeForm(PartForm):
    layout = (
        (("name", 5), ("name_en", 4), ("code", 3)),
        (("cap", 3), ("cap_clause", 3), ("own_per_fiscal", 3), ("own_clause", 3)),
        (("is_funded", 2), ("planned_number", 2), ("summary", 4), ("summary_en", 4)),
    )
    code_prefix = "type"
    cap = Wan(label=gettext_lazy("资助上限（万元）"), help_text=gettext_lazy("留空时同通知"))

    class Meta:
        model = ProjectType
        fields = (
            "name",
            "name_en",
            "code",
            "is_funded",
            "cap",
            "cap_clause",
            "own_per_fiscal",
            "own_clause",
            "planned_number",
            "summary",
            "summary_en",
        )
        widgets = {"summary": short_text(1), "summary_en": short_text(1)}
        help_texts = {"own_per_fiscal": gettext_lazy("自筹 ≥ 财政 × 几；留空时同通知")}


class AccessForm(PartForm):
    layout = (
        (("max_submissions", 6), ("max_megabytes", 6)),
        (("is_invitation_only", 4), ("requires_partner_confirmation", 4), ("requires_consents", 4)),
        (("is_open_abroad", 6), ("is_topic_free", 6)),
        (("is_open_to_teams", 4), ("team_months", 4), ("team_clause", 4)),
    )

    class Meta:
        model = Call
        fields = (
            "is_invitation_only",
            "is_open_abroad",
            "is_open_to_teams",
            "team_months",
            "team_clause",
            "is_topic_free",
            "max_submissions",
            "max_megabytes",
            "requires_partner_confirmation",
            "requires_consents",
        )


class QuotaForm(PartForm):
    question = forms.ChoiceField(
        label=gettext_lazy("按题目分组"),
        required=False,
        help_text=gettext_lazy("院系、学科等单选题：同一单位里答案相同的分别计算"),
    )
    layout = (
        (("of", 3), ("project_type", 3), ("region", 2), ("number", 2), ("clause", 2)),
        (("credit_code", 4), ("name", 5), ("per_intake", 3)),
        (("question", 6), ("value", 6)),
        (("formula", 12),),
        (("applies_when", 8), ("percent", 4)),
    )

    class Meta:
        model = Quota
        fields = (
            "of",
            "project_type",
            "region",
            "number",
            "clause",
            "credit_code",
            "name",
            "formula",
            "applies_when",
            "percent",
            "per_intake",
            "question",
            "value",
        )
        widgets = {"formula": formula(), "applies_when": formula(1)}
        help_texts = {
            "region": gettext_lazy("只用于推荐单位；留空为各区域"),
            "credit_code": gettext_lazy("填了就只是这一个单位的限额，替代通用的一行；限额表每个单位一行"),
            "formula": gettext_lazy("不是固定数字时写公式，例如 unit.rd_spend > 10000000.0 ? 3 : 1"),
        }

    def clean(self):
        data = super().clean()
        given = (data.get("number") is not None, bool(data.get("formula")), data.get("percent") is not None)
        if sum(given) != 1:
            self.add_error("number", _("限额数字、公式和资金占比填一个。"))
        if data.get("of") != QuotaOf.AWARD and (data.get("applies_when") or data.get("percent") is not None):
            self.add_error("of", _("只有立项数可以写适用条件和资金占比。"))
        check_formula(self, "applies_when", codes=question_codes(self.call))
        if data.get("of") == QuotaOf.AWARD and data.get("formula"):
            self.add_error("formula", _("立项数只能是数字。"))
        if data.get("region") and data.get("of") != QuotaOf.RECOMMENDER:
            self.add_error("region", _("只有推荐单位的限额才按区域。"))
        if data.get("credit_code") and data.get("of") == QuotaOf.AWARD:
            self.add_error("credit_code", _("立项数不写单位。"))
        if (data.get("question") or data.get("value")) and data.get("of") != QuotaOf.UNIT:
            self.add_error("question", _("只有申报单位的限额才按题目分组。"))
        elif data.get("value") and not data.get("question"):
            self.add_error("question", _("请选择按哪道题分组。"))
        return data

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        asked = self.call.questions.filter(kind=QuestionKind.CHOICE, section__form=FormKind.APPLICATION)
        known = remembered(self.call, "choice_questions", lambda: list(asked))
        choices = [("", _("不分组")), *((row.code, row.label) for row in known)]
        now = self.instance.question
        if now and now not in dict(choices):
            choices.append((now, _("%(code)s（已不存在）") % {"code": now}))
        self.fields["question"].choices = choices

    def clean_credit_code(self):
        code = clean_credit_code(self.cleaned_data["credit_code"])
        if code:
            validate_credit_code(code)
        return code


class InvitationForm(PartForm):
    layout = ((("name", 7), ("credit_code", 5)),)

    class Meta:
        model = Invitation
        fields = ("name", "credit_code")

    def clean_credit_code(self):
        code = clean_credit_code(self.cleaned_data["credit_code"])
        validate_credit_code(code)
        return code


class RecommenderForm(InvitationForm):
    layout = ((("name", 4), ("credit_code", 3), ("line", 2), ("region", 1), ("clause", 2)),)

    class Meta(InvitationForm.Meta):
        model = ListedRecommender
        fields = ("name", "credit_code", "line", "region", "clause")

    def clean(self):
        data = super().clean()
        if not data.get("line") and (data.get("region") or data.get("clause")):
            self.add_error("line", _("写区域、条款的须写明是什么会同部门。"))
        return data


class TopicForm(PartForm):
    layout = (
        (("number", 3), ("title", 6), ("field", 3)),
        (("content", 12),),
        (("indicators", 6), ("bidder_conditions", 6)),
        (("amount", 3), ("planned_number", 3)),
    )
    indicators = IndicatorsField(
        label=gettext_lazy("考核指标"), help_text=gettext_lazy("每行一项：名称 | 指标值 | 单位")
    )
    amount = Wan(label=gettext_lazy("支持额度（万元）"))

    class Meta:
        model = Topic
        fields = (
            "number",
            "title",
            "field",
            "content",
            "indicators",
            "bidder_conditions",
            "amount",
            "planned_number",
        )
        widgets = {"content": short_text(3), "bidder_conditions": short_text(4)}

    def save(self, commit=True):
        """A topic of the notice is on the list for as long as the call is open."""
        topic = super().save(commit=False)
        topic.listed_at = topic.listed_at or self.call.opens_at
        topic.bids_close_at = self.call.closes_at
        return topic


class ClocksForm(PartForm):
    layout = (
        (("publicity_days", 4), ("publicity_day_kind", 4), ("publicity_clause", 4)),
        (("signing_days", 4), ("signing_runs_from", 4), ("signing_clause", 4)),
        (("tells_reason", 12),),
        (("appeal_days", 3), ("appeal_day_kind", 3), ("appeal_decision_days", 3), ("appeal_clause", 3)),
        (("duplicate_percent", 4), ("duplicate_clause", 4)),
        (("scan_days", 4), ("scan_day_kind", 4), ("scan_clause", 4)),
        (("table_days", 4), ("table_day_kind", 4), ("table_clause", 4)),
        (
            ("recommender_table_days", 3),
            ("recommender_table_day_kind", 3),
            ("recommender_table_until", 3),
            ("recommender_table_clause", 3),
        ),
        (("paper_copies", 4), ("paper_sender", 4), ("paper_at_recommender", 4)),
        (("paper_of", 6), ("paper_of_en", 6)),
        (("paper_applies_when", 12),),
        (("paper_address", 12),),
        (("paper_after", 3), ("paper_days", 3), ("paper_day_kind", 3), ("paper_until", 3)),
        (("paper_by_postmark", 4), ("paper_warns", 4), ("paper_clause", 4)),
        (
            ("extension_notice_months", 4),
            ("extension_times", 4),
            ("extension_months", 4),
        ),
        (("extension_unit_days", 4), ("extension_decision_days", 4), ("extension_clause", 4)),
        (("termination_decision_days", 4), ("termination_settlement_days", 4), ("termination_clause", 4)),
    )

    class Meta:
        model = Call
        fields = (
            "publicity_days",
            "publicity_day_kind",
            "publicity_clause",
            "signing_days",
            "signing_runs_from",
            "signing_clause",
            "tells_reason",
            "appeal_days",
            "appeal_day_kind",
            "appeal_decision_days",
            "appeal_clause",
            "duplicate_percent",
            "duplicate_clause",
            "scan_days",
            "scan_day_kind",
            "scan_clause",
            "table_days",
            "table_day_kind",
            "table_clause",
            "recommender_table_days",
            "recommender_table_day_kind",
            "recommender_table_until",
            "recommender_table_clause",
            "paper_copies",
            "paper_applies_when",
            "paper_sender",
            "paper_at_recommender",
            "paper_of",
            "paper_of_en",
            "paper_address",
            "paper_after",
            "paper_days",
            "paper_day_kind",
            "paper_until",
            "paper_by_postmark",
            "paper_warns",
            "paper_clause",
            "extension_notice_months",
            "extension_times",
            "extension_months",
            "extension_unit_days",
            "extension_decision_days",
            "extension_clause",
            "termination_decision_days",
            "termination_settlement_days",
            "termination_clause",
        )


Bodies = rows(
    BodyForm,
    title=gettext_lazy("发文单位（联合发文时第一个为牵头单位）"),
    noun=gettext_lazy("发文单位"),
    unique=("name",),
    prefix="bodies",
)
Contacts = rows(
    ContactForm, title=gettext_lazy("咨询方式"), noun=gettext_lazy("咨询方式"), unique=(), prefix="contacts"
)
Types = rows(TypeForm, title=gettext_lazy("项目类别"), noun=gettext_lazy("项目类别"), prefix="types")
Quotas = rows(
    QuotaForm,
    title=gettext_lazy("限额"),
    noun=gettext_lazy("限额"),
    unique=("of", "project_type", "region", "credit_code", "per_intake"),
    prefix="quotas",
)
Invitations = rows(
    InvitationForm,
    title=gettext_lazy("定向名单"),
    noun=gettext_lazy("单位"),
    unique=("credit_code",),
    ordered=False,
    prefix="invitations",
)
Recommenders = rows(
    RecommenderForm,
    title=gettext_lazy("推荐单位名单（由申报人选择的从这里选；写明会同部门的，同意后才能推荐）"),
    noun=gettext_lazy("推荐单位"),
    unique=("credit_code",),
    ordered=False,
    prefix="recommenders",
)
Topics = rows(
    TopicForm,
    title=gettext_lazy("指南方向"),
    noun=gettext_lazy("方向"),
    unique=("number",),
    ordered=False,
    prefix="topics",
)
