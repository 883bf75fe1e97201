"""What the money of a project came to that was ended before its time (终止结算)."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from awards.models import Agreement, ProjectQuerySet
from core.money import wan


class SettlementQuerySet(ProjectQuerySet):
    path = "agreement__award__"


class Settlement(models.Model):
    """Paid and recognised as spent; the rest is to come back. Written once."""

    agreement = models.OneToOneField(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    paid = models.DecimalField(_("已付（元）"), max_digits=14, decimal_places=2)
    recognised = models.DecimalField(_("核定支出（元）"), max_digits=14, decimal_places=2)
    note = models.TextField(_("核定说明"))
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("核定人")
    )
    settled_at = models.DateTimeField(_("核定时间"))

    objects = SettlementQuerySet.as_manager()

    class Meta:
        verbose_name = _("终止结算")
        verbose_name_plural = pgettext_lazy("list", "终止结算")
        ordering = ["-settled_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(recognised__gte=0, recognised__lte=F("paid")), name="settlement_within_paid"
            )
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.agreement.award.number} {wan(self.recognised)}"

    @property
    def to_return(self):
        return self.paid - self.recognised
