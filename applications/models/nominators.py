"""The people who nominate an application (专家提名), each signing for themselves."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications import states
from applications.models.application import Application


class NominatorQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own; those of applications that one may see."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(user=user) | Q(application__in=Application.objects.visible_to(user)))


class Nominator(models.Model):
    """One person whom the team asked. What they said of themselves when they signed stays beside it.

    `fits`: the ways of the notice (ids) for which the signature counts; `version`: what they had read.
    """

    machine = states.NOMINATOR

    application = models.ForeignKey(Application, models.CASCADE, related_name="nominators")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提名人")
    )
    leads = models.BooleanField(_("牵头提名人"), default=False)
    state = models.CharField(
        _("状态"), max_length=10, choices=states.NominatorState, default=states.NominatorState.ASKED
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("邀请人")
    )
    invited_at = models.DateTimeField(_("邀请时间"))
    opinion = models.TextField(_("提名意见"), max_length=4000, blank=True)
    facts = models.JSONField(_("签署时的个人情况"), default=dict, blank=True)
    fits = models.JSONField(_("计入的提名方式"), default=list, blank=True)
    version = models.PositiveSmallIntegerField(_("签署的版本"), null=True, blank=True)
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)

    objects = NominatorQuerySet.as_manager()

    event_verbs = {"asked": _("邀请提名")}

    class Meta:
        verbose_name = _("提名人")
        verbose_name_plural = _("提名人")
        ordering = ["-leads", "id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "user"], name="nominator_once"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(leads=True), name="nominator_one_leads"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", answered_at__isnull=True)
                | ~Q(state="asked") & Q(answered_at__isnull=False),
                name="nominator_answered_has_time",
            ),
            models.CheckConstraint(
                condition=Q(state="signed", version__isnull=False) & ~Q(opinion="")
                | ~Q(state="signed") & Q(version__isnull=True),
                name="nominator_signed_a_version",
            ),
        ]

    def __str__(self):
        return str(self.user)
