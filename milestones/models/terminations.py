"""The early end of a project (终止、撤销): who asks for it and why, what was decided by which clause."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from milestones import states
from milestones.models.requests import ProjectRequest, RequestQuerySet, decided_by_whom


class TerminationQuerySet(RequestQuerySet):
    def open(self):
        return self.filter(state=states.TerminationState.SUBMITTED)


class Termination(ProjectRequest):
    """A request of the project, or a proposal of its officers, to end it. One is open at a time.

    Its papers are `Document`s about it. What was asked never changes.
    """

    machine = states.TERMINATION

    class End(models.TextChoices):
        """As `awards.states.AgreementState` and `applications.states.ProjectEnd` call it."""

        TERMINATED = "terminated", _("终止")
        REVOKED = "revoked", _("撤销")

    class Ground(models.TextChoices):
        REQUEST = "request", _("项目单位申请")
        OVERDUE = "overdue", _("逾期未验收")
        FAILED = "failed", _("里程碑未通过")
        OTHER = "other", _("其他原因")

    end = models.CharField(_("方式"), max_length=20, choices=End, default=End.TERMINATED)
    ground = models.CharField(_("事由"), max_length=20, choices=Ground)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.TerminationState, default=states.TerminationState.SUBMITTED
    )
    clause = models.CharField(_("依据条款"), max_length=120, blank=True)

    objects = TerminationQuerySet.as_manager()

    class Meta(ProjectRequest.Meta):
        verbose_name = _("项目终止")
        verbose_name_plural = pgettext_lazy("list", "项目终止")
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=["submitted", "approved"]),
                name="termination_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(ground="request") | Q(end="terminated"),
                name="termination_asked_is_no_revocation",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(clause=""), name="termination_approved_names_clause"
            ),
            decided_by_whom("termination_decided_at_by"),
        ]
        triggers = [
            pgtrigger.Protect(
                name="asked_never_changes",
                operation=pgtrigger.UpdateOf(
                    "agreement_id", "end", "ground", "reason", "submitted_by_id", "submitted_at"
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="ended_never_changes",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="submitted"),
            ),
        ]

    def __str__(self):
        return f"{self.agreement.award.number} {self.get_end_display()}"

    @property
    def is_by_office(self) -> bool:
        return self.ground != self.Ground.REQUEST
