"""Milestones (里程碑) of an agreement: what is due when, the evidence handed in, and what was made of it."""

import re
from datetime import date

import pghistory
import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from applications.models import TeamMember
from awards.models import Agreement, ProjectQuerySet
from grants.models import Call, frozen_with_call
from milestones import states


class Kind(models.TextChoices):
    """A promise of the project, or a report that is due every year (年度报告)."""

    MILESTONE = "milestone", _("里程碑")
    ANNUAL = "annual", _("年度报告")


MONTH_DAY = r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


def validate_month_day(value: str) -> None:
    """A day that every year has, as MM-DD. Raises ValidationError."""
    try:
        if not re.fullmatch(MONTH_DAY, value):
            raise ValueError
        date.fromisoformat(f"2001-{value}")
    except ValueError:
        raise ValidationError(_("请填写每年都有的月和日，例如 12-31。"), code="month_day") from None


class MilestoneTemplate(models.Model):
    """What every project of a call must reach, when, by the notice; joined to what the applicant proposed.

    An annual report has a day of the year instead of an offset; one becomes due in every year of the project.
    Evidence for the acceptance (验收材料) may be due after the end; some notices name one day for everybody.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="+", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("名称"), max_length=120)
    kind = models.CharField(_("类型"), max_length=10, choices=Kind, default=Kind.MILESTONE)
    offset_months = models.PositiveSmallIntegerField(_("自开始起（月）"), default=0)
    months_after_end = models.PositiveSmallIntegerField(
        _("自结束起（月）"),
        null=True,
        blank=True,
        help_text=_("项目结束后几个月内，例如验收材料；填写后不按开始日期计算，项目延期的随之顺延。"),
    )
    by_date = models.DateField(
        _("统一日期"),
        null=True,
        blank=True,
        help_text=_("通知写明的日期，各项目相同；填写后不按项目的起止日期计算，延期也不变。"),
    )
    month_day = models.CharField(
        _("每年到期日（月-日）"),
        max_length=5,
        blank=True,
        validators=[validate_month_day],
        help_text=_("只用于年度报告，例如 12-31；遇休息日顺延。上半年到期的报告上一年度。"),
    )
    deliverable = models.TextField(_("交付物"))
    check_days = models.PositiveSmallIntegerField(_("审核期限（工作日）"), default=10)
    check_by_date = models.DateField(
        _("审核截止日期"),
        null=True,
        blank=True,
        help_text=_("通知写明主管部门审完的日期；此日之前提交的不按工作日计算，之后才提交的仍按工作日。"),
    )
    unit_pledge = models.TextField(
        _("单位审核承诺"),
        blank=True,
        help_text=_(
            "填写后由承担单位管理员审核、勾选承诺并提交，例如“已组织自查，材料真实”；留空的团队也可以提交"
        ),
    )
    needs_demander_opinion = models.BooleanField(_("须发榜方意见"), default=False)
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("里程碑模板")
        verbose_name_plural = pgettext_lazy("list", "里程碑模板")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="milestone_template_code_once"),
            models.CheckConstraint(
                condition=Q(kind="milestone", month_day="", months_after_end=None, by_date=None)
                | Q(kind="milestone", month_day="", offset_months=0)
                & (Q(months_after_end=None) | Q(by_date=None))
                | Q(kind="annual", month_day__regex=MONTH_DAY, offset_months=0)
                & Q(months_after_end=None, by_date=None),
                name="milestone_template_kind_has_its_day",
            ),
            models.CheckConstraint(
                condition=Q(check_by_date=None)
                | Q(kind="milestone") & (Q(by_date=None) | Q(check_by_date__gte=models.F("by_date"))),
                name="milestone_template_checked_after_it_is_due",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name

    @property
    def moment(self) -> str:
        """When it is due, as the notice says it."""
        if self.month_day:
            return gettext("每年 %(day)s 前") % {"day": self.month_day}
        if self.by_date:
            return gettext("%(day)s 前") % {"day": self.by_date}
        if self.months_after_end is None:
            sentence = ngettext("开始后 %(months)s 个月", "开始后 %(months)s 个月", self.offset_months)
            return sentence % {"months": self.offset_months}
        sentence = ngettext("结束后 %(months)s 个月", "结束后 %(months)s 个月", self.months_after_end)
        return sentence % {"months": self.months_after_end}

    @property
    def is_set_by_notice(self) -> bool:
        """Whether what an applicant proposes has no say in the day."""
        return self.by_date is not None or self.months_after_end is not None


def sealed_with_agreement(agreement: str, *fields: str, unless: str = "false") -> pgtrigger.Trigger:
    """Trigger: once a side has signed, nothing promised is added, changed or dropped.

    `agreement` is the SQL for the agreement's id out of NEW or OLD; `fields` limits which updates count;
    `unless` is the SQL of what may happen all the same.
    """
    changed = pgtrigger.UpdateOf(*fields) if fields else pgtrigger.Update
    return pgtrigger.Trigger(
        name="sealed_with_agreement",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | changed | pgtrigger.Delete,
        func=f"""
            IF EXISTS (
                SELECT 1 FROM awards_agreement WHERE id IN ({agreement}) AND state <> 'draft'
            ) AND NOT ({unless}) THEN
                RAISE EXCEPTION 'the agreement is signed: what it promises does not change'
                    USING ERRCODE = 'check_violation';
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        """,  # noqa: S608 (composed of constants)
    )


_SAME_PROMISE = """TG_OP = 'UPDATE'
    AND ROW(NEW.agreement_id, NEW.kind, NEW."order", NEW.code, NEW.name, NEW.deliverable, NEW.check_days,
            NEW.unit_pledge, NEW.needs_demander_opinion)
        IS NOT DISTINCT FROM
        ROW(OLD.agreement_id, OLD.kind, OLD."order", OLD.code, OLD.name, OLD.deliverable, OLD.check_days,
            OLD.unit_pledge, OLD.needs_demander_opinion)
"""
"""Nothing but days changes."""
_BY_EXTENSION = f"""
    TG_OP = 'INSERT' AND NEW.kind = 'annual' AND EXISTS (
        SELECT 1 FROM milestones_extension AS extension
        WHERE extension.agreement_id = NEW.agreement_id AND extension.state = 'approved'
          AND NEW.due_date > extension.old_ends_date
    ) OR {_SAME_PROMISE} AND NEW.check_by_date IS NOT DISTINCT FROM OLD.check_by_date
    AND EXISTS (
        SELECT 1 FROM milestones_shift AS shift
        JOIN milestones_extension AS extension ON extension.id = shift.extension_id
        WHERE shift.milestone_id = NEW.id AND shift.to_date = NEW.due_date AND extension.state = 'approved'
    )
"""  # noqa: S608 (composed of constants)
"""An approved extension moves the milestones it names and brings the annual reports of the added years."""
_BY_SIGNING = f"""
    (TG_OP <> 'UPDATE' AND 'annual' = COALESCE(NEW.kind, OLD.kind) OR {_SAME_PROMISE}) AND EXISTS (
        SELECT 1 FROM awards_agreement AS agreement
        JOIN awards_award AS award ON award.id = agreement.award_id
        JOIN applications_application AS application ON application.id = award.application_id
        JOIN grants_call AS call ON call.id = application.call_id
        WHERE agreement.id = COALESCE(NEW.agreement_id, OLD.agreement_id)
          AND agreement.state = 'unit_signed' AND call.signing_runs_from = 'signing'
    )
"""  # noqa: S608 (composed of constants)
"""Where the notice counts from signing, days are not fixed before the bureau signs."""


class MilestoneQuerySet(ProjectQuerySet):
    path = "agreement__award__"


@pghistory.track()
class Milestone(models.Model):
    """One dated promise of an agreement."""

    machine = states.MILESTONE
    event_verbs = {
        "opinion_given": _("发榜方填写意见"),
        "extended": _("延期"),
        "heard": _("登记验收意见"),
    }

    agreement = models.ForeignKey(Agreement, models.PROTECT, related_name="+", verbose_name=_("任务书"))
    kind = models.CharField(_("类型"), max_length=10, choices=Kind, default=Kind.MILESTONE)
    order = models.PositiveSmallIntegerField(_("顺序"))
    code = models.SlugField(_("代码"), help_text=_("模板代码，或 m1、m2……"))
    name = models.CharField(_("名称"), max_length=120)
    due_date = models.DateField(_("计划日期"))
    deliverable = models.TextField(_("交付物"))
    check_days = models.PositiveSmallIntegerField(_("审核期限（工作日）"), default=10)
    check_by_date = models.DateField(_("审核截止日期"), null=True, blank=True)
    unit_pledge = models.TextField(_("单位审核承诺"), blank=True)
    needs_demander_opinion = models.BooleanField(_("须发榜方意见"), default=False)
    clause = models.CharField(_("依据"), max_length=120, blank=True)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.MilestoneState, default=states.MilestoneState.PLANNED
    )
    accepted_at = models.DateTimeField(_("通过时间"), null=True, blank=True)

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("里程碑")
        verbose_name_plural = pgettext_lazy("list", "里程碑")
        ordering = ["due_date", "order", "id"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "order"], name="milestone_order_once"),
            models.UniqueConstraint(fields=["agreement", "code"], name="milestone_code_once"),
            models.CheckConstraint(
                condition=Q(state="accepted", accepted_at__isnull=False)
                | ~Q(state="accepted") & Q(accepted_at__isnull=True),
                name="milestone_accepted_has_time",
            ),
        ]
        triggers = [
            sealed_with_agreement(
                "NEW.agreement_id, OLD.agreement_id",
                "agreement_id",
                "kind",
                "order",
                "code",
                "name",
                "due_date",
                "deliverable",
                "check_days",
                "check_by_date",
                "unit_pledge",
                "needs_demander_opinion",
                unless=f"{_BY_EXTENSION} OR {_BY_SIGNING}",
            )
        ]

    def __str__(self):
        return self.name


class Indicator(models.Model):
    """A quantified promise (考核指标) and what was reached."""

    milestone = models.ForeignKey(
        Milestone, models.CASCADE, related_name="indicators", verbose_name=_("里程碑")
    )
    name = models.CharField(_("指标"), max_length=120)
    unit = models.CharField(_("单位"), max_length=30, blank=True)
    target = models.CharField(_("目标值"), max_length=120)

    class Meta:
        verbose_name = _("考核指标")
        verbose_name_plural = _("考核指标")
        ordering = ["id"]
        triggers = [
            sealed_with_agreement(
                "(SELECT agreement_id FROM milestones_milestone WHERE id = NEW.milestone_id), "
                "(SELECT agreement_id FROM milestones_milestone WHERE id = OLD.milestone_id)"
            )
        ]

    def __str__(self):
        return f"{self.name} {self.target}{self.unit}"


class ReportDraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """What is not handed in yet stays with the team and the administrators of its unit."""
        if not user.is_authenticated:
            return self.none()
        teams = TeamMember.objects.filter(user=user).values("application_id")
        path = "milestone__agreement__award__application"
        own = Q(**{f"{path}_id__in": teams})
        return self.filter(own | Q(**{f"{path}__organisation_id__in": user.scope.admin_units}))


class ReportDraft(models.Model):
    """The call's own questions about a milestone as they are being answered; a hand-in seals a copy.

    Its files are `Document`s about the draft.
    """

    milestone = models.OneToOneField(Milestone, models.PROTECT, related_name="+", verbose_name=_("里程碑"))
    answers = models.JSONField(_("答案"), default=dict, blank=True, help_text=_("{问题代码: 答案}"))
    typed = models.JSONField(_("其他填写"), default=dict, blank=True)
    saved_at = models.DateTimeField(_("最近保存"))
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("填写人")
    )

    objects = ReportDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("里程碑材料草稿")
        verbose_name_plural = _("里程碑材料草稿")

    def __str__(self):
        return str(self.milestone)


class ReportQuerySet(ProjectQuerySet):
    path = "milestone__agreement__award__"


class Report(models.Model):
    """Evidence handed in for a milestone: one row per hand-in, never edited.

    Its files are `Document`s about the report.
    """

    milestone = models.ForeignKey(Milestone, models.PROTECT, related_name="reports", verbose_name=_("里程碑"))
    number = models.PositiveSmallIntegerField(_("次数"))
    text = models.TextField(_("完成情况"))
    pledge = models.TextField(_("单位审核承诺"), blank=True, help_text=_("单位管理员提交时勾选的承诺"))
    values = models.JSONField(_("指标完成值"), default=dict, blank=True, help_text=_("{指标 id: 值}"))
    answers = models.JSONField(_("表单内容"), default=list, blank=True, help_text=_("提交时封存的题目与答案"))
    spent_amount = models.DecimalField(_("已支出（元）"), max_digits=14, decimal_places=2, default=0)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提交人")
    )
    submitted_at = models.DateTimeField(_("提交时间"))

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("里程碑报告")
        verbose_name_plural = pgettext_lazy("list", "里程碑报告")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["milestone", "number"], name="report_number_once"),
            models.CheckConstraint(condition=Q(spent_amount__gte=0), name="report_spent_not_negative"),
        ]
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return f"{self.milestone} #{self.number}"


class DemanderOpinion(models.Model):
    """What the demand side says of a hand-in; required before acceptance where the template says so."""

    class Choice(models.TextChoices):
        ACCEPT = "accept", _("同意")
        CONDITIONS = "accept_with_conditions", _("有条件同意")
        REFUSE = "refuse", _("不同意")

    report = models.OneToOneField(Report, models.PROTECT, related_name="+", verbose_name=_("里程碑报告"))
    opinion = models.CharField(_("意见"), max_length=30, choices=Choice)
    text = models.TextField(_("说明"), blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("填写人")
    )
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("发榜方意见")
        verbose_name_plural = _("发榜方意见")
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return self.get_opinion_display()


class Acceptance(models.Model):
    """The officer's conclusion on one hand-in (审核结论), with a grade where the notice has some."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("通过")
        RETURNED = "returned", _("退回补充")
        FAILED = "failed", _("不通过")

    report = models.OneToOneField(Report, models.PROTECT, related_name="+", verbose_name=_("里程碑报告"))
    outcome = models.CharField(_("结论"), max_length=20, choices=Outcome)
    grade = models.ForeignKey(
        "milestones.AcceptanceGrade",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("验收结论"),
    )
    deviation = models.TextField(
        _("另定结论的理由"), blank=True, help_text=_("结论与通知的规则不同的，必须写明。")
    )
    note = models.TextField(_("意见"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("审核人")
    )
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("审核结论")
        verbose_name_plural = _("审核结论")
        triggers = [pgtrigger.Protect(name="sealed", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self):
        return self.get_outcome_display()
