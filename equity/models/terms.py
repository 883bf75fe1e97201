"""What a notice says of money that becomes a share: frozen with its call."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from grants.models import Call, frozen_with_call


class TriggerKind(models.TextChoices):
    FINANCING = "financing", _("获得外部融资")
    REVENUE = "revenue", _("营业收入达到")
    MILESTONE = "milestone", _("里程碑完成")
    DATE = "date", _("约定日期届满")


WITH_AMOUNT = (TriggerKind.FINANCING, TriggerKind.REVENUE)


class PriceFormula(models.TextChoices):
    """The least for which the share may be sold to the team or to somebody else."""

    ORIGINAL = "original", _("原始投资额")
    ORIGINAL_INTEREST = "original_interest", _("原始投资额加利息")
    ASSESSED = "assessed", _("评估备案价")


class EquityTerms(models.Model):
    """One row per call whose money becomes a share. Months and days are counted as the help texts say."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    max_percent = models.DecimalField(_("持股上限（%）"), max_digits=5, decimal_places=2, default=25)
    not_largest = models.BooleanField(_("不为第一大股东"), default=True)
    conversion_days = models.PositiveSmallIntegerField(
        _("转股办理期限（自然日）"), default=90, help_text=_("自触发之日起，完成估值、批准和工商变更登记")
    )
    repayment_days = models.PositiveSmallIntegerField(
        _("退还办理期限（工作日）"),
        default=10,
        help_text=_("自局领导决定退还之日起要求退回；自退清之日起确认办结"),
    )
    step_days = models.PositiveSmallIntegerField(
        _("每一步办理期限（工作日）"),
        default=10,
        help_text=_("主管部门确定受托机构、核实触发、决定转股和退出、登记到账、分配收益，各自的期限"),
    )
    valuation_months = models.PositiveSmallIntegerField(_("估值间隔（月）"), default=12)
    report_months = models.PositiveSmallIntegerField(_("报送间隔（月）"), default=6)
    max_holding_months = models.PositiveSmallIntegerField(_("最长持股期（月）"), default=60)
    buy_back_after_months = models.PositiveSmallIntegerField(
        _("回购期开始（持股满几个月）"), null=True, blank=True, help_text=_("没有约定回购期的留空")
    )
    buy_back_months = models.PositiveSmallIntegerField(_("回购期长度（月）"), null=True, blank=True)
    team_first = models.BooleanField(_("团队优先回购"), default=True, help_text=_("回购期内不转让给他人"))
    price_formula = models.CharField(
        _("最低价格"), max_length=20, choices=PriceFormula, default=PriceFormula.ORIGINAL
    )
    interest_percent = models.DecimalField(
        _("年利率（%）"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("单利，按实际天数"),
    )
    interest_after_months = models.PositiveSmallIntegerField(
        _("计息起点（持股满几个月）"), default=0, help_text=_("未满时按原始投资额，满后按全部持股天数计息")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    report_clause = models.CharField(_("报送与估值条款"), max_length=60, blank=True)
    exit_clause = models.CharField(_("退出条款"), max_length=60, blank=True)
    split_clause = models.CharField(_("收益分配条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("股权条件")
        verbose_name_plural = pgettext_lazy("list", "股权条件")
        constraints = [
            models.CheckConstraint(
                condition=Q(max_percent__gt=0, max_percent__lte=100), name="equity_terms_percent"
            ),
            models.CheckConstraint(
                condition=Q(
                    conversion_days__gt=0,
                    repayment_days__gt=0,
                    step_days__gt=0,
                    valuation_months__gt=0,
                    report_months__gt=0,
                    max_holding_months__gt=0,
                ),
                name="equity_terms_periods",
            ),
            models.CheckConstraint(
                condition=Q(buy_back_after_months__isnull=True, buy_back_months__isnull=True)
                | Q(buy_back_after_months__isnull=False, buy_back_months__gt=0),
                name="equity_terms_window_whole",
            ),
            models.CheckConstraint(
                condition=Q(price_formula="original_interest", interest_percent__gt=0)
                | ~Q(price_formula="original_interest") & Q(interest_percent__isnull=True),
                name="equity_terms_interest",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return str(self.call)


class TriggerTemplate(models.Model):
    """One event on which the money becomes a share; of several the first that happens counts."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    kind = models.CharField(_("触发事件"), max_length=20, choices=TriggerKind)
    amount = models.DecimalField(_("不少于（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    milestone_code = models.SlugField(_("里程碑代码"), blank=True)
    months = models.PositiveSmallIntegerField(_("期限（月）"), help_text=_("自任务书开始之日起"))
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("触发条件")
        verbose_name_plural = pgettext_lazy("list", "触发条件")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "order"], name="trigger_template_order_once"),
            models.CheckConstraint(condition=Q(months__gt=0), name="trigger_template_has_term"),
            models.CheckConstraint(
                condition=Q(kind__in=["financing", "revenue"], amount__gt=0)
                | ~Q(kind__in=["financing", "revenue"]) & Q(amount__isnull=True),
                name="trigger_template_amount",
            ),
            models.CheckConstraint(
                condition=Q(kind="milestone") & ~Q(milestone_code="")
                | ~Q(kind="milestone") & Q(milestone_code=""),
                name="trigger_template_milestone",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.get_kind_display()


class PayeeTemplate(models.Model):
    """Who shares in the income (收益分配). The shares of a call add up to 100 (checked before publishing)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    name = models.CharField(_("分配给"), max_length=60)
    share = models.DecimalField(_("比例（%）"), max_digits=5, decimal_places=2)
    is_pool = models.BooleanField(
        _("资金池"), default=False, help_text=_("收回的本金和分配的尾差归这里；每个通知一行")
    )

    class Meta:
        verbose_name = _("收益分配")
        verbose_name_plural = pgettext_lazy("list", "收益分配")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "order"], name="payee_template_order_once"),
            models.UniqueConstraint(fields=["call", "name"], name="payee_template_name_once"),
            models.UniqueConstraint(
                fields=["call"], condition=Q(is_pool=True), name="payee_template_one_pool"
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=100), name="payee_template_share_percent"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name
