"""Rehearsals of a draft's rules on applications that are there already."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models import Call


class RehearsalQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of calls whose drafts one may see."""
        return self.filter(call__in=Call.objects.visible_to(user)) if user.is_staff else self.none()


class Rehearsal(models.Model):
    """One run (试运行) of a call's rules: who would pass, who would fail, and by which clause.

    `result`: {"rules": [{code, text, clause, statuses}], "failing": [{application, title, unit, codes}]}.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    source = models.ForeignKey(
        Call, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("样本来自")
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("发起人")
    )
    started_at = models.DateTimeField(_("开始时间"))
    claimed_at = models.DateTimeField(_("开始执行"), null=True, blank=True)
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    total = models.PositiveIntegerField(_("样本数"), default=0)
    done = models.PositiveIntegerField(_("已完成"), default=0)
    result = models.JSONField(_("结果"), default=dict)

    objects = RehearsalQuerySet.as_manager()

    class Meta:
        verbose_name = _("试运行")
        verbose_name_plural = _("试运行")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(done__lte=models.F("total")), name="rehearsal_done_within_total"
            )
        ]

    def __str__(self):
        return f"{self.call} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100
