"""How a notice accepts a project (验收、结题): its panel, its score sheet, the grades of the conclusion."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from awards.models import ProjectQuerySet
from grants.models import Call, frozen_with_call
from milestones.models.promises import Report
from reviews.models import Aggregation, Expert

WHOLE = 100


class AcceptanceScheme(models.Model):
    """One milestone of a call is accepted by a panel and concluded with a grade.

    A conclusion that does not pass leaves `again_times` further acceptances, each within `again_months`.
    """

    call = models.OneToOneField(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    milestone_code = models.SlugField(_("哪个里程碑"), help_text=_("按验收意见和等次作出结论的里程碑"))
    panel_size = models.PositiveSmallIntegerField(
        _("专家至少几人"),
        default=5,
        validators=[MaxValueValidator(50)],
        help_text=_("0 为不组织专家，由主管部门直接作出结论"),
    )
    aggregation = models.CharField(
        _("计分方法"), max_length=20, choices=Aggregation, default=Aggregation.MEAN
    )
    by_leader = models.BooleanField(
        _("由局领导作出结论"),
        default=False,
        help_text=_("项目主管登记验收意见，局领导作出结论；退回补充仍由主管办理"),
    )
    again_times = models.PositiveSmallIntegerField(
        _("可以再次验收几次"), default=0, validators=[MaxValueValidator(9)]
    )
    again_months = models.PositiveSmallIntegerField(
        _("再次验收在几个月内"), default=6, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("验收方案")
        verbose_name_plural = pgettext_lazy("list", "验收方案")
        triggers = frozen_with_call()

    def __str__(self):
        return str(self.call)


class AcceptanceCriterion(models.Model):
    """One line of the score sheet; weights of a call add up to 100."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("指标"), max_length=120)
    name_en = models.CharField(_("英文指标"), max_length=120, blank=True)
    weight = models.DecimalField(_("权重（%）"), max_digits=5, decimal_places=2)
    max_score = models.DecimalField(_("满分"), max_digits=5, decimal_places=2, default=100)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("验收指标")
        verbose_name_plural = pgettext_lazy("list", "验收指标")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="acceptance_criterion_code_once"),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=WHOLE, max_score__gt=0),
                name="acceptance_criterion_positive",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class AcceptanceBonus(models.Model):
    """Points that the notice adds to the panel's score, or takes off, where a condition holds (加分)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    name = models.CharField(_("情形"), max_length=120)
    name_en = models.CharField(_("英文情形"), max_length=240, blank=True)
    points = models.DecimalField(_("加分"), max_digits=5, decimal_places=2, help_text=_("减分写负数"))
    when = models.TextField(
        _("条件（公式）"), help_text=_("成立时加分，可以用申报表和验收材料的答案，例如 answers.standards > 0")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("验收加分")
        verbose_name_plural = pgettext_lazy("list", "验收加分")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "name"], name="acceptance_bonus_name_once"),
            models.CheckConstraint(
                condition=~Q(points=0) & ~Q(when=""), name="acceptance_bonus_says_something"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class AcceptanceGrade(models.Model):
    """One conclusion (优秀、合格、不合格) and what follows from it for the money.

    Of the grades in their order the first whose `score` is reached and whose `when` holds is proposed;
    where no grade has either, whoever concludes chooses.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("结论"), max_length=60)
    name_en = models.CharField(_("英文结论"), max_length=60, blank=True)
    passes = models.BooleanField(_("通过"), default=True)
    score = models.DecimalField(
        _("起点分"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("得分（含加分）达到才给"),
    )
    when = models.TextField(
        _("给谁（公式）"),
        blank=True,
        help_text=_("另须成立的条件，例如 report.spent_amount >= times(award.amount, 0.8)"),
    )
    share = models.DecimalField(
        _("支付比例（%）"),
        max_digits=5,
        decimal_places=2,
        default=WHOLE,
        help_text=_("凭这个里程碑拨付的各笔付百分之几，其余不再拨付；不通过的不付"),
    )
    premium = models.DecimalField(
        _("另奖励（元）"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("资助额以外的奖励，列入年度预算，作为一笔拨款"),
    )
    refund = models.DecimalField(
        _("退回已付的（%）"),
        max_digits=5,
        decimal_places=2,
        default=0,
        help_text=_("结论作出后要求退回已付资金的百分之几"),
    )
    refund_days = models.PositiveSmallIntegerField(
        _("退回期限（天）"), default=30, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("验收结论")
        verbose_name_plural = pgettext_lazy("list", "验收结论")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="acceptance_grade_code_once"),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=WHOLE, refund__gte=0, refund__lte=WHOLE)
                & (Q(premium__isnull=True) | Q(premium__gt=0)),
                name="acceptance_grade_percents",
            ),
            models.CheckConstraint(
                condition=Q(passes=True, refund=0) | Q(passes=False, premium__isnull=True),
                name="acceptance_grade_pays_who_passes",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name

    @property
    def pays(self) -> Decimal:
        """The share of what waits for the milestone that is paid, 0–100."""
        return self.share if self.passes else Decimal(0)


class HearingQuerySet(ProjectQuerySet):
    path = "report__milestone__agreement__award__"


class Hearing(models.Model):
    """What a panel made of a hand-in (验收意见), booked by the manager; of several the last counts.

    Its minutes are `Document`s about it. `total`: the panel's score with the bonuses; None without scores.
    """

    report = models.ForeignKey(Report, models.PROTECT, related_name="+", verbose_name=_("里程碑报告"))
    held_date = models.DateField(_("验收日期"))
    opinion = models.TextField(_("验收意见"))
    score = models.DecimalField(_("专家得分"), max_digits=6, decimal_places=2, null=True, blank=True)
    bonuses = models.JSONField(_("加分"), default=list, blank=True)
    """[{"name": …, "points": "5.00", "clause": …}] as they counted."""
    total = models.DecimalField(_("总分"), max_digits=6, decimal_places=2, null=True, blank=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("登记人")
    )
    booked_at = models.DateTimeField(_("登记时间"))

    objects = HearingQuerySet.as_manager()

    class Meta:
        verbose_name = _("验收意见")
        verbose_name_plural = pgettext_lazy("list", "验收意见")
        ordering = ["-booked_at", "-id"]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.report} {self.held_date}"


class Panellist(models.Model):
    """One expert of a hearing with the scores given; `expert`: who of the library it is, where there."""

    hearing = models.ForeignKey(Hearing, models.PROTECT, related_name="panel", verbose_name=_("验收意见"))
    expert = models.ForeignKey(
        Expert, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("专家库")
    )
    name = models.CharField(_("姓名"), max_length=60)
    organisation_name = models.CharField(_("单位"), max_length=120)
    title = models.CharField(_("职称"), max_length=60, blank=True)
    scores = models.JSONField(_("评分"), default=dict, blank=True, help_text=_("{指标代码: 分数}"))
    total = models.DecimalField(_("得分"), max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("验收专家")
        verbose_name_plural = _("验收专家")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["hearing", "name", "organisation_name"], name="panellist_once"),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return self.name
