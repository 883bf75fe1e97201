"""The demand library (需求库): what an enterprise asks for, before and behind its public list item."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from exchange import states
from exchange.states import DemandState
from grants.models import Call, Topic


class IpOwnership(models.TextChoices):
    DEMANDER = "demander", _("归发榜方")
    BIDDER = "bidder", _("归揭榜方")
    SHARED = "shared", _("双方共有")


class DemandQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The whole demand is for its unit and the officers; the public reads the masked topic instead."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        submitted = ~Q(state=DemandState.DRAFT)
        wanted = Q(organisation_id__in=scope.units)
        if scope.sees_everything:
            wanted |= submitted
        if scope.departments:
            wanted |= submitted & Q(call__programme__department_id__in=scope.departments)
        return self.filter(wanted)


@pghistory.track()
class Demand(models.Model):
    """A technical demand (企业出题). Amounts in 元. `topic` is its public list item once listed (发榜)."""

    machine = states.DEMAND

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("发榜方"))
    title = models.CharField(_("需求名称"), max_length=120)
    field = models.CharField(_("技术领域"), max_length=60)
    problem = models.TextField(_("要解决的问题（完整表述）"))
    public_summary = models.TextField(_("公开表述"), help_text=_("榜单上向公众展示的内容，不写企业秘密"))
    indicators = models.JSONField(_("核心指标"), default=list, help_text=_("[{name, unit, target}]"))
    amount = models.DecimalField(_("拟投入总额（元）"), max_digits=14, decimal_places=2)
    offered_amount = models.DecimalField(_("支付揭榜方（元）"), max_digits=14, decimal_places=2)
    deadline_date = models.DateField(_("完成期限"))
    ip_ownership = models.CharField(_("知识产权归属"), max_length=20, choices=IpOwnership)
    bidder_conditions = models.TextField(_("揭榜方条件"), blank=True)
    name_is_public = models.BooleanField(_("公开本单位名称"), default=False)
    contact_name = models.CharField(_("联系人"), max_length=60)
    contact_phone = models.CharField(_("联系电话"), max_length=20)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.DemandState, default=states.DemandState.DRAFT
    )
    topic = models.OneToOneField(
        Topic, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("榜单任务")
    )
    argument_opinion = models.TextField(_("论证意见"), blank=True)
    argued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("论证人"),
    )
    argued_at = models.DateTimeField(_("论证时间"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("填写人")
    )
    created_at = models.DateTimeField(_("创建时间"))
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)

    objects = DemandQuerySet.as_manager()

    class Meta:
        verbose_name = _("技术需求")
        verbose_name_plural = _("技术需求")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0, offered_amount__gt=0, offered_amount__lte=models.F("amount")),
                name="demand_amounts_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state="listed", topic__isnull=False) | ~Q(state="listed") & Q(topic__isnull=True),
                name="demand_listed_has_topic",
            ),
            models.CheckConstraint(
                condition=Q(argued_at__isnull=True, argued_by__isnull=True)
                | Q(argued_at__isnull=False, argued_by__isnull=False),
                name="demand_argued_at_by",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.UpdateOf(
                    "title",
                    "problem",
                    "public_summary",
                    "indicators",
                    "amount",
                    "offered_amount",
                    "deadline_date",
                    "organisation_id",
                    "bidder_conditions",
                ),
                condition=pgtrigger.Condition("OLD.state NOT IN ('draft', 'returned')"),
            )
        ]

    def __str__(self):
        return self.title
