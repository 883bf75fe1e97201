"""More time for a project (延期): what is asked, which milestones move, what was decided."""

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from milestones import states
from milestones.models.promises import Milestone
from milestones.models.requests import (
    RequestQuerySet,
    ReviewedRequest,
    decided_by_whom,
    reviewed_by_unit,
)


class ExtensionQuerySet(RequestQuerySet):
    def open(self):
        return self.filter(state__in=[states.ExtensionState.UNIT_REVIEW, states.ExtensionState.SUBMITTED])

    def approved(self):
        return self.filter(state=states.ExtensionState.APPROVED)


class Extension(ReviewedRequest):
    """A request for a later end of a project. One is open at a time; what was asked never changes."""

    machine = states.EXTENSION

    old_ends_date = models.DateField(_("原结束日期"))
    ends_date = models.DateField(_("申请延至"))
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ExtensionState, default=states.ExtensionState.UNIT_REVIEW
    )

    objects = ExtensionQuerySet.as_manager()

    class Meta(ReviewedRequest.Meta):
        verbose_name = _("延期申请")
        verbose_name_plural = pgettext_lazy("list", "延期申请")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=["unit_review", "submitted"]),
                name="extension_one_open",
            ),
            models.CheckConstraint(condition=Q(ends_date__gt=F("old_ends_date")), name="extension_is_later"),
            decided_by_whom("extension_decided_at_by"),
            *reviewed_by_unit("extension"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="asked_never_changes",
                operation=pgtrigger.UpdateOf(
                    "agreement_id", "old_ends_date", "ends_date", "reason", "submitted_by_id", "submitted_at"
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state__in=["unit_review", "submitted"]),
            ),
        ]

    def __str__(self):
        return f"{self.agreement.award.number} {self.old_ends_date} → {self.ends_date}"


class Shift(models.Model):
    """A milestone that moves with an extension, from its planned day to a later one."""

    extension = models.ForeignKey(
        Extension, models.PROTECT, related_name="shifts", verbose_name=_("延期申请")
    )
    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="+", verbose_name=_("里程碑"))
    from_date = models.DateField(_("原计划日期"))
    to_date = models.DateField(_("调整为"))

    class Meta:
        verbose_name = _("里程碑调整")
        verbose_name_plural = _("里程碑调整")
        ordering = ["to_date", "id"]
        constraints = [
            models.UniqueConstraint(fields=["extension", "milestone"], name="shift_once"),
            models.CheckConstraint(condition=Q(to_date__gt=F("from_date")), name="shift_is_later"),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.milestone} {self.from_date} → {self.to_date}"
