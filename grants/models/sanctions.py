"""What a notice says follows when a project does not keep its promises (违约处理)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call


class SanctionWhen(models.TextChoices):
    """What happened to the project."""

    LATE = "late", _("里程碑、报告逾期未提交")
    FAILED = "failed", _("里程碑未通过")
    TERMINATED = "terminated", _("项目终止")
    REVOKED = "revoked", _("项目撤销")


OF_MILESTONES = (SanctionWhen.LATE, SanctionWhen.FAILED)


class SanctionBars(models.TextChoices):
    """Who may not apply while it is in force."""

    LEADER = "leader", _("项目负责人")
    UNIT = "unit", _("承担单位")
    BOTH = "both", _("负责人和承担单位")
    NOBODY = "nobody", _("不限制申报")


OF_PEOPLE = (SanctionBars.LEADER, SanctionBars.BOTH)


class SanctionTerm(models.Model):
    """One consequence: who is barred for how long, by how many the unit's limit is cut, whether it is public.

    Nothing happens by itself: a manager proposes it for one project, a leader decides.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="sanction_terms", verbose_name=_("通知"))
    when = models.CharField(_("情形"), max_length=20, choices=SanctionWhen)
    milestone_code = models.SlugField(
        _("里程碑代码"), blank=True, help_text=_("只用于里程碑逾期或未通过；留空为任何一个里程碑或报告")
    )
    bars = models.CharField(_("限制申报"), max_length=10, choices=SanctionBars, default=SanctionBars.LEADER)
    joining_too = models.BooleanField(
        _("也不得参与"), default=False, help_text=_("负责人作为成员、单位作为合作单位参与申报也受限")
    )
    plans = models.JSONField(
        _("限制申报的计划"), default=list, blank=True, help_text=_("计划代码；留空为本系统的全部计划")
    )
    members_too = models.BooleanField(
        _("成员也受限"), default=False, help_text=_("提出时项目的在任成员与负责人同样受限")
    )
    months = models.PositiveSmallIntegerField(
        _("期限（月）"), null=True, blank=True, default=24, help_text=_("自决定之日起；留空为永久")
    )
    quota_cut = models.PositiveSmallIntegerField(
        _("核减单位限额（项）"), default=0, help_text=_("期限内单位在各通知的申报限额减少几项")
    )
    is_public = models.BooleanField(
        _("公开通报"), default=False, help_text=_("期限内在通知页公开项目、单位和处理结果")
    )
    text = models.TextField(_("条文"))
    text_en = models.TextField(_("英文条文"), blank=True)
    clause = models.CharField(_("条款"), max_length=60)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("违约处理")
        verbose_name_plural = _("违约处理")
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(
                condition=Q(when__in=["late", "failed"]) | Q(milestone_code=""),
                name="sanction_term_milestone_of_milestones",
            ),
            models.CheckConstraint(
                condition=~Q(bars="nobody") | Q(quota_cut__gte=1) | Q(is_public=True),
                name="sanction_term_does_something",
            ),
            models.CheckConstraint(
                condition=~Q(bars="nobody") | Q(joining_too=False), name="sanction_term_joining_of_the_barred"
            ),
            models.CheckConstraint(
                condition=Q(members_too=False) | Q(bars__in=["leader", "both"]),
                name="sanction_term_members_as_the_leader",
            ),
            models.CheckConstraint(
                condition=Q(months__isnull=True) | Q(months__gte=1), name="sanction_term_lasts"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return f"{self.get_when_display()}：{self.get_bars_display()}"
