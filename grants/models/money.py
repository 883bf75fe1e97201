"""Budget tables and the money clauses of a notice. Amounts are 元, rates are shares of one."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.eligibility import Severity
from grants.models.frozen import frozen_with_call
from grants.models.types import ProjectType


class BudgetCategory(models.Model):
    """A row of the budget table (设备费, 业务费, 劳务费, 间接费用 …)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="budget_categories", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("科目"), max_length=60)
    name_en = models.CharField(_("英文科目"), max_length=60, blank=True)
    is_fiscal_allowed = models.BooleanField(
        _("可列支财政资金"), default=True, help_text=_("“不得列支”的科目取消勾选")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("预算科目")
        verbose_name_plural = _("预算科目")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="budget_category_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class FundingSource(models.Model):
    """A column of the budget table (财政资金, 自筹, 发榜方投入 …)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="funding_sources", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("来源"), max_length=60)
    name_en = models.CharField(_("英文来源"), max_length=60, blank=True)
    is_fiscal = models.BooleanField(_("财政资金"), default=False)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("资金来源")
        verbose_name_plural = _("资金来源")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="funding_source_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class MoneyKind(models.TextChoices):
    """The forms that money clauses take (see `applications.money_rules` for what each needs)."""

    CAP = "cap", _("申请额上限")
    FLOOR = "floor", _("申请额下限")
    FIXED = "fixed", _("定额")
    UNIT_CAP = "unit_cap", _("单位本批累计上限")
    PLAN_YEAR_CAP = "plan_year_cap", _("单位本年度本计划累计上限")
    UNIT_YEAR_CAP = "unit_year_cap", _("单位本年度各计划累计上限")
    SHARE = "share", _("占基数的比例上限")
    TIERS = "tiers", _("分档上限")
    INTENSITY = "intensity", _("资助强度矩阵")
    RATIO = "ratio", _("资金配比")
    CATEGORY_SHARE = "category_share", _("科目占比上限")
    CATEGORY_TIERS = "category_tiers", _("科目分档上限（间接费用）")


class MoneyRule(models.Model):
    """A money clause as one row. What a kind does not need stays empty; `grants.money_rules` checks it.

    `base` is a CEL number in 元 (`budget.total`, `answers.contract_amount`); `tiers` are [upper bound in 元
    or null, rate] ascending; `matrix` is {row: {column: rate}} chosen by the CEL texts `row` and `column`.
    A ratio says: `sources` together ≥ `rate` × `against` together (own : fiscal by codes of sources).
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="money_rules", verbose_name=_("通知"))
    project_type = models.ForeignKey(
        ProjectType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="money_rules",
        verbose_name=_("项目类别"),
    )
    code = models.SlugField(_("代码"))
    kind = models.CharField(_("类型"), max_length=20, choices=MoneyKind)
    text = models.TextField(_("条文"))
    text_en = models.TextField(_("英文条文"), blank=True)
    clause = models.CharField(_("条款"), max_length=60)
    severity = models.CharField(
        _("效力"),
        max_length=20,
        choices=[choice for choice in Severity.choices if choice[0] != Severity.PREFERENCE],
        default=Severity.BLOCKING,
    )
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    rate = models.DecimalField(_("比例"), max_digits=9, decimal_places=6, null=True, blank=True)
    base = models.TextField(_("基数（CEL，元）"), blank=True)
    tiers = models.JSONField(_("分档"), default=list, blank=True)
    is_marginal = models.BooleanField(_("超额累进"), default=True)
    matrix = models.JSONField(_("强度矩阵"), default=dict, blank=True)
    row = models.TextField(_("矩阵行（CEL）"), blank=True)
    column = models.TextField(_("矩阵列（CEL）"), blank=True)
    categories = ArrayField(models.CharField(max_length=50), default=list, blank=True, verbose_name=_("科目"))
    sources = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, verbose_name=_("分子来源")
    )
    against = ArrayField(
        models.CharField(max_length=50), default=list, blank=True, verbose_name=_("分母来源")
    )
    applies_when = models.TextField(_("适用条件（CEL）"), blank=True)
    waived_when = models.TextField(_("豁免条件（CEL）"), blank=True)
    hint = models.TextField(_("不符合时的提示"), blank=True)
    hint_en = models.TextField(_("英文提示"), blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("经费条款")
        verbose_name_plural = _("经费条款")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "project_type", "code"], name="money_rule_once", nulls_distinct=False
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return f"{self.code} {self.text[:40]}"


class ClaimScheme(models.Model):
    """Which table of the form is decided row by row (逐笔核定), and what of each row may be reduced.

    What may be granted is at most `share` of what is approved, and what the call's own caps and money clauses
    say of the rows that were accepted.
    """

    call = models.OneToOneField(Call, models.CASCADE, related_name="claim_scheme", verbose_name=_("通知"))
    question = models.SlugField(_("申领明细表"), help_text=_("申报表里表格题的代码"))
    column = models.SlugField(_("核定金额的列"), help_text=_("该表中一列金额的代码"))
    share = models.DecimalField(
        _("不超过核定合计的比例"), max_digits=9, decimal_places=6, default=1, help_text=_("1 为全额")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("逐笔核定")
        verbose_name_plural = _("逐笔核定")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=1), name="claim_scheme_share_in_order"
            )
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return f"{self.question}.{self.column}"
