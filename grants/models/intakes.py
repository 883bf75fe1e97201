"""Several closings of one notice (批次): each batch has moments of its own, for all or for one type."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.types import ProjectType


class Intake(models.Model):
    """One batch of a call. An application belongs to the batch that was open when it was handed in.

    A batch for several project types with moments of their own has a row of the same code for each. The
    moments have the names of those of a call: `grants.queries.moments_of` gives the one or the other.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="intakes", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("批次名称"), max_length=60)
    name_en = models.CharField(_("英文名称"), max_length=60, blank=True)
    project_type = models.ForeignKey(
        ProjectType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="intakes",
        verbose_name=_("项目类别"),
    )
    opens_at = models.DateTimeField(_("开始时间"))
    closes_at = models.DateTimeField(_("截止时间"))
    unit_closes_at = models.DateTimeField(
        _("单位审核截止"), null=True, blank=True, help_text=_("留空时按“单位审核”环节的期限")
    )
    recommender_closes_at = models.DateTimeField(
        _("推荐截止"), null=True, blank=True, help_text=_("留空时按“推荐审核”环节的期限")
    )
    planned_number = models.PositiveSmallIntegerField(
        _("本批拟立项数"), null=True, blank=True, help_text=_("决定时不得超过；留空不限")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("批次")
        verbose_name_plural = _("批次")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "code", "project_type"], name="intake_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=models.F("opens_at")), name="intake_closes_after_opening"
            ),
            models.CheckConstraint(
                condition=(Q(unit_closes_at=None) | Q(unit_closes_at__gte=models.F("closes_at")))
                & (Q(recommender_closes_at=None) | Q(recommender_closes_at__gte=models.F("closes_at"))),
                name="intake_offices_close_later",
            ),
            models.CheckConstraint(
                condition=Q(planned_number__isnull=True) | Q(planned_number__gte=1),
                name="intake_planned_at_least_one",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name

    @property
    def type_code(self) -> str:
        return self.project_type.code if self.project_type_id else ""

    def is_for(self, project_type: ProjectType | None) -> bool:
        """Whether projects of this type (of any version of the notice; None: not chosen yet) come into it."""
        return project_type is None or self.type_code in ("", project_type.code)
