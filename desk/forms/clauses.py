"""Money clauses, with the fields that each kind needs."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from desk import money_kinds
from desk.forms.base import PartForm, remembered
from desk.forms.rules import check_formula, question_codes
from desk.forms.widgets import MatrixField, PercentField, TiersField, Wan, formula, plain, short_text
from desk.parts import next_code
from grants.models import MoneyKind, MoneyRule
from grants.money_rules import EXPRESSIONS, NEEDS

BY_FACTOR = (MoneyKind.RATIO,)
"""Kinds whose rate is a factor (1, 2); everywhere else it is a percentage."""


class MoneyRuleForm(PartForm):
    """One clause. Fields that its kind does not use are emptied, so that nothing hidden has an effect."""

    layout = (
        (("text", 12),),
        (("kind", 6), ("clause", 6)),
        (("severity", 6), ("project_type", 6)),
    )
    details = (
        ("amount", 3),
        ("percent", 3),
        ("factor", 3),
        ("base", 12),
        ("sources", 6),
        ("against", 6),
        ("categories", 6),
        ("tiers", 6),
        ("is_marginal", 6),
        ("matrix", 12),
        ("row", 6),
        ("column", 6),
    )
    more = (
        (("applies_when", 6), ("waived_when", 6)),
        (("hint", 12),),
        (("code", 6),),
        (("text_en", 12),),
        (("hint_en", 12),),
    )
    code_prefix = "M"
    amount = Wan(label=gettext_lazy("金额（万元）"))
    percent = PercentField(label=gettext_lazy("比例（%）"), required=False)
    factor = forms.DecimalField(
        label=gettext_lazy("倍数"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("1 表示分子 ≥ 分母 × 1"),
    )
    base = forms.CharField(
        label=gettext_lazy("基数（公式，元）"),
        required=False,
        widget=forms.TextInput(attrs={"list": "desk-bases", "class": "jd-code", "autocomplete": "off"}),
        help_text=gettext_lazy("例如 budget.total（总投入）、answers.题目代码"),
    )
    tiers = TiersField(
        label=gettext_lazy("分档"),
        help_text=gettext_lazy("每行一档：至 500 万元：30%；最后一档写“以上：20%”"),
    )
    matrix = MatrixField(
        label=gettext_lazy("强度矩阵"), help_text=gettext_lazy("每行：行 | 列 = 30%、列 = 20%")
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("科目"), required=False, widget=forms.CheckboxSelectMultiple
    )
    sources = forms.MultipleChoiceField(
        label=gettext_lazy("分子：这些来源合计"), required=False, widget=forms.CheckboxSelectMultiple
    )
    against = forms.MultipleChoiceField(
        label=gettext_lazy("分母：不少于这些来源的若干倍"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = MoneyRule
        fields = (
            "text",
            "kind",
            "clause",
            "severity",
            "amount",
            "base",
            "tiers",
            "is_marginal",
            "matrix",
            "row",
            "column",
            "categories",
            "sources",
            "against",
            "applies_when",
            "waived_when",
            "hint",
            "project_type",
            "code",
            "text_en",
            "hint_en",
        )
        widgets = {
            "text": short_text(2),
            "text_en": short_text(2),
            "hint_en": short_text(1),
            "hint": short_text(1),
            "row": formula(),
            "column": formula(),
            "applies_when": formula(),
            "waived_when": formula(),
        }
        help_texts = {
            "is_marginal": gettext_lazy("各档只对超过前一档的部分计算；不勾选时全额按所在档"),
            "row": gettext_lazy("例如 answers.field"),
            "column": gettext_lazy("例如 unit.size"),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rate = None if self.instance.rate is None else Decimal(plain(self.instance.rate))
        self.fields["percent"].initial = None if self.instance.kind in BY_FACTOR else rate
        self.fields["factor"].initial = rate if self.instance.kind in BY_FACTOR else None
        categories = remembered(self.call, "categories", lambda: list(self.call.budget_categories.all()))
        sources = remembered(self.call, "sources", lambda: list(self.call.funding_sources.all()))
        self.fields["categories"].choices = [(row.code, row.name) for row in categories]
        for name in ("sources", "against"):
            self.fields[name].choices = [(row.code, row.name) for row in sources]

    def lines(self):
        return [[(self[name], width) for name, width in line] for line in self.layout]

    def more_lines(self):
        return [[(self[name], width) for name, width in line] for line in self.more]

    def detail_fields(self) -> list[dict]:
        """Bound fields with the kinds that use them."""
        return [
            {"field": self[name], "width": width, "kinds": " ".join(self._kinds(name))}
            for name, width in self.details
        ]

    @staticmethod
    def _kinds(name):
        stored = {"percent": "rate", "factor": "rate"}.get(name, name)
        for kind in MoneyKind.values:
            wanted = name != "factor" if kind not in BY_FACTOR else name != "percent"
            if stored in money_kinds.fields_of(kind) and wanted:
                yield kind

    def clean(self):
        data = super().clean()
        kind = data.get("kind")
        if not kind:
            return data
        data["rate"] = data.get("factor") if kind in BY_FACTOR else data.get("percent")
        used = money_kinds.fields_of(kind)
        for name in (
            "amount",
            "base",
            "tiers",
            "matrix",
            "row",
            "column",
            "categories",
            "sources",
            "against",
        ):
            if name not in used and name in data:
                data[name] = type(data[name])() if isinstance(data[name], list | dict | str) else None
        self.instance.rate = data["rate"] if "rate" in used else None
        for name in NEEDS[kind]:
            field = {"rate": "factor" if kind in BY_FACTOR else "percent"}.get(name, name)
            if not data.get(name) and field not in self.errors:
                self.add_error(field, _("这一类条款要填写此项。"))
        codes = question_codes(self.call)
        for name in EXPRESSIONS:
            check_formula(self, name, codes=codes)
        if set(data.get("sources") or ()) & set(data.get("against") or ()):
            self.add_error("against", _("同一来源不能既在分子又在分母。"))
        return data

    def clean_code(self):
        code = super().clean_code()
        others = self.call.money_rules.exclude(pk=self.instance.pk)
        taken = set(others.values_list("code", flat=True))
        return code or next_code(self.code_prefix, taken)
