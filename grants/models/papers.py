"""Kinds of paper (纸质材料) that a notice wants counted apart: 3 forms, 11 blind sheets, 1 summary table."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call


class PaperKind(models.Model):
    """One kind of paper of an application and how many copies of it; together they are `paper_copies`."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="paper_kinds", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("材料名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    copies = models.PositiveSmallIntegerField(_("份数"))
    of = models.CharField(
        _("幅面和装订"), max_length=200, blank=True, help_text=_("例如：A3 双面，中缝装订；A4，左侧装订")
    )
    of_en = models.CharField(_("英文幅面和装订"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("纸质材料种类")
        verbose_name_plural = _("纸质材料种类")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="paper_kind_once"),
            models.CheckConstraint(condition=models.Q(copies__gte=1), name="paper_kind_copies"),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name
