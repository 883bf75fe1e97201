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


class ReviewedRequest(ProjectRequest):
    """One that the unit's administrator passes on or sends back first, where the notice wants that."""

    unit_opinion = models.TextField(_("单位审核意见"), blank=True)
    unit_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("单位审核人"),
    )
    unit_at = models.DateTimeField(_("单位审核时间"), null=True, blank=True)

    class Meta(ProjectRequest.Meta):
        abstract = True


def decided_by_whom(name: str) -> models.CheckConstraint:
    """What was approved or refused names who did it and when; nothing else does."""
    return models.CheckConstraint(
        condition=Q(state__in=["approved", "refused"], decided_by__isnull=False, decided_at__isnull=False)
        | ~Q(state__in=["approved", "refused"]) & Q(decided_by__isnull=True, decided_at__isnull=True),
        name=name,
    )


def reviewed_by_unit(name: str) -> list[models.CheckConstraint]:
    """Who reviewed it for the unit and when; nothing before, and a reason where it was sent back."""
    return [
        models.CheckConstraint(
            condition=Q(unit_at__isnull=True, unit_by__isnull=True)
            | Q(unit_at__isnull=False, unit_by__isnull=False),
            name=f"{name}_unit_at_by",
        ),
        models.CheckConstraint(
            condition=~Q(state="unit_review") | Q(unit_at__isnull=True), name=f"{name}_not_yet_reviewed"
        ),
        models.CheckConstraint(
            condition=~Q(state="returned") | Q(unit_at__isnull=False) & ~Q(unit_opinion=""),
            name=f"{name}_returned_has_reason",
        ),
    ]
