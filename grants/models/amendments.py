"""Amendments (修订) of a published call."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call


class Amendment(models.Model):
    """What a new version of a notice changed, for everybody to read (修订说明)."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="amendment", verbose_name=_("新版本"))
    summary = models.TextField(_("修订说明"))
    changes = models.JSONField(_("变更明细"), default=list, help_text=_("[{part, item, field, old, new}]"))
    published_at = models.DateTimeField(_("公布时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("修订")
        verbose_name_plural = _("修订")
        triggers = [
            pgtrigger.Protect(
                name="published_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__published_at__isnull=False),
            )
        ]

    def __str__(self):
        return self.summary[:60]
