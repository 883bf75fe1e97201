"""Money tables, the review scheme, and what follows the award: milestones, instalments, demands."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.sent import number
from desk.forms.base import PartForm, remembered, rows
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import Wan, formula, short_text
from desk.packs.checks import CHECKED_AFTER, ONE_WAY
from desk.packs.outcome import FORMULA_OF_MILESTONE
from exchange.kinds import shape_of
from exchange.models import Demand, DemandScheme
from exchange.queries import public_names
from finance.models import Condition, InstalmentTemplate
from grants.models import BudgetCategory, Call, ClaimScheme, DemandKind, FormKind, FundingSource, QuestionKind
from grants.rules import ACCEPTANCE
from milestones.models import Kind, MilestoneTemplate
from reviews.models import Criterion, ReviewScheme


class MoneyForm(PartForm):
    layout = (
        (("cap", 4), ("cap_clause", 4)),
        (("own_per_fiscal", 4), ("own_clause", 4)),
        (("is_budget_by_year", 4), ("is_budget_by_unit", 4)),
    )
    cap = Wan(label=gettext_lazy("资助上限（万元）"), help_text=gettext_lazy("不封顶时留空"))

    class Meta:
        model = Call
        fields = (
            "cap",
            "cap_clause",
            "own_per_fiscal",
            "own_clause",
            "is_budget_by_year",
            "is_budget_by_unit",
        )
        help_texts = {
            "own_per_fiscal": gettext_lazy("填 1 表示自筹资金 ≥ 财政资金 × 1；不要求自筹时留空"),
        }


class CategoryForm(PartForm):
    layout = ((("name", 3), ("name_en", 2), ("code", 2), ("clause", 2), ("is_fiscal_allowed", 3)),)
    code_prefix = "category"

    class Meta:
        model = BudgetCategory
        fields = ("name", "name_en", "code", "clause", "is_fiscal_allowed")
        help_texts = {"is_fiscal_allowed": ""}


class SourceForm(PartForm):
    layout = ((("name", 4), ("name_en", 3), ("code", 3), ("is_fiscal", 2)),)
    code_prefix = "source"

    class Meta:
        model = FundingSource
        fields = ("name", "name_en", "code", "is_fiscal")


class OptionalForm(PartForm):
    """A record that a call may do without: written once something is said, dropped on request."""

    remove = forms.BooleanField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            del self.fields["remove"]

    def wanted(self) -> bool:
        return bool(self.instance.pk) or self.has_changed()

    def store(self):
        if self.cleaned_data.get("remove"):
            self.instance.delete()
        elif self.wanted():
            super().store()


class SchemeForm(OptionalForm):
    layout = (
        (("panel_size", 3), ("aggregation", 5), ("is_blind", 4)),
        (("threshold", 3), ("max_spread", 3), ("answer_days", 3), ("review_days", 3)),
        (("recusal", 8), ("recusal_clause", 4)),
        (("clause", 4), ("remove", 8)),
    )
    remove = forms.BooleanField(label=gettext_lazy("不要评审方案（删除）"), required=False)

    class Meta:
        model = ReviewScheme
        fields = (
            "panel_size",
            "aggregation",
            "is_blind",
            "threshold",
            "max_spread",
            "answer_days",
            "review_days",
            "recusal",
            "recusal_clause",
            "clause",
        )

    def wanted(self):
        """Criteria without a scheme could not be used: one comes with the other."""
        typed = self.data.get("criteria-TOTAL_FORMS", "0")
        return super().wanted() or number(typed) > 0


class CriterionForm(PartForm):
    layout = (
        (("name", 5), ("weight", 2), ("max_score", 2), ("name_en", 3)),
        (("help", 9), ("code", 3)),
    )
    code_prefix = "criterion"

    class Meta:
        model = Criterion
        fields = ("name", "name_en", "weight", "max_score", "code", "help")
        widgets = {"help": short_text(1)}


class MilestoneForm(PartForm):
    layout = (
        (("name", 5), ("kind", 3), ("clause", 4)),
        (("offset_months", 4), ("months_after_end", 4), ("by_date", 4)),
        (("month_day", 4), ("check_days", 4), ("check_by_date", 4)),
        (("deliverable", 12),),
        (("unit_pledge", 12),),
        (("needs_demander_opinion", 6), ("code", 6)),
    )
    code_prefix = "m"

    class Meta:
        model = MilestoneTemplate
        fields = (
            "name",
            "kind",
            "offset_months",
            "months_after_end",
            "by_date",
            "month_day",
            "check_days",
            "check_by_date",
            "clause",
            "deliverable",
            "unit_pledge",
            "needs_demander_opinion",
            "code",
        )
        widgets = {"deliverable": short_text(2), "unit_pledge": short_text(2)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["offset_months"].required = False

    def clean(self):
        data = super().clean()
        given = [name for name in ("months_after_end", "by_date") if data.get(name) is not None]
        if data.get("offset_months") is None and "offset_months" not in self.errors:
            data["offset_months"] = 0
            if not given and data.get("kind") != Kind.ANNUAL:
                self.add_error("offset_months", _("必填。"))
        if given and (len(given) > 1 or data.get("offset_months") or data.get("kind") == Kind.ANNUAL):
            self.add_error(given[0], ONE_WAY)
        checked, due = data.get("check_by_date"), data.get("by_date")
        if checked and (data.get("kind") == Kind.ANNUAL or (due and checked < due)):
            self.add_error("check_by_date", CHECKED_AFTER)
        if data.get("kind") == Kind.ANNUAL:
            if not data.get("month_day") and "month_day" not in self.errors:
                self.add_error("month_day", _("年度报告要填写每年的到期日，例如 12-31。"))
            if data.get("offset_months"):
                self.add_error("offset_months", _("年度报告按每年的到期日计算，不填月数。"))
        elif data.get("month_day"):
            self.add_error("month_day", _("只有年度报告有每年的到期日。"))
        return data


class InstalmentForm(PartForm):
    layout = (
        (("name", 3), ("share", 2), ("condition", 3), ("milestone_code", 4)),
        (("pay_days", 3), ("clause", 3)),
        (("formula", 12),),
    )
    milestone_code = forms.ChoiceField(label=gettext_lazy("里程碑"), required=False)

    class Meta:
        model = InstalmentTemplate
        fields = ("name", "share", "condition", "milestone_code", "pay_days", "clause", "formula")
        widgets = {"formula": formula(2)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        templates = MilestoneTemplate.objects.filter(call=self.call, kind=Kind.MILESTONE).order_by("order")
        known = remembered(self.call, "milestones", lambda: list(templates))
        choices = [("", "—"), *((row.code, row.name) for row in known)]
        now = self.instance.milestone_code
        if now and now not in dict(choices):
            choices.append((now, _("%(code)s（已不存在）") % {"code": now}))
        self.fields["milestone_code"].choices = choices

    def clean(self):
        data = super().clean()
        after_milestone = data.get("condition") == Condition.MILESTONE
        if after_milestone and not data.get("milestone_code"):
            self.add_error("milestone_code", _("请选择里程碑；没有时先到“里程碑”部分添加。"))
        if data.get("condition") and not after_milestone and data.get("milestone_code"):
            self.add_error("milestone_code", _("签订后拨付的一期不与里程碑挂钩。"))
        if data.get("formula") and data.get("condition") and not after_milestone:
            self.add_error("formula", FORMULA_OF_MILESTONE)
        check_formula(self, "formula", codes=question_codes(self.call), more=ACCEPTANCE)
        return data


class ClaimsForm(OptionalForm):
    """Which table is decided row by row: chosen as "table.column" among the columns of money."""

    layout = ((("target", 6), ("share", 3), ("clause", 3)), (("remove", 12),))
    target = forms.ChoiceField(
        label=gettext_lazy("逐笔核定的表格和金额列"),
        required=False,
        help_text=gettext_lazy(
            "事后申领按行认可、核减或不予认可；资助额由认可的行按标准和上限计算。不逐笔核定的留空"
        ),
    )
    remove = forms.BooleanField(label=gettext_lazy("不逐笔核定（删除）"), required=False)

    class Meta:
        model = ClaimScheme
        fields = ("share", "clause")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        now = f"{self.instance.question}.{self.instance.column}" if self.instance.pk else ""
        choices = [("", "—"), *self._columns()]
        if now and now not in dict(choices):
            choices.append((now, _("%(code)s（已不存在）") % {"code": now}))
        self.fields["target"].choices = choices
        self.fields["share"].required = False
        self.initial["target"] = now

    def _columns(self):
        tables = self.call.questions.filter(kind=QuestionKind.TABLE, section__form=FormKind.APPLICATION)
        for question in tables.order_by("section__order", "order"):
            for column in question.config.get("columns", []):
                if column.get("kind") == QuestionKind.MONEY:
                    yield f"{question.code}.{column['code']}", f"{question.label} · {column['label']}"

    def clean(self):
        data = super().clean()
        question, _dot, column = (data.get("target") or "").partition(".")
        self.instance.question, self.instance.column = question, column
        data["share"] = data.get("share") or 1
        if not question and (self.instance.pk or data.get("clause")) and not data.get("remove"):
            self.add_error("target", _("请选择逐笔核定的表格；不要时勾选删除。"))
        return data

    def wanted(self):
        return bool(self.instance.question)


def verbose(name: str) -> str:
    return str(Demand._meta.get_field(name).verbose_name)


class DemandsForm(OptionalForm):
    layout = (
        (("kind", 4), ("argument_days", 4), ("clause", 4)),
        (("public", 12),),
        (("guide", 12),),
        (("remove", 12),),
    )
    public = forms.MultipleChoiceField(
        label=gettext_lazy("榜单上公开的内容"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "名称、公开表述和榜单金额总是公开；其余只公开勾选的。需求表的题目在“申报表”中添加。"
        ),
    )
    remove = forms.BooleanField(label=gettext_lazy("不征集需求（删除）"), required=False)

    class Meta:
        model = DemandScheme
        fields = ("kind", "argument_days", "clause", "public", "guide")
        widgets = {"guide": short_text(3)}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        kinds = {name: kind for kind in reversed(DemandKind.values) for name in shape_of(kind).may_be_public}
        fixed = [(name, shape_of(kind).labels.get(name) or verbose(name)) for name, kind in kinds.items()]
        asked = self.call.questions.filter(section__form=FormKind.DEMAND).order_by("section__order", "order")
        self.fields["public"].choices = [*fixed, *asked.values_list("code", "label")]
        self.initial["public"] = public_names(self.instance)

    def clean(self):
        data = super().clean()
        kind, public = data.get("kind"), data.get("public") or []
        if kind:
            # Boxes of fields that other kinds have mean nothing here.
            others = {name for other in DemandKind.values for name in shape_of(other).may_be_public}
            others -= set(shape_of(kind).may_be_public)
            data["public"] = [name for name in public if name not in others]
        return data

    def wanted(self):
        return True


Categories = rows(
    CategoryForm, title=gettext_lazy("预算科目（表的行）"), noun=gettext_lazy("科目"), prefix="categories"
)
Sources = rows(
    SourceForm, title=gettext_lazy("资金来源（表的列）"), noun=gettext_lazy("来源"), prefix="sources"
)
Criteria = rows(CriterionForm, title=gettext_lazy("评审指标"), noun=gettext_lazy("指标"), prefix="criteria")
Milestones = rows(
    MilestoneForm, title=gettext_lazy("里程碑模板"), noun=gettext_lazy("里程碑"), prefix="milestones"
)
Instalments = rows(
    InstalmentForm,
    title=gettext_lazy("拨款计划"),
    noun=gettext_lazy("一期"),
    unique=(),
    prefix="instalments",
)
