"""The demand library (需求库): what an enterprise asks for, before and behind its public list item."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.identity import validate_phone
from accounts.models import Organisation
from exchange import states
from exchange.states import DemandState
from grants.models import Call, DemandKind, Topic, frozen_with_call


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
        for region in scope.regions:
            wanted |= submitted & Q(organisation__region__startswith=region)
        return self.filter(wanted)


WRITING = [DemandState.DRAFT.value, DemandState.RETURNED.value, DemandState.WITHDRAWN.value]

COMPLETE = Q()
for _name in ("title", "field", "problem", "public_summary", "contact_name", "contact_phone"):
    COMPLETE &= ~Q(**{_name: ""})
OF_KIND = {
    DemandKind.TECHNICAL: ~Q(ip_ownership="")
    & ~Q(indicators=[])
    & Q(deadline_date__isnull=False, amount__isnull=False, offered_amount__isnull=False, offered_amount__gt=0)
    & Q(offered_amount__lte=models.F("amount")),
    DemandKind.FINANCING: ~Q(purpose="")
    & Q(amount__isnull=False, term_months__isnull=False, amount__gt=0, term_months__gt=0)
    & Q(offered_amount__isnull=True),
    DemandKind.SCENARIO: ~Q(place="")
    & ~Q(conditions="")
    & Q(term_months__isnull=False, term_months__gt=0)
    & (Q(offered_amount__isnull=True) | Q(offered_amount__gt=0)),
}
"""What a demand of each kind holds from submission on, beside what all hold.

Nulls are named: a check that is neither true nor false lets a row pass.
"""


class DemandScheme(models.Model):
    """The kind of a call's demands, what of them is public, and how long the argumentation may take."""

    call = models.OneToOneField(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    kind = models.CharField(_("需求种类"), max_length=20, choices=DemandKind, default=DemandKind.TECHNICAL)
    public = models.JSONField(
        _("公开的内容"),
        null=True,
        blank=True,
        help_text=_("榜单上公开的固定栏目和题目代码；留空为本种类的常用栏目"),
    )
    guide = models.TextField(_("填写说明"), blank=True, help_text=_("显示在需求表上方"))
    argument_days = models.PositiveSmallIntegerField(_("论证期限（工作日）"), default=10)
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("需求征集方案")
        verbose_name_plural = pgettext_lazy("list", "需求征集方案")
        triggers = frozen_with_call()

    def __str__(self):
        return str(self.call)


@pghistory.track(exclude=["typed"])
class Demand(models.Model):
    """A demand (企业出题) of its call's kind, in 元. `topic` is its public list item once listed (发榜).

    While its unit writes (draft, returned) anything may be missing: what was typed is kept. The
    database holds that everything is there, and in order, from submission on.
    """

    machine = states.DEMAND

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    kind = models.CharField(_("种类"), max_length=20, choices=DemandKind, default=DemandKind.TECHNICAL)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("发榜方"))
    title = models.CharField(_("需求名称"), max_length=120, blank=True)
    field = models.CharField(_("领域"), max_length=60, blank=True)
    problem = models.TextField(_("要解决的问题（完整表述）"), blank=True)
    public_summary = models.TextField(
        _("公开表述"), blank=True, help_text=_("榜单上向公众展示的内容，不写企业秘密")
    )
    indicators = models.JSONField(
        _("核心指标"), default=list, blank=True, help_text=_("[{name, unit, target}]")
    )
    amount = models.DecimalField(
        _("拟投入总额（元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    offered_amount = models.DecimalField(
        _("支付揭榜方（元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    deadline_date = models.DateField(_("完成期限"), null=True, blank=True)
    ip_ownership = models.CharField(_("知识产权归属"), max_length=20, choices=IpOwnership, blank=True)
    purpose = models.TextField(_("资金用途"), blank=True)
    term_months = models.PositiveSmallIntegerField(_("期限（个月）"), null=True, blank=True)
    place = models.CharField(_("地点"), max_length=120, blank=True)
    conditions = models.TextField(_("提供的条件"), blank=True)
    bidder_conditions = models.TextField(_("揭榜方条件"), blank=True)
    answers = models.JSONField(
        _("需求表答案"), default=dict, blank=True, help_text=_("题目代码 → 答案；写法与申报书相同")
    )
    name_is_public = models.BooleanField(_("公开本单位名称"), default=False)
    contact_name = models.CharField(_("联系人"), max_length=60, blank=True)
    contact_phone = models.CharField(_("联系电话"), max_length=20, blank=True, validators=[validate_phone])
    typed = models.JSONField(
        _("尚未有效的填写"),
        default=dict,
        blank=True,
        help_text=_("还不能存入字段的文字，以免丢失"),
    )
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
    saved_at = models.DateTimeField(_("最近保存"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("最近保存人"),
    )
    writers = models.JSONField(
        _("各项由谁填写"), default=dict, blank=True, help_text=_("表单的一项 → 最近改动它的人")
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提交人"),
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)

    objects = DemandQuerySet.as_manager()

    class Meta:
        verbose_name = _("企业需求")
        verbose_name_plural = pgettext_lazy("list", "企业需求")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organisation", "-id"]),
            models.Index(fields=["call", "state", "-id"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=WRITING) | COMPLETE, name="demand_complete"),
            *(
                models.CheckConstraint(
                    condition=Q(state__in=WRITING) | ~Q(kind=kind) | needed, name=f"demand_{kind}_complete"
                )
                for kind, needed in OF_KIND.items()
            ),
            models.CheckConstraint(condition=Q(kind__in=DemandKind.values), name="demand_kind_known"),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, submitted_by__isnull=True)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="demand_submitted_at_by",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
                name="demand_submitted_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["argued", "listed"]) | Q(argued_at__isnull=False),
                name="demand_argued_has_time",
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
                    "call_id",
                    "kind",
                    "organisation_id",
                    "title",
                    "field",
                    "problem",
                    "public_summary",
                    "indicators",
                    "amount",
                    "offered_amount",
                    "deadline_date",
                    "ip_ownership",
                    "purpose",
                    "term_months",
                    "place",
                    "conditions",
                    "bidder_conditions",
                    "answers",
                    "name_is_public",
                    "contact_name",
                    "contact_phone",
                ),
                condition=pgtrigger.Condition("OLD.state NOT IN ('draft', 'returned')"),
            )
        ]

    def __str__(self):
        return self.title or str(_("未命名的需求"))
