"""Under which authority (上级主管部门) a unit says it stands, and what the authority says to that."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts import states
from accounts.models.people import Organisation, User, sees_accounts

LIVE = (states.SubordinationState.NAMED, states.SubordinationState.CONFIRMED)


class SubordinationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The unit's administrators, the authority's people, and the bureau's staff."""
        if not user.is_authenticated:
            return self.none()
        if sees_accounts(user):
            return self
        scope = user.scope
        answering = scope.admin_units | scope.recommender_organisations
        return self.filter(Q(organisation_id__in=scope.admin_units) | Q(authority_id__in=answering))

    def waiting(self):
        return self.filter(state=states.SubordinationState.NAMED)

    def confirmed(self):
        return self.filter(state=states.SubordinationState.CONFIRMED)


class Subordination(models.Model):
    """A unit names its authority; the authority confirms or refuses. At most one of a unit is live."""

    machine = states.SUBORDINATION

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="subordinations", verbose_name=_("单位")
    )
    authority = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("上级主管部门")
    )
    state = models.CharField(
        _("状态"),
        max_length=12,
        choices=states.SubordinationState,
        default=states.SubordinationState.NAMED,
    )
    named_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("填写人"))
    named_at = models.DateTimeField(_("填写时间"))
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("处理人")
    )

    objects = SubordinationQuerySet.as_manager()

    event_verbs = {"named": _("填写上级主管部门")}

    class Meta:
        verbose_name = pgettext_lazy("one", "主管关系")
        verbose_name_plural = pgettext_lazy("list", "主管关系")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"], name="subordination_one_live", condition=Q(state__in=LIVE)
            ),
            models.CheckConstraint(
                condition=~Q(organisation=models.F("authority")), name="subordination_to_another"
            ),
            models.CheckConstraint(
                condition=Q(state="named", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="named") & Q(decided_at__isnull=False, decided_by__isnull=False)),
                name="subordination_decided_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(reason=""), name="subordination_refused_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["authority", "state", "id"])]
        triggers = [
            pgtrigger.Protect(
                name="names_stay", operation=pgtrigger.UpdateOf("organisation_id", "authority_id")
            ),
        ]

    def __str__(self):
        return f"{self.organisation} → {self.authority}"
