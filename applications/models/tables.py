"""The stamped summary tables (盖章的汇总表) that a notice asks of each unit, or of each recommender."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from applications.models.application import Application
from applications.models.recommending import for_offices
from grants.models import Call


class TableOf(models.TextChoices):
    UNIT = "unit", _("盖章的单位申报汇总表")
    RECOMMENDER = "recommender", _("盖章的推荐汇总表")


class StampedTableQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A unit's: whoever may see an application of it in the call: the unit, its recommender, the bureau.

        A recommender's: the office itself and the bureau, as with its letters.
        """
        seen = Application.objects.visible_to(user).filter(
            call__series=OuterRef("series"), organisation=OuterRef("organisation"), submitted_at__isnull=False
        )
        wanted = Q(Exists(seen), of=TableOf.UNIT)
        if not user.is_authenticated:
            return self.none()
        if user.scope.sees_everything:
            return self.filter(wanted | Q(of=TableOf.RECOMMENDER))
        bureau = Q(call__programme__department_id__in=user.scope.departments)
        offices = bureau | for_offices(user, "organisation")
        return self.filter(wanted | Q(offices, of=TableOf.RECOMMENDER))

    def owed_by(self, user):
        """Tables that the person may hand in: of units that they administer, of offices that they hold."""
        units = Q(of=TableOf.UNIT, organisation__in=user.scope.admin_units)
        return self.filter(units | Q(for_offices(user, "organisation"), of=TableOf.RECOMMENDER))


class StampedTable(models.Model):
    """That a unit or a recommender owes its stamped table for a call, in any version; the files are
    `Document`s of it.

    `call` is the version to which was handed in last: its clauses hold. A recommender is an office: an
    organisation and its region.
    """

    event_verbs = {"table_uploaded": _("上传盖章的汇总表"), "table_missed": _("逾期未上传盖章的汇总表")}

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    series = models.UUIDField(_("通知系列"))
    of = models.CharField(_("种类"), max_length=12, choices=TableOf, default=TableOf.UNIT)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, related_name="+", verbose_name=_("单位")
    )
    region = models.CharField(_("管辖区域代码"), max_length=6, blank=True)
    batch = models.SlugField(_("批次代码"), blank=True, help_text=_("分批受理的，每批各有一份"))

    objects = StampedTableQuerySet.as_manager()

    class Meta:
        verbose_name = _("盖章的汇总表")
        verbose_name_plural = _("盖章的汇总表")
        constraints = [
            models.UniqueConstraint(
                fields=["series", "of", "organisation", "region", "batch"],
                name="stamped_table_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(of="recommender") | Q(organisation__isnull=False, region=""),
                name="stamped_table_of_a_unit",
            ),
        ]

    def __str__(self):
        return f"{self.organisation or self.region} · {self.call}"
