"""Duplicates (查重): the texts that are compared, what was found, what an officer made of it."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast, Coalesce, NullIf, Round
from django.utils.translation import gettext_lazy as _

from applications.models.application import Application
from applications.models.past import PastProject


class ComparedText(models.Model):
    """The prose of what was handed in last, and a sample of its grams by which later ones find it."""

    application = models.OneToOneField(Application, models.CASCADE, primary_key=True, related_name="+")
    version = models.PositiveSmallIntegerField(_("版本"))
    passages = models.JSONField(_("文字"), default=list)
    """[[place, text], …]"""
    grams = ArrayField(models.IntegerField(), verbose_name=_("取样"), default=list)

    class Meta:
        verbose_name = _("查重文本")
        verbose_name_plural = _("查重文本")
        # Every look-up would read the list of pending entries from end to end.
        indexes = [GinIndex(fields=["grams"], fastupdate=False, name="compared_text_grams")]

    def __str__(self):
        return f"{self.application} v{self.version}"


class SimilarityConclusion(models.TextChoices):
    CLEARED = "cleared", _("未发现重复申报")
    EXPLAINED = "explained", _("有重复，情况合理")
    DUPLICATE = "duplicate", _("认定重复")


class SimilarityReportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The department, and whoever sees everything; no applicant, no recommender, no expert."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything:
            return self
        departments = scope.departments | scope.headed
        return self.filter(application__call__programme__department_id__in=departments)


class SimilarityReport(models.Model):
    """What one version has in common with everything handed in before it (查重报告). Words are 字.

    Sources are shown; what follows from them an officer says: `conclusion` with reasons.
    """

    application = models.ForeignKey(Application, models.CASCADE, related_name="similarity_reports")
    version = models.PositiveSmallIntegerField(_("版本"))
    examined = models.PositiveIntegerField(_("检查字数"))
    covered = models.PositiveIntegerField(_("重复字数"))
    covered_by_others = models.PositiveIntegerField(
        _("与他人重复字数"), help_text=_("来源与本申报没有共同的负责人和单位")
    )
    percent = models.GeneratedField(
        expression=Round(
            Coalesce(
                Cast(F("covered") * 100, models.DecimalField(max_digits=12, decimal_places=1))
                / NullIf(F("examined"), 0),
                Decimal(0),
            ),
            precision=1,
            output_field=models.DecimalField(max_digits=4, decimal_places=1),
        ),
        output_field=models.DecimalField(max_digits=4, decimal_places=1),
        db_persist=True,
        verbose_name=_("重复率（%）"),
    )
    unread = models.JSONField(_("没有可读文字的附件"), default=list)
    """Their names: pictures, scans, what is locked."""
    compared_at = models.DateTimeField(_("比对时间"))
    conclusion = models.CharField(_("查重意见"), max_length=10, choices=SimilarityConclusion, blank=True)
    note = models.TextField(_("说明"), blank=True)
    concluded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("填写人"),
    )
    concluded_at = models.DateTimeField(_("填写时间"), null=True, blank=True)

    objects = SimilarityReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("查重报告")
        verbose_name_plural = _("查重报告")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["application", "version"], name="similarity_report_once"),
            models.CheckConstraint(
                condition=Q(covered__lte=F("examined"), covered_by_others__lte=F("covered")),
                name="similarity_covered_within_examined",
            ),
            models.CheckConstraint(
                condition=Q(conclusion="", note="", concluded_by__isnull=True, concluded_at__isnull=True)
                | ~Q(conclusion="") & ~Q(note="") & Q(concluded_by__isnull=False, concluded_at__isnull=False),
                name="similarity_concluded_at_by",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="found_never_changes",
                operation=pgtrigger.UpdateOf(
                    "application_id", "version", "examined", "covered", "covered_by_others", "compared_at"
                ),
            )
        ]

    def __str__(self):
        return f"{self.application} v{self.version}：{self.percent} %"

    @property
    def mark(self) -> str:
        """Which state of it somebody has read: another version, or another opinion, has another mark."""
        return f"{self.version}-{self.concluded_at.timestamp() if self.concluded_at else ''}"


class SimilarSource(models.Model):
    """One application, or one recorded project, that a report found something in."""

    report = models.ForeignKey(SimilarityReport, models.CASCADE, related_name="sources")
    application = models.ForeignKey(
        Application, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("申报书")
    )
    past_project = models.ForeignKey(
        PastProject, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("外部项目记录")
    )
    covered = models.PositiveIntegerField(_("重复字数"), default=0)
    title_percent = models.PositiveSmallIntegerField(_("名称相似度（%）"), default=0)
    is_same_head = models.BooleanField(_("同一负责人"), default=False)
    is_same_unit = models.BooleanField(_("有同一单位"), default=False)
    passages = models.JSONField(_("重复的文字"), default=list)
    """The longest first: [{place, text, source_place, source_text, words}]"""

    class Meta:
        verbose_name = _("相似来源")
        verbose_name_plural = _("相似来源")
        ordering = ["-covered", "-title_percent", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(application__isnull=True) ^ Q(past_project__isnull=True),
                name="similar_source_is_one_thing",
            ),
            models.UniqueConstraint(fields=["report", "application"], name="similar_source_application_once"),
            models.UniqueConstraint(fields=["report", "past_project"], name="similar_source_project_once"),
        ]

    def __str__(self):
        return str(self.application or self.past_project)
