"""Nomination by persons (专家提名): so many people of one kind, signing each for themselves."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.types import ProjectType


class NominatorGroup(models.Model):
    """One way of being nominated: `least` people of whom `who` says that they may.

    Of the ways that hold for an application every `required` one must be met (references, the consent of a
    host), of the others any one is enough; where one of these holds no office recommends.
    `who` and `applies_when` are CEL; `who` may also name the `nominator`.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="nominator_groups", verbose_name=_("通知"))
    project_type = models.ForeignKey(
        ProjectType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("项目类别"),
        help_text=_("留空时各类别共用"),
    )
    name = models.CharField(_("提名人"), max_length=120, help_text=_("例如：中国科学院院士、中国工程院院士"))
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    least = models.PositiveSmallIntegerField(_("至少几人"), default=1)
    who = models.TextField(
        _("提名人条件（CEL）"),
        help_text=_("提名人本人须符合的条件，写 nominator.title、nominator.records 等"),
    )
    hint = models.TextField(_("不符合时的提示"), blank=True)
    applies_when = models.TextField(
        _("适用条件（CEL）"), blank=True, help_text=_("留空时各项目都可以由这些人提名")
    )
    per_year = models.PositiveSmallIntegerField(
        _("每人每年最多提名（项）"), null=True, blank=True, help_text=_("同一计划同一年度；留空不限")
    )
    of_units = models.PositiveSmallIntegerField(
        _("完成单位的提名人最多（人）"),
        null=True,
        blank=True,
        help_text=_("与申报单位、合作单位同一单位的提名人；0 表示不得有，留空不限"),
    )
    required = models.BooleanField(
        _("必须达到"),
        default=False,
        help_text=_(
            "例如推荐信、接收单位同意函：每个必须达到的都要达到，不是任选一种；只有这类的仍经推荐审核"
        ),
    )
    leader_first = models.BooleanField(_("牵头提名人先签"), default=False)
    clause = models.CharField(_("条款"), max_length=60)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("专家提名")
        verbose_name_plural = _("专家提名")
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(condition=Q(least__gte=1), name="nominator_group_of_somebody"),
            models.CheckConstraint(
                condition=Q(per_year__isnull=True) | Q(per_year__gte=1), name="nominator_group_per_year"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name
