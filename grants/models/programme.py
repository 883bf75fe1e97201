"""Standing programmes and the numbers given out under them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from grants.models.words import in_readers_language


class Programme(models.Model):
    """A standing programme (科技计划), run by a department."""

    slug = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("计划名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    summary = models.TextField(_("简介"), blank=True)
    department = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("主管处室"))

    class Meta:
        verbose_name = _("科技计划")
        verbose_name_plural = pgettext_lazy("list", "科技计划")
        ordering = ["slug"]

    def __str__(self):
        return in_readers_language(self, "name")


class NumberSequence(models.Model):
    """The last number given out per prefix; numbers are never reused."""

    prefix = models.CharField(max_length=60, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("编号序列")
        verbose_name_plural = _("编号序列")

    def __str__(self):
        return f"{self.prefix}{self.last}"
