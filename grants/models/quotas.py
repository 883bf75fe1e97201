"""Limits of a notice (限额): how many a unit hands in, a recommender recommends, are awarded."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.types import ProjectType


class QuotaOf(models.TextChoices):
    UNIT = "unit", _("每个申报单位")
    RECOMMENDER = "recommender", _("每个推荐单位")
    AWARD = "award", _("立项数")


class Quota(models.Model):
    """How many applications one unit may hand in, one recommender may pass on, or the call funds (限额).

    `region` limits a recommender's quota to one region's; empty: each region. With a `credit_code` the row is
    the own one of a unit or a recommender, in place of the row for each (限额表). `number`, or a CEL
    `formula` over `unit` (the applicant as of the opening day; for a recommender its own organisation). What
    the call funds is a number, or a percentage of the year's budget; with `applies_when` of some
    applications only.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="quotas", verbose_name=_("通知"))
    of = models.CharField(_("对象"), max_length=20, choices=QuotaOf)
    project_type = models.ForeignKey(
        ProjectType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="quotas",
        verbose_name=_("项目类别"),
    )
    region = models.CharField(_("区域代码"), max_length=6, blank=True)
    credit_code = models.CharField(_("单位统一社会信用代码"), max_length=18, blank=True)
    name = models.CharField(_("单位名称"), max_length=120, blank=True)
    question = models.SlugField(
        _("按题目分组"),
        blank=True,
        help_text=_("一道单选题的代码，例如院系、学科：同一单位里答案相同的分别计算；留空不分组"),
    )
    value = models.CharField(
        _("选项"),
        max_length=120,
        blank=True,
        help_text=_("只限这一个选项，替代各选项通用的一行；留空为每个选项"),
    )
    number = models.PositiveIntegerField(_("限额（项）"), null=True, blank=True)
    formula = models.TextField(_("限额公式（CEL）"), blank=True)
    applies_when = models.TextField(
        _("适用条件（CEL）"),
        blank=True,
        help_text=_("只用于立项数：只计算符合条件的申报，例如 unit.size != 'small'；缺少数据的算作符合"),
    )
    percent = models.DecimalField(
        _("资金占比不超过（%）"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text=_("只用于立项数：资助额合计不超过年度预算的百分之几，代替项数"),
    )
    per_intake = models.BooleanField(
        _("按批次计算"), default=False, help_text=_("每一批各有这么多；不勾选的，各批合计")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("限额")
        verbose_name_plural = _("限额")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "call",
                    "of",
                    "project_type",
                    "region",
                    "credit_code",
                    "question",
                    "value",
                    "per_intake",
                    "applies_when",
                ],
                name="quota_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=~Q(of="award") & Q(region="") | Q(credit_code=""), name="quota_credit_code_of_one"
            ),
            models.CheckConstraint(
                condition=Q(question="", value="") | Q(of="unit") & ~Q(question=""),
                name="quota_groups_of_unit",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=False, formula="", percent=None)
                | Q(number=None, percent=None) & ~Q(formula="")
                | Q(number=None, formula="", percent__gt=0, percent__lte=100),
                name="quota_number_or_formula",
            ),
            models.CheckConstraint(
                condition=~Q(of="award") | Q(formula=""), name="quota_of_awards_is_number"
            ),
            models.CheckConstraint(
                condition=Q(of="award") | Q(applies_when="", percent=None), name="quota_share_of_awards"
            ),
            models.CheckConstraint(
                condition=Q(of="recommender") | Q(region=""), name="quota_region_of_recommender"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        whose = self.name or self.credit_code or self.get_of_display()
        return f"{whose} {self.number if self.number is not None else self.formula}"
