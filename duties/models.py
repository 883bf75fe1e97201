"""What somebody owes under a notice beside the steps of the system (报送事项): what the notice says, and each
one that is owed.

A duty is delivered; a clause that is judged is a rule (`grants.EligibilityRule`).
"""

import pgtrigger
from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from applications.models import Application
from core.calendar import DayKind
from duties import states
from grants.models import Call, frozen_with_call
from milestones.models import MONTH_DAY, validate_month_day
from notifications.models import Deadline, DeadlineKind


class OwedBy(models.TextChoices):
    LEADER = "leader", _("项目负责人及团队")
    UNIT = "unit", _("申报（承担）单位")
    RECOMMENDER = "recommender", _("推荐单位")
    DEMANDER = "demander", _("发榜方")
    OFFICE = "office", _("主管处室")


class OnePer(models.TextChoices):
    APPLICATION = "application", _("每份申报一份")
    AWARD = "award", _("每个立项项目一份")
    UNIT = "unit", _("每个单位一份")
    RECOMMENDER = "recommender", _("每个推荐单位一份")
    CALL = "call", _("整个通知一份")


class Moment(models.TextChoices):
    """What the days are counted from, or back from."""

    NONE = "", _("不按天数")
    OPENING = "opening", pgettext_lazy("moment", "开始申报")
    CLOSING = "closing", pgettext_lazy("moment", "申报截止")
    HANDING_IN = "handing_in", pgettext_lazy("moment", "提交申报书")
    AWARD = "award", pgettext_lazy("moment", "立项")
    SIGNING = "signing", pgettext_lazy("moment", "任务书签订")
    PROJECT_END = "project_end", pgettext_lazy("moment", "项目结束")
    ACCEPTANCE = "acceptance", pgettext_lazy("moment", "结题（通过验收）")


class CountedIn(models.TextChoices):
    """How its days are counted; months besides what other clocks of a notice know."""

    WORKING = DayKind.WORKING.value, DayKind.WORKING.label
    CALENDAR = DayKind.CALENDAR.value, DayKind.CALENDAR.label
    MONTH = DayKind.MONTH.value, DayKind.MONTH.label


class AcceptedBy(models.TextChoices):
    NOBODY = "nobody", _("不需审核")
    UNIT = "unit", _("单位管理员")
    OFFICE = "office", _("主管处室")


class Blocks(models.TextChoices):
    """What has to wait until it is done."""

    NOTHING = "", _("不影响其他环节")
    HANDING_IN = "handing_in", pgettext_lazy("waits", "提交申报书")
    RECOMMENDATION = "recommendation", pgettext_lazy("waits", "推荐")
    DECISION = "decision", pgettext_lazy("waits", "立项决定")
    SIGNING = "signing", pgettext_lazy("waits", "签订任务书")
    PAYMENT = "payment", pgettext_lazy("waits", "拨款")
    ACCEPTANCE = "acceptance", pgettext_lazy("waits", "验收通过")


class DutyTerm(models.Model):
    """One duty as the notice says it: who owes what, one for what, until when, what waits for it."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="duty_terms", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    title = models.CharField(_("事项"), max_length=120)
    title_en = models.CharField(_("英文事项"), max_length=240, blank=True)
    text = models.TextField(_("要求"), blank=True, help_text=_("须报送什么、怎样填写，办理人会看到"))
    text_en = models.TextField(_("英文要求"), blank=True)
    clause = models.CharField(_("条款"), max_length=60)
    owed_by = models.CharField(_("由谁办理"), max_length=20, choices=OwedBy)
    per = models.CharField(_("每份对应"), max_length=20, choices=OnePer, default=OnePer.APPLICATION)
    applies_when = models.TextField(
        _("适用条件（CEL）"),
        blank=True,
        help_text=_("只对部分申报、项目要求的填写；缺少数据的照常要求"),
    )
    until = models.DateTimeField(
        _("统一截止时间"), null=True, blank=True, help_text=_("通知写明时间的；与天数、每年到期日三选一")
    )
    moment = models.CharField(_("起算点"), max_length=20, choices=Moment, blank=True)
    days = models.PositiveSmallIntegerField(
        _("几日（月）"), null=True, blank=True, validators=[MaxValueValidator(730)]
    )
    day_kind = models.CharField(
        _("日历"),
        max_length=10,
        choices=CountedIn,
        default=CountedIn.WORKING,
    )
    is_before = models.BooleanField(_("之前"), default=False, help_text=_("勾选：起算点之前几日；否则之后"))
    month_day = models.CharField(
        _("每年到期日（月-日）"),
        max_length=5,
        blank=True,
        validators=[validate_month_day],
        help_text=_("项目执行期内每年一份，例如 12-15"),
    )
    section_code = models.SlugField(
        _("表单部分"), blank=True, help_text=_("“报送事项”表单的一个部分；留空时上传材料并可写说明")
    )
    accepted_by = models.CharField(
        _("由谁审核"), max_length=10, choices=AcceptedBy, default=AcceptedBy.OFFICE
    )
    check_days = models.PositiveSmallIntegerField(_("审核期限（工作日）"), default=10)
    blocks = models.CharField(_("完成之前不得"), max_length=20, choices=Blocks, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("报送要求")
        verbose_name_plural = pgettext_lazy("list", "报送要求")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="duty_term_code_once"),
            models.CheckConstraint(
                condition=Q(until__isnull=False, days__isnull=True, moment="", month_day="")
                | Q(until__isnull=True, days__isnull=False, month_day="") & ~Q(moment="")
                | Q(until__isnull=True, days__isnull=True, moment="", month_day__regex=MONTH_DAY),
                name="duty_term_has_one_clock",
            ),
            models.CheckConstraint(condition=Q(check_days__gte=1), name="duty_term_check_days"),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.title


class DutyQuerySet(models.QuerySet):
    def owed_by(self, user):
        """What a person fills in: what the clock of the duty says, in person or for a unit or an office."""
        owed = Deadline.objects.owed_by(user).filter(kind=DeadlineKind.DUTY)
        return self.filter(pk__in=owed.order_by().values("object_id"))

    def visible_to(self, user):
        """Whoever owes it; the project's team and its unit's administrators; the call's bureau."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        if scope.sees_everything:
            return self
        wanted = Q(pk__in=self.model.objects.owed_by(user).order_by().values("pk"))
        teams = Application.objects.filter(team__user=user).order_by().values("pk")
        wanted |= Q(application_id__in=teams)
        if scope.admin_units:
            wanted |= Q(application__organisation_id__in=scope.admin_units)
        if bureau := scope.departments | scope.headed:
            wanted |= Q(term__call__programme__department_id__in=bureau)
        return self.filter(wanted)

    def pending(self):
        return self.filter(state__in=states.PENDING)


class Duty(models.Model):
    """One that is owed: for an application, a project, a unit, a recommender or the call; each year's apart.

    A recommender is an office: an organisation and its region. `answers` is what is being written; a hand-in
    seals a copy. The files are `Document`s of the duty, those of a hand-in its own.
    """

    machine = states.DUTY
    event_verbs = {"opened": _("产生"), "moved_to": _("期限变更")}

    term = models.ForeignKey(DutyTerm, models.PROTECT, related_name="+", verbose_name=_("报送要求"))
    series = models.UUIDField(_("通知系列"))
    code = models.SlugField(_("代码"))
    application = models.ForeignKey(
        Application, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("申报书")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("单位")
    )
    region = models.CharField(_("管辖区域代码"), max_length=6, blank=True)
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)
    due_at = models.DateTimeField(_("期限"))
    state = models.CharField(
        _("状态"), max_length=10, choices=states.DutyState, default=states.DutyState.OPEN
    )
    answers = models.JSONField(_("答案"), default=dict, blank=True)
    saved_at = models.DateTimeField(_("最近保存"), null=True, blank=True)

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = _("报送事项")
        verbose_name_plural = pgettext_lazy("list", "报送事项")
        ordering = ["due_at", "id"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="duty_by_due"),
            models.Index(fields=["application"], name="duty_of_application"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "code", "application", "organisation", "region", "year"],
                name="duty_once",
                nulls_distinct=False,
            )
        ]
        triggers = [pgtrigger.Protect(name="kept", operation=pgtrigger.Delete)]

    def __str__(self):
        return f"{self.term} {self.year}" if self.year else str(self.term)

    @property
    def is_owed(self) -> bool:
        """Whether somebody still has to hand something in."""
        return self.state in states.OWED


class HandInQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(duty__in=Duty.objects.visible_to(user).order_by().values("pk"))


class HandIn(models.Model):
    """What was handed in for a duty: never edited. Whoever accepts it writes the outcome once."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("通过")
        RETURNED = "returned", _("退回补充")

    duty = models.ForeignKey(Duty, models.PROTECT, related_name="hand_ins", verbose_name=_("报送事项"))
    number = models.PositiveSmallIntegerField(_("次数"))
    answers = models.JSONField(_("内容"), default=list)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("提交人")
    )
    submitted_at = models.DateTimeField(_("提交时间"))
    outcome = models.CharField(_("审核结论"), max_length=10, choices=Outcome, blank=True)
    note = models.TextField(_("审核意见"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("审核人"),
    )
    decided_at = models.DateTimeField(_("审核时间"), null=True, blank=True)

    objects = HandInQuerySet.as_manager()

    class Meta:
        verbose_name = _("报送材料")
        verbose_name_plural = _("报送材料")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["duty", "number"], name="duty_hand_in_once"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_by__isnull=True, decided_at__isnull=True, note="")
                | ~Q(outcome="") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="duty_hand_in_decided_at_by",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="returned") | ~Q(note=""), name="duty_hand_in_returned_why"
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.Delete
                | pgtrigger.UpdateOf("duty_id", "number", "answers", "submitted_by_id", "submitted_at"),
            ),
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__outcome__in=["accepted", "returned"]),
            ),
        ]

    def __str__(self):
        return f"{self.duty} #{self.number}"
