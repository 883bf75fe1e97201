"""Project types (项目类别) of a call."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.words import in_readers_language


class ProjectType(models.Model):
    """A kind of project within one call (项目类别) with its own rules, form parts, cap and ratio.

    What a type leaves empty is the call's. Amounts in 元.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="types", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("项目类别"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    summary = models.TextField(_("说明"), blank=True)
    summary_en = models.TextField(_("英文说明"), blank=True)
    is_funded = models.BooleanField(
        _("安排财政资金"), default=True, help_text=_("自筹类、立项不资助的类别不勾选：申请和资助都是 0")
    )
    cap = models.DecimalField(_("资助上限（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    cap_clause = models.CharField(_("上限条款"), max_length=60, blank=True)
    own_per_fiscal = models.DecimalField(
        _("自筹与财政之比不低于"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    own_clause = models.CharField(_("配套条款"), max_length=60, blank=True)
    planned_number = models.PositiveSmallIntegerField(_("拟立项数"), null=True, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("项目类别")
        verbose_name_plural = _("项目类别")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="project_type_once"),
            models.CheckConstraint(condition=Q(cap__isnull=True) | Q(cap__gt=0), name="project_type_cap"),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return in_readers_language(self, "name")
