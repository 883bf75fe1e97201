"""What offices say that join a recommendation (会同推荐): each agrees for itself, and the last word is the
recommender's."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from applications import states
from applications.models.application import Application


class JointOpinionQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(application__in=Application.objects.visible_to(user))

    def waiting(self):
        """What an office owes now: asked, while the application is to be recommended."""
        return self.filter(
            state=states.JointState.ASKED, application__state=states.ApplicationState.RECOMMENDATION
        )

    def of_offices(self, user):
        return self.filter(organisation_id__in=user.scope.recommender_organisations)


class JointOpinion(models.Model):
    """One office asked to join the recommendation of one application; `version`: what it agreed to."""

    machine = states.JOINT

    application = models.ForeignKey(
        Application, models.CASCADE, related_name="joint_opinions", verbose_name=_("申报书")
    )
    line = models.CharField(_("会同部门"), max_length=60)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("会同单位")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    state = models.CharField(
        _("状态"), max_length=10, choices=states.JointState, default=states.JointState.ASKED
    )
    asked_at = models.DateTimeField(_("送达时间"))
    opinion = models.TextField(_("会同意见"), blank=True)
    version = models.PositiveSmallIntegerField(_("同意的版本"), null=True, blank=True)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("同意人"),
    )
    agreed_at = models.DateTimeField(_("同意时间"), null=True, blank=True)

    objects = JointOpinionQuerySet.as_manager()

    class Meta:
        verbose_name = _("会同推荐意见")
        verbose_name_plural = _("会同推荐意见")
        ordering = ["id"]
        indexes = [models.Index(fields=["organisation", "state"])]
        constraints = [
            models.UniqueConstraint(fields=["application", "line"], name="joint_opinion_once"),
            models.CheckConstraint(
                condition=Q(state="asked", agreed_at__isnull=True, version__isnull=True)
                | Q(state="agreed", agreed_at__isnull=False, version__isnull=False) & ~Q(opinion=""),
                name="joint_opinion_agreed_to_a_version",
            ),
        ]

    def __str__(self):
        return f"{self.line} · {self.organisation}"
