"""What stays of an examination: sealed versions, results of the rules, conclusions of the steps."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from applications import states
from applications.models.application import Application
from grants.models import EligibilityRule


class RuleStatus(models.TextChoices):
    PASSED = "passed", _("符合")
    FAILED = "failed", _("不符合")
    WARNING = "warning", _("提示")
    MANUAL = "manual", _("待人工审查")
    REQUIRES_DATA = "requires_data", _("缺少数据")
    NOT_APPLICABLE = "not_applicable", _("不适用")
    SYSTEM_MANAGED = "system_managed", _("系统已保证")


@pghistory.track()
class RuleResult(models.Model):
    """What a rule said of an application at submission, and what the officer made of it (形式审查)."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="rule_results")
    rule = models.ForeignKey(EligibilityRule, models.PROTECT, related_name="+", verbose_name=_("条件"))
    status = models.CharField(_("机器判断"), max_length=20, choices=RuleStatus)
    evidence = models.JSONField(_("依据"), default=dict, blank=True)
    checked_at = models.DateTimeField(_("判断时间"))
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

    class Meta:
        verbose_name = _("形式审查结果")
        verbose_name_plural = _("形式审查结果")
        ordering = ["rule__order"]
        constraints = [
            models.UniqueConstraint(fields=["application", "rule"], name="rule_result_once"),
            models.CheckConstraint(
                condition=Q(officer_status="", officer__isnull=True, officer_at__isnull=True)
                | ~Q(officer_status="") & Q(officer__isnull=False, officer_at__isnull=False),
                name="rule_result_officer_at_by",
            ),
        ]

    def __str__(self):
        return f"{self.rule.code} {self.get_status_display()}"

    @property
    def told(self) -> dict:
        """{"facts": {label: value}, "hint"} in the reader's language, where it was kept in that."""
        english = self.evidence.get("en") if (get_language() or "").startswith("en") else None
        return english or self.evidence

    @property
    def final_status(self) -> str:
        return self.officer_status or self.status

    def get_final_status_display(self) -> str:
        return str(RuleStatus(self.final_status).label)


class Submission(models.Model):
    """A sealed version: the whole content as JSON with its hash. The PDF snapshot is a `Document`
    of the application (kind "snapshot", same version). Never changes: the database refuses."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="submissions")
    version = models.PositiveSmallIntegerField(_("版本"))
    content = models.JSONField(_("内容"))
    sha256 = models.CharField("SHA-256", max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提交人")
    )
    at = models.DateTimeField(_("提交时间"))

    class Meta:
        verbose_name = _("提交版本")
        verbose_name_plural = _("提交版本")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["application", "version"], name="submission_version_once")
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"v{self.version}"


class StepOutcome(models.TextChoices):
    PASS = "pass", _("通过")
    REJECT = "reject", _("不通过")


class StepConclusion(models.Model):
    """What the bureau concluded in one step (现场考察, 尽职调查, 论证会 …); never changes."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="conclusions")
    step = models.CharField(_("环节"), max_length=30, choices=states.ApplicationState)
    outcome = models.CharField(_("结论"), max_length=10, choices=StepOutcome)
    opinion = models.TextField(_("意见"))
    held_date = models.DateField(_("办理日期"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("记录人")
    )
    at = models.DateTimeField(_("记录时间"))

    class Meta:
        verbose_name = _("环节结论")
        verbose_name_plural = _("环节结论")
        ordering = ["id"]
        triggers = [pgtrigger.Protect(name="never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.get_step_display()} {self.get_outcome_display()}"
