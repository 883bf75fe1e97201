"""Topics (指南方向, 榜单任务) of a call."""

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from grants import states
from grants.models.call import Call


class DemandKind(models.TextChoices):
    """What a challenge asks for; each kind has facts of its own and is answered by others."""

    TECHNICAL = "technical", _("技术攻关")
    FINANCING = "financing", _("融资需求")
    SCENARIO = "scenario", _("应用场景")


class TopicQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Topics of visible calls; what a topic says is public (the masked version of a demand)."""
        return self.filter(call__in=Call.objects.visible_to(user))

    def accepting(self, at):
        return self.filter(
            Q(bids_close_at__isnull=True) | Q(bids_close_at__gte=at), state=states.TopicState.LISTED
        )


@pghistory.track()
class Topic(models.Model):
    """指南方向 or 榜单任务: what is asked for, publicly. `owner` is the demand side of a 揭榜 topic."""

    machine = states.TOPIC
    event_verbs = {"listed": _("发榜")}

    call = models.ForeignKey(Call, models.PROTECT, related_name="topics", verbose_name=_("通知"))
    number = models.CharField(_("编号"), max_length=40)
    title = models.CharField(_("名称"), max_length=200)
    field = models.CharField(_("领域"), max_length=60, blank=True)
    content = models.TextField(_("内容（公开）"))
    indicators = models.JSONField(
        _("考核指标"), default=list, blank=True, help_text=_("[{name, unit, target}]")
    )
    bidder_conditions = models.TextField(_("揭榜条件"), blank=True)
    amount = models.DecimalField(_("榜单金额（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    demand_kind = models.CharField(
        _("需求种类"), max_length=20, choices=DemandKind, blank=True, help_text=_("指南方向留空")
    )
    facts = models.JSONField(
        _("其他公开内容"), default=list, blank=True, help_text=_("[{label, label_en, text, text_en}]")
    )
    planned_number = models.PositiveSmallIntegerField(_("拟立项数"), default=1)
    owner = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("发榜方")
    )
    owner_is_public = models.BooleanField(_("公开发榜方名称"), default=False)
    listed_at = models.DateTimeField(_("发榜时间"), null=True, blank=True)
    bids_close_at = models.DateTimeField(_("揭榜截止"), null=True, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.TopicState, default=states.TopicState.LISTED
    )

    objects = TopicQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("one", "榜单任务与指南方向")
        verbose_name_plural = _("榜单任务与指南方向")
        ordering = ["-listed_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["call", "number"], name="topic_number_once"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="topic_amount_positive"
            ),
        ]

    def __str__(self):
        return f"{self.number} {self.title}"
