"""What a person asked to be told of: new calls by field, region and enterprise ladder."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.identity import validate_region
from accounts.kinds import LADDER, FactKind


class SubscriptionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own: what a person watches is nobody else's business."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def matching(self, *, fields, prefixes, rungs):
        """Who is to hear of a call about these fields, in these regions, for these rungs of the ladder.

        What a call leaves open fits everybody; what a person left open fits every call.
        """
        wanted = Q()
        if fields:
            wanted &= Q(fields=[]) | Q(fields__overlap=list(fields))
        if rungs:
            wanted &= Q(rungs=[]) | Q(rungs__overlap=list(rungs))
        if prefixes:
            inside = Q(region="")
            for prefix in prefixes:
                inside |= Q(region__startswith=prefix)
            wanted &= inside
        return self.filter(wanted)


class Subscription(models.Model):
    """One per person. An empty list or region means: all of them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("用户")
    )
    fields = ArrayField(models.CharField(max_length=60), verbose_name=_("领域"), default=list, blank=True)
    region = models.CharField(_("所在区域代码"), max_length=6, blank=True, validators=[validate_region])
    rungs = ArrayField(
        models.CharField(max_length=30, choices=[(kind.value, kind.label) for kind in LADDER]),
        verbose_name=_("企业梯队"),
        default=list,
        blank=True,
    )
    by_mail = models.BooleanField(_("同时发送邮件"), default=False)
    agreed_at = models.DateTimeField(_("订阅时间"))

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("通知订阅")
        verbose_name_plural = pgettext_lazy("list", "通知订阅")
        constraints = [
            models.CheckConstraint(
                condition=Q(region="") | Q(region__regex=r"^[0-9]{6}$"), name="subscription_region_form"
            ),
            models.CheckConstraint(
                condition=Q(rungs__contained_by=[kind.value for kind in LADDER]),
                name="subscription_rungs_known",
            ),
        ]

    def __str__(self):
        return str(self.user)

    @property
    def rung_labels(self) -> list[str]:
        return [str(FactKind(rung).label) for rung in self.rungs]
