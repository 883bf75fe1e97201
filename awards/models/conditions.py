"""What has to hold when the agreement is signed, or before an instalment is paid, and who said so."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from applications.models import RuleStatus
from awards.models.agreements import Agreement
from grants.models import EligibilityRule

SIGNING = 0
"""The place of what holds at signing; of what holds before an instalment it is the instalment's order."""


class ConditionCheckQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(agreement__in=Agreement.objects.visible_to(user).order_by().values("pk"))


class ConditionCheck(models.Model):
    """One later clause at one place: the unit's certificate, the officer's result, what held in the end."""

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    rule = models.ForeignKey(EligibilityRule, models.PROTECT, related_name="+", verbose_name=_("条件"))
    place = models.PositiveSmallIntegerField(_("第几笔拨款"), default=SIGNING, help_text=_("0 为签订任务书"))
    certified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("确认人"),
    )
    certified_at = models.DateTimeField(_("单位确认时间"), null=True, blank=True)
    officer_status = models.CharField(_("审查结论"), max_length=20, choices=RuleStatus, blank=True)
    officer_note = models.TextField(_("审查说明"), blank=True)
    officer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审查人"),
    )
    officer_at = models.DateTimeField(_("审查时间"), null=True, blank=True)
    status = models.CharField(_("最终结论"), max_length=20, choices=RuleStatus, blank=True)
    evidence = models.JSONField(_("依据"), default=dict, blank=True)
    settled_at = models.DateTimeField(
        _("办结时间"), null=True, blank=True, help_text=_("任务书签订、拨款付出的时间；之后不再改变")
    )

    objects = ConditionCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("立项后核对的条件")
        verbose_name_plural = _("立项后核对的条件")
        ordering = ["agreement", "place", "rule__order"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "place", "rule"], name="condition_once"),
            models.CheckConstraint(
                condition=Q(certified_at__isnull=True, certified_by__isnull=True)
                | Q(certified_at__isnull=False, certified_by__isnull=False),
                name="condition_certified_at_by",
            ),
            models.CheckConstraint(
                condition=Q(officer_status="", officer__isnull=True, officer_at__isnull=True)
                | Q(
                    officer_status__in=["passed", "failed", "not_applicable"],
                    officer__isnull=False,
                    officer_at__isnull=False,
                ),
                name="condition_marked_at_by",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, status="")
                | Q(settled_at__isnull=False, status__in=["passed", "warning", "not_applicable"]),
                name="condition_settled_holds",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="settled_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__settled_at__isnull=False),
            ),
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
        ]

    def __str__(self):
        return f"{self.agreement} {self.rule}"
