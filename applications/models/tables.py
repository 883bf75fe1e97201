"""The stamped summary table of a unit (盖章的单位申报汇总表), where a notice asks for it."""

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from applications.models.application import Application
from grants.models import Call


class UnitTableQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whoever may see an application of the unit in the call: the unit, its recommender, the bureau."""
        seen = Application.objects.visible_to(user).filter(
            call__series=OuterRef("series"), organisation=OuterRef("organisation"), submitted_at__isnull=False
        )
        return self.filter(Exists(seen))


class UnitTable(models.Model):
    """That a unit owes its stamped table for a call, in any version; the files are `Document`s of it.

    `call` is the version to which the unit handed in last: its clauses hold.
    """

    event_verbs = {"table_uploaded": _("上传盖章的汇总表"), "table_missed": _("逾期未上传盖章的汇总表")}

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    series = models.UUIDField(_("通知系列"))
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("单位"))

    objects = UnitTableQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位申报汇总表")
        verbose_name_plural = _("单位申报汇总表")
        constraints = [
            models.UniqueConstraint(fields=["series", "organisation"], name="unit_table_once"),
        ]

    def __str__(self):
        return f"{self.organisation} · {self.call}"
