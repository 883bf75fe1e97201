"""What a project or its officers ask for and the bureau decides: who asked why, who decided what."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from awards.models import Agreement, ProjectQuerySet


class RequestQuerySet(ProjectQuerySet):
    path = "agreement__award__"


class ProjectRequest(models.Model):
    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    reason = models.TextField(_("理由"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人")
    )
    submitted_at = models.DateTimeField(_("申请时间"))
    opinion = models.TextField(_("审批意见"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审批人"),
    )
    decided_at = models.DateTimeField(_("审批时间"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-submitted_at", "-id"]


def decided_by_whom(name: str) -> models.CheckConstraint:
    """What was approved or refused names who did it and when; nothing else does."""
    return models.CheckConstraint(
        condition=Q(state__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False)
        | ~Q(state__in=["approved", "refused"]) & Q(decided_by__isnull=True, decided_at__isnull=True),
        name=name,
    )
