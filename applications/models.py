"""Intake: an application (申报, 揭榜) to a call, its answers, budget, participants and sealed submissions."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Organisation
from accounts.roles import Role
from applications import states
from applications.states import ApplicationState
from grants.models import BudgetCategory, Call, EligibilityRule, FundingSource, ProjectType, Question, Topic
from grants.states import TopicState


def sealed_after_submission() -> list[pgtrigger.Trigger]:
    """Trigger for tables with an `application_id`: only a draft or returned application may change."""
    return [
        pgtrigger.Trigger(
            name="sealed_after_submission",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            # FOR SHARE waits for a submission under way, so nothing slips in behind the sealed content.
            func="""
                PERFORM 1 FROM applications_application
                    WHERE id IN (NEW.application_id, OLD.application_id) FOR SHARE;
                IF EXISTS (
                    SELECT 1 FROM applications_application
                    WHERE id IN (NEW.application_id, OLD.application_id)
                        AND state NOT IN ('draft', 'returned')
                ) THEN
                    RAISE EXCEPTION 'the application is submitted: nothing in it changes'
                        USING ERRCODE = 'check_violation';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            """,
        )
    ]


class ApplicationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The visibility matrix for applications; experts read theirs through `reviews.visibility`."""
        if not user.is_authenticated:
            return self.none()
        scope = user.scope
        # A draft that was withdrawn has never been handed in: it stays with its team.
        submitted = Q(submitted_at__isnull=False)
        wanted = self._own(user)
        if scope.sees_everything or Role.FINANCE in scope.roles:
            wanted |= submitted
        if scope.departments:
            calls = Call.objects.filter(programme__department_id__in=scope.departments)
            wanted |= submitted & Q(call__any_of=calls.order_by().values("pk"))
        if scope.units:
            # The demand side reads all bids for its own topic once bidding has closed.
            closed = Topic.objects.filter(owner_id__in=scope.units).exclude(state=TopicState.LISTED)
            wanted |= submitted & Q(topic__any_of=closed.order_by().values("pk"))
        for region in scope.regions:
            units = Organisation.objects.filter(region__startswith=region)
            reached = submitted & ~Q(state=ApplicationState.UNIT_REVIEW)
            wanted |= reached & Q(organisation__any_of=units.order_by().values("pk"))
        return self.filter(wanted)

    def own_to(self, user):
        """Those of one's teams and of the units that one administers: a part of `visible_to`."""
        return self.filter(self._own(user)) if user.is_authenticated else self.none()

    def _own(self, user):
        teams = TeamMember.objects.filter(user=user)
        own = Q(pk__any_of=teams.order_by().values("application_id"))
        units = user.scope.admin_units
        return own | Q(organisation_id__in=units) if units else own


@pghistory.track(
    fields=[
        "state",
        "title",
        "requested_amount",
        "own_amount",
        "topic",
        "organisation",
        "number",
        "submitted_at",
    ]
)
class Application(models.Model):
    """One application of a lead organisation (牵头单位). Amounts in 元; `version` counts submissions."""

    machine = states.APPLICATION
    event_verbs = {
        "started": _("建立草稿"),
        "joined": _("加入申报团队"),
        "left": _("移出申报团队"),
        "lapsed": _("逾期未提交"),
        "ended": _("项目结束"),
        "amended": _("随通知修订转入新版本"),
        "reopened": _("重新发榜，可以继续填写"),
    }

    call = models.ForeignKey(Call, models.PROTECT, related_name="+", verbose_name=_("通知"))
    topic = models.ForeignKey(
        Topic, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("榜单任务")
    )
    project_type = models.ForeignKey(
        ProjectType, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("项目类别")
    )
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("预申报项目")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("牵头单位")
    )
    number = models.CharField(_("受理编号"), max_length=60, blank=True)
    title = models.CharField(_("项目名称"), max_length=120, blank=True)
    summary = models.TextField(_("项目简介"), blank=True)
    starts_date = models.DateField(_("开始日期"), null=True, blank=True)
    ends_date = models.DateField(_("结束日期"), null=True, blank=True)
    requested_amount = models.DecimalField(
        _("申请财政资金（元）"), max_digits=14, decimal_places=2, default=0
    )
    own_amount = models.DecimalField(_("自筹资金（元）"), max_digits=14, decimal_places=2, default=0)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.ApplicationState, default=states.ApplicationState.DRAFT
    )
    version = models.PositiveSmallIntegerField(_("提交版本"), default=0)
    typed = models.JSONField(
        _("尚未有效的填写"),
        default=dict,
        blank=True,
        help_text=_("按部分保存还不能存入表格的文字，以免丢失"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("创建人")
    )
    created_at = models.DateTimeField(_("创建时间"))
    saved_at = models.DateTimeField(_("最近保存"))
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("提交人"),
    )
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    ended = models.CharField(_("结题情况"), max_length=20, choices=states.ProjectEnd, blank=True)
    ended_at = models.DateTimeField(_("结题时间"), null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("申报书")
        verbose_name_plural = pgettext_lazy("list", "申报书")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["call", "state", "-id"]),
            models.Index(fields=["organisation", "-id"]),
            models.Index(fields=["topic", "-id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["number"], condition=~Q(number=""), name="application_number_once"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, submitted_by__isnull=True)
                | Q(submitted_at__isnull=False, submitted_by__isnull=False),
                name="application_submitted_at_by",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
                name="application_submitted_has_time",
            ),
            models.CheckConstraint(
                condition=Q(ended="", ended_at__isnull=True) | ~Q(ended="") & Q(ended_at__isnull=False),
                name="application_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(requested_amount__gte=0, own_amount__gte=0),
                name="application_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(ends_date__isnull=True)
                | Q(starts_date__isnull=True)
                | Q(ends_date__gt=models.F("starts_date")),
                name="application_dates_in_order",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="sealed",
                operation=pgtrigger.UpdateOf(
                    "call_id",
                    "topic_id",
                    "project_type_id",
                    "follows_id",
                    "organisation_id",
                    "title",
                    "summary",
                    "starts_date",
                    "ends_date",
                    "requested_amount",
                    "own_amount",
                ),
                condition=pgtrigger.Condition("OLD.state NOT IN ('draft', 'returned')"),
            )
        ]

    def __str__(self):
        return self.title or str(_("未命名的申报书"))


class TeamMember(models.Model):
    """A person who may write the application (申报团队)."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="team")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("用户")
    )

    class Meta:
        verbose_name = _("团队成员")
        verbose_name_plural = _("申报团队")
        constraints = [models.UniqueConstraint(fields=["application", "user"], name="team_member_once")]

    def __str__(self):
        return str(self.user)


class Answer(models.Model):
    """The answer to one question, as JSON in the shape of the question's kind."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, models.PROTECT, related_name="+")
    value = models.JSONField(_("答案"), null=True)
    saved_at = models.DateTimeField(_("保存时间"))
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("答案")
        verbose_name_plural = _("答案")
        constraints = [models.UniqueConstraint(fields=["application", "question"], name="answer_once")]
        triggers = sealed_after_submission()

    def __str__(self):
        return str(self.value)


class ParticipantRole(models.TextChoices):
    PI = "pi", _("项目负责人")
    MEMBER = "member", _("项目成员")


class Participant(models.Model):
    """A person of the project, with the unit they come from; partner units are those of participants."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="participants")
    role = models.CharField(_("角色"), max_length=10, choices=ParticipantRole)
    name = models.CharField(_("姓名"), max_length=60)
    id_number = models.CharField(_("身份证号"), max_length=18, blank=True, db_index=True)
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    title = models.CharField(_("职称"), max_length=60, blank=True)
    organisation_name = models.CharField(_("单位名称"), max_length=120)
    credit_code = models.CharField(_("单位统一社会信用代码"), max_length=18, blank=True, db_index=True)
    months_per_year = models.DecimalField(
        _("每年投入（月）"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    task = models.CharField(_("分工"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("参与人员")
        verbose_name_plural = _("参与人员")
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(role="pi"), name="participant_one_pi"
            ),
            models.CheckConstraint(
                condition=Q(months_per_year__isnull=True) | Q(months_per_year__gt=0, months_per_year__lte=12),
                name="participant_months_in_year",
            ),
        ]
        triggers = sealed_after_submission()

    def __str__(self):
        return self.name


class BudgetLine(models.Model):
    """One cell of the budget: category × source, and × year and × unit where the call asks for them; 元."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="budget_lines")
    category = models.ForeignKey(BudgetCategory, models.PROTECT, related_name="+", verbose_name=_("科目"))
    source = models.ForeignKey(FundingSource, models.PROTECT, related_name="+", verbose_name=_("来源"))
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True)
    unit = models.CharField(_("单位（信用代码）"), max_length=18, blank=True)
    amount = models.DecimalField(_("金额（元）"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("预算")
        verbose_name_plural = _("预算")
        constraints = [
            models.UniqueConstraint(
                fields=["application", "category", "source", "year", "unit"],
                name="budget_line_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_line_not_negative"),
        ]
        triggers = sealed_after_submission()

    def __str__(self):
        return f"{self.category} {self.amount}"


class ProposedMilestone(models.Model):
    """A milestone (里程碑) that the applicant proposes; the agreement takes it over."""

    application = models.ForeignKey(Application, models.CASCADE, related_name="proposed_milestones")
    order = models.PositiveSmallIntegerField(_("顺序"))
    name = models.CharField(_("名称"), max_length=120)
    due_date = models.DateField(_("计划日期"))
    deliverable = models.TextField(_("交付物"))
    indicators = models.JSONField(
        _("考核指标"), default=list, blank=True, help_text=_("[{name, unit, target}]")
    )
    share = models.DecimalField(_("拨款比例（%）"), max_digits=5, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("计划里程碑")
        verbose_name_plural = _("计划里程碑")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["application", "order"], name="proposed_milestone_order_once"),
            models.CheckConstraint(
                condition=Q(share__gte=0, share__lte=100), name="proposed_milestone_share_percent"
            ),
        ]
        triggers = sealed_after_submission()

    def __str__(self):
        return self.name


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


class PastProject(models.Model):
    """A project that runs or ran outside this system: counted by limits on parallel projects (限项)."""

    plan = models.CharField(_("计划"), max_length=120)
    number = models.CharField(_("项目编号"), max_length=60, blank=True)
    title = models.CharField(_("项目名称"), max_length=200)
    credit_code = models.CharField(_("承担单位信用代码"), max_length=18, blank=True, db_index=True)
    id_number = models.CharField(_("人员身份证号"), max_length=18, blank=True, db_index=True)
    role = models.CharField(_("角色"), max_length=10, choices=ParticipantRole, default=ParticipantRole.PI)
    status = models.CharField(_("状态"), max_length=20, choices=states.RecordStatus)
    starts_date = models.DateField(_("开始日期"), null=True, blank=True)
    ends_date = models.DateField(_("结束日期"), null=True, blank=True)
    amount = models.DecimalField(_("财政资金（元）"), max_digits=14, decimal_places=2, default=0)
    months_per_year = models.DecimalField(
        _("每年投入（月）"), max_digits=3, decimal_places=1, null=True, blank=True
    )
    source = models.CharField(_("来源"), max_length=200)

    class Meta:
        verbose_name = _("外部项目记录")
        verbose_name_plural = _("外部项目记录")
        ordering = ["-starts_date", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(credit_code="") | ~Q(id_number=""), name="past_project_of_somebody"
            )
        ]

    def __str__(self):
        return f"{self.plan} {self.title}"
