"""The yearly evaluation (年度评价): self-report, district's opinion, score, grade, publicity, payment."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from facilities import states
from facilities.models.facilities import Facility, OfFacilityQuerySet

PERSON = {"null": True, "blank": True, "related_name": "+"}


def pair(name: str, at: str, by: str) -> models.CheckConstraint:
    """Neither when nor who is known, or both."""
    return models.CheckConstraint(
        condition=Q(**{f"{at}__isnull": True, f"{by}__isnull": True})
        | Q(**{f"{at}__isnull": False, f"{by}__isnull": False}),
        name=name,
    )


class AnnualEvaluationQuerySet(OfFacilityQuerySet):
    path = "facility__"

    def running(self):
        return self.exclude(state__in=states.ENDED)


class AnnualEvaluation(models.Model):
    """One facility in one year; `round` above 1 is a re-evaluation (复评) after rectifying.

    `report` is kept as typed while the platform writes; on handing in `facts` seals what the cases of the
    data window add up to. Both stand still from then on.
    """

    machine = states.EVALUATION
    event_verbs = {
        "opened": _("开展评价"),
        "moved": _("随通知修订改期"),
        "paid": _("登记拨付"),
    }

    facility = models.ForeignKey(Facility, models.PROTECT, related_name="evaluations", verbose_name=_("平台"))
    year = models.PositiveSmallIntegerField(_("评价年度"))
    round = models.PositiveSmallIntegerField(_("第几次"), default=1)
    data_from_date = models.DateField(_("数据期自"))
    data_to_date = models.DateField(_("数据期至"))
    report_opens_at = models.DateTimeField(_("自评开始"))
    report_due_at = models.DateTimeField(_("自评截止"))
    pass_mark = models.DecimalField(_("合格线"), max_digits=5, decimal_places=2)
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.EvaluationState, default=states.EvaluationState.REPORTING
    )
    report = models.JSONField(_("自评报告"), default=dict, blank=True)
    saved_at = models.DateTimeField(_("最近保存"), null=True, blank=True)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("最近保存人"), **PERSON
    )
    facts = models.JSONField(_("服务数据"), default=dict, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("提交人"), **PERSON
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    is_green = models.BooleanField(_("符合绿色门槛"), null=True, blank=True)
    check_opinion = models.TextField(_("区级审查意见"), blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("审查人"), **PERSON
    )
    checked_at = models.DateTimeField(_("审查时间"), null=True, blank=True)
    score = models.DecimalField(_("得分"), max_digits=5, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("等次"), max_length=20, blank=True)
    score_opinion = models.TextField(_("评价意见"), blank=True)
    scored_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("评分人"), **PERSON
    )
    scored_at = models.DateTimeField(_("评分时间"), null=True, blank=True)
    publicity_ends_date = models.DateField(_("公示结束（含）"), null=True, blank=True)
    paid_amount = models.DecimalField(
        _("拨付金额（元）"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    paid_date = models.DateField(_("拨付日期"), null=True, blank=True)

    objects = AnnualEvaluationQuerySet.as_manager()

    class Meta:
        verbose_name = _("年度评价")
        verbose_name_plural = pgettext_lazy("list", "年度评价")
        ordering = ["-year", "-round", "-id"]
        indexes = [models.Index(fields=["state", "-id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "year", "round"],
                condition=~Q(state="cancelled"),
                name="evaluation_once_a_year",
            ),
            models.UniqueConstraint(
                fields=["facility"],
                condition=~Q(state__in=["concluded", "cancelled"]),
                name="evaluation_one_open",
            ),
            models.CheckConstraint(
                condition=Q(data_to_date__gte=F("data_from_date"))
                & Q(report_due_at__gt=F("report_opens_at")),
                name="evaluation_windows_in_order",
            ),
            pair("evaluation_submitted_at_by", "submitted_at", "submitted_by"),
            pair("evaluation_checked_at_by", "checked_at", "checked_by"),
            pair("evaluation_scored_at_by", "scored_at", "scored_by"),
            models.CheckConstraint(
                condition=~Q(state="district_check") | Q(submitted_at__isnull=False),
                name="evaluation_checked_has_report",
            ),
            models.CheckConstraint(
                condition=Q(is_green__isnull=True, checked_at__isnull=True)
                | Q(is_green__isnull=False, checked_at__isnull=False) & ~Q(check_opinion=""),
                name="evaluation_green_is_checked",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True, scored_at__isnull=True, grade="")
                | Q(score__isnull=False, score__gte=0, score__lte=100, scored_at__isnull=False)
                & ~Q(grade=""),
                name="evaluation_score_has_grade",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True)
                | Q(score__lt=F("pass_mark"), grade="不合格")
                | Q(score__gte=F("pass_mark")) & ~Q(grade="不合格"),
                name="evaluation_grade_by_pass_mark",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["graded", "published", "concluded"]) | Q(score__isnull=False),
                name="evaluation_graded_has_score",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["published", "concluded"]) | Q(publicity_ends_date__isnull=False),
                name="evaluation_published_has_end",
            ),
            models.CheckConstraint(
                condition=Q(paid_amount__isnull=True, paid_date__isnull=True)
                | Q(
                    state="concluded",
                    paid_amount__gt=0,
                    paid_date__isnull=False,
                    score__gte=F("pass_mark"),
                )
                & (Q(is_green__isnull=True) | Q(is_green=True)),
                name="evaluation_paid_when_passed",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="report_is_sealed",
                operation=pgtrigger.UpdateOf("report", "facts"),
                condition=~pgtrigger.Q(old__state="reporting"),
            ),
            pgtrigger.Protect(
                name="opened_never_changes",
                operation=pgtrigger.UpdateOf(
                    "facility_id", "year", "round", "data_from_date", "data_to_date", "pass_mark", "clause"
                )
                | pgtrigger.Delete,
            ),
            pgtrigger.Protect(
                name="concluded_score_stands",
                operation=pgtrigger.UpdateOf("score", "grade"),
                condition=pgtrigger.Q(old__state="concluded"),
            ),
        ]

    def __str__(self):
        return f"{self.facility} {self.year}"

    @property
    def has_passed(self) -> bool:
        return self.score is not None and self.score >= self.pass_mark

    def score_is_shown_to(self, user) -> bool:
        """The platform and its district read the score once it is public; the bureau at once."""
        if self.state in (states.EvaluationState.PUBLISHED, states.EvaluationState.CONCLUDED):
            return True
        scope = user.scope
        department = self.facility.call.programme.department_id
        return scope.sees_everything or department in scope.departments | scope.headed

    @property
    def is_again(self) -> bool:
        return self.round > 1
