"""What a unit or a recommender signed when it passed an application on."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from applications import states
from applications.models.application import Application


class SignOff(models.Model):
    """The pledge, the days of showing it inside, the opinion: as the step of the notice asks. Never changes.

    Its file is a `Document` of the application. Whoever reads the application reads it.
    """

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="sign_offs", verbose_name=_("申报书")
    )
    version = models.PositiveSmallIntegerField(_("版本"))
    step = models.CharField(_("环节"), max_length=30, choices=states.ApplicationState)
    pledge = models.TextField(_("承诺"), blank=True)
    shown_from_date = models.DateField(_("内部公示开始"), null=True, blank=True)
    shown_to_date = models.DateField(_("内部公示结束"), null=True, blank=True)
    opinion = models.TextField(_("意见"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("签署人"),
    )
    at = models.DateTimeField(_("签署时间"))

    class Meta:
        verbose_name = _("单位或推荐单位的签署")
        verbose_name_plural = _("单位或推荐单位的签署")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "version", "step"], name="sign_off_once"),
            models.CheckConstraint(
                condition=Q(shown_from_date=None, shown_to_date=None)
                | Q(shown_from_date__isnull=False, shown_to_date__gte=F("shown_from_date")),
                name="sign_off_shown_from_to",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.get_step_display()} v{self.version}"
