"""That a participant agrees to take part (知情同意)."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.sealed import sealed_after_submission


class Consent(models.Model):
    """One person's own word, from their own account, by the number of their record (个人档案)."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="consents")
    person_key = models.CharField(_("证件号码"), max_length=21)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("本人"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("参与确认")
        verbose_name_plural = _("参与确认")
        constraints = [
            models.UniqueConstraint(fields=["application", "person_key"], name="consent_once"),
            models.CheckConstraint(condition=~models.Q(person_key=""), name="consent_of_somebody"),
        ]
        triggers = sealed_after_submission()

    def __str__(self):
        return str(self.by)
