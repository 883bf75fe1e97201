"""What is offered: programmes, calls (通知) and everything a notice says, as data."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from accounts.roles import Role
from grants import states


def frozen_with_call() -> list[pgtrigger.Trigger]:
    """Trigger for tables with a `call_id`: once the call is published the database refuses any change."""
    return [
        pgtrigger.Trigger(
            name="frozen_with_call",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func="""
                IF EXISTS (
                    SELECT 1 FROM grants_call
                    WHERE id IN (NEW.call_id, OLD.call_id) AND state <> 'draft'
                ) THEN
                    RAISE EXCEPTION 'the call is published: amend it instead'
                        USING ERRCODE = 'check_violation';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            """,
        )
    ]


class Programme(models.Model):
    """A standing programme (科技计划), run by a department."""

    slug = models.SlugField(_("代码"), unique=True)
    name = models.CharField(_("计划名称"), max_length=120)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    summary = models.TextField(_("简介"), blank=True)
    department = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("主管处室"))

    class Meta:
        verbose_name = _("科技计划")
        verbose_name_plural = _("科技计划")
        ordering = ["slug"]

    def __str__(self):
        return self.name


class Sourcing(models.TextChoices):
    WINDOW = "window", _("集中申报")
    DEMAND = "demand", _("企业出题揭榜")


class Instrument(models.TextChoices):
    GRANT = "grant", _("无偿资助")
    EX_POST = "ex_post", _("后补助（奖补）")


class DayKind(models.TextChoices):
    WORKING = "working", _("工作日")
    CALENDAR = "calendar", _("自然日")


class CallQuerySet(models.QuerySet):
    def published(self):
        return self.exclude(state=states.CallState.DRAFT)

    def accepting(self, at):
        """Calls one can apply to at this moment."""
        return self.filter(
            Q(closes_at__isnull=True) | Q(closes_at__gte=at),
            state=states.CallState.PUBLISHED,
            opens_at__lte=at,
        )

    def visible_to(self, user):
        """Everybody sees published calls; managers also their own department's drafts."""
        if user.is_authenticated and user.scope.sees_everything:
            return self
        wanted = ~Q(state=states.CallState.DRAFT)
        if user.is_authenticated and user.has_role(Role.PROGRAMME_MANAGER):
            wanted |= Q(programme__department_id__in=user.scope.departments)
        return self.filter(wanted)


@pghistory.track()
class Call(models.Model):
    """One notice (通知). Amounts are 元. Everything below it is frozen when it is published."""

    machine = states.CALL

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="calls", verbose_name=_("计划"))
    title = models.CharField(_("通知标题"), max_length=200)
    title_en = models.CharField(_("英文标题"), max_length=200, blank=True)
    number = models.CharField(_("发文字号"), max_length=60, blank=True)
    year = models.PositiveSmallIntegerField(_("年度"))
    version = models.PositiveSmallIntegerField(_("版本"), default=1)
    state = models.CharField(
        _("状态"), max_length=20, choices=states.CallState, default=states.CallState.DRAFT
    )
    sourcing = models.CharField(_("征集方式"), max_length=20, choices=Sourcing)
    instrument = models.CharField(_("支持方式"), max_length=20, choices=Instrument)
    notice = models.TextField(_("通知正文"))
    opens_at = models.DateTimeField(_("开始时间"))
    closes_at = models.DateTimeField(
        _("截止时间"), null=True, blank=True, help_text=_("常年受理（随发随评）时留空")
    )
    cap = models.DecimalField(_("资助上限（元）"), max_digits=14, decimal_places=2, null=True, blank=True)
    cap_clause = models.CharField(_("上限条款"), max_length=60, blank=True)
    own_per_fiscal = models.DecimalField(
        _("自筹与财政之比不低于"),
        max_digits=6,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("1 表示自筹 ≥ 财政"),
    )
    own_clause = models.CharField(_("配套条款"), max_length=60, blank=True)
    publicity_days = models.PositiveSmallIntegerField(_("公示天数"), default=5)
    publicity_day_kind = models.CharField(
        _("公示日历"), max_length=10, choices=DayKind, default=DayKind.WORKING
    )
    publicity_clause = models.CharField(_("公示条款"), max_length=60, blank=True)
    signing_days = models.PositiveSmallIntegerField(_("任务书签订期限（自然日）"), default=30)
    signing_clause = models.CharField(_("签订条款"), max_length=60, blank=True)
    bid_days = models.PositiveSmallIntegerField(_("揭榜期（自然日）"), null=True, blank=True)
    contact = models.CharField(_("咨询电话"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("申报通知")
        verbose_name_plural = _("申报通知")
        ordering = ["-opens_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "year", "title", "version"], name="call_version_once"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__gt=models.F("opens_at")),
                name="call_closes_after_opening",
            ),
            models.CheckConstraint(condition=Q(cap__isnull=True) | Q(cap__gt=0), name="call_cap_positive"),
            models.CheckConstraint(
                condition=Q(state="draft", published_at__isnull=True)
                | ~Q(state="draft") & Q(published_at__isnull=False),
                name="call_published_has_time",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="frozen_when_published",
                operation=pgtrigger.UpdateOf(
                    "programme_id",
                    "title",
                    "number",
                    "year",
                    "version",
                    "sourcing",
                    "instrument",
                    "notice",
                    "opens_at",
                    "closes_at",
                    "cap",
                    "cap_clause",
                    "own_per_fiscal",
                    "own_clause",
                    "publicity_days",
                    "publicity_day_kind",
                    "publicity_clause",
                    "signing_days",
                    "signing_clause",
                    "bid_days",
                )
                | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["published", "closed"]),
            ),
        ]

    def __str__(self):
        return self.title


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
        verbose_name = _("榜单任务与指南方向")
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


class StageKind(models.TextChoices):
    """Steps an application passes, in the order that the call's rows say."""

    UNIT_REVIEW = "unit_review", _("单位审核")
    RECOMMENDATION = "recommendation", _("推荐审核")
    FORMAL_CHECK = "formal_check", _("形式审查")
    EXPERT_REVIEW = "expert_review", _("专家评审")
    DEMANDER_CHOICE = "demander_choice", _("发榜方选择")
    DECISION = "decision", _("立项决定")
    PUBLICITY = "publicity", _("公示")
    AGREEMENT = "agreement", _("签订任务书")


class Stage(models.Model):
    """One step of a call, its clock and the clause that sets it."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="stages", verbose_name=_("通知"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    kind = models.CharField(_("环节"), max_length=30, choices=StageKind)
    days = models.PositiveSmallIntegerField(_("期限（天）"))
    day_kind = models.CharField(_("日历"), max_length=10, choices=DayKind, default=DayKind.WORKING)
    clause = models.CharField(_("条款"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("环节")
        verbose_name_plural = _("环节")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "order"], name="stage_order_once"),
            models.UniqueConstraint(fields=["call", "kind"], name="stage_kind_once"),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.get_kind_display()


class Section(models.Model):
    """A part of the application form."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="sections", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    title = models.CharField(_("标题"), max_length=120)
    title_en = models.CharField(_("英文标题"), max_length=120, blank=True)
    help = models.TextField(_("说明"), blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("表单部分")
        verbose_name_plural = _("表单部分")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="section_code_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.title


class QuestionKind(models.TextChoices):
    LINE = "line", _("单行文字")
    TEXT = "text", _("多行文字")
    NUMBER = "number", _("数字")
    MONEY = "money", _("金额（万元）")
    DATE = "date", _("日期")
    YES_NO = "yes_no", _("是或否")
    CHOICE = "choice", _("单选")
    CHOICES = "choices", _("多选")
    TABLE = "table", _("表格")
    ATTACHMENT = "attachment", _("附件")
    COMMITMENT = "commitment", _("承诺")


class Question(models.Model):
    """One question of the form. `config` by kind (see `applications.questions`): max_length, unit, min, max,
    decimals, choices, columns, min_rows, max_rows, endings, max_bytes."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="questions", verbose_name=_("通知"))
    section = models.ForeignKey(Section, models.CASCADE, related_name="questions", verbose_name=_("部分"))
    code = models.SlugField(_("代码"))
    kind = models.CharField(_("类型"), max_length=20, choices=QuestionKind)
    label = models.CharField(_("题目"), max_length=200)
    label_en = models.CharField(_("英文题目"), max_length=200, blank=True)
    help = models.TextField(_("填写说明"), blank=True)
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    is_required = models.BooleanField(_("必填"), default=True)
    visible_when = models.TextField(_("显示条件（CEL）"), blank=True)
    config = models.JSONField(_("设置"), default=dict, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("问题")
        verbose_name_plural = _("问题")
        ordering = ["section__order", "order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="question_code_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.label


class Automation(models.TextChoices):
    AUTO = "auto", _("自动判断")
    NEEDS_DATA = "needs_data", _("待补数据")
    MANUAL = "manual", _("人工审查")
    ENFORCED_ELSEWHERE = "enforced_elsewhere", _("系统已保证")


class RuleScope(models.TextChoices):
    UNIT = "unit", _("牵头单位")
    PI = "pi", _("项目负责人")
    PARTNER = "partner", _("合作单位")
    BUDGET = "budget", _("经费")
    PROJECT = "project", _("项目")


class Severity(models.TextChoices):
    BLOCKING = "blocking", _("不符合不得提交")
    WARNING = "warning", _("提示")


class EligibilityRule(models.Model):
    """One clause of the notice as one row: text as printed, clause, CEL expression, class and severity."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="rules", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    text = models.TextField(_("条文"))
    text_en = models.TextField(_("英文条文"), blank=True)
    clause = models.CharField(_("条款"), max_length=60)
    scope = models.CharField(_("对象"), max_length=20, choices=RuleScope)
    automation = models.CharField(_("判断方式"), max_length=20, choices=Automation)
    severity = models.CharField(_("效力"), max_length=20, choices=Severity, default=Severity.BLOCKING)
    expression = models.TextField(_("表达式（CEL）"), blank=True)
    applies_when = models.TextField(_("适用条件（CEL）"), blank=True)
    hint = models.TextField(_("不符合时的提示"), blank=True)
    params = models.JSONField(_("参数"), default=dict, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("申报条件")
        verbose_name_plural = _("申报条件")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "code"], name="rule_code_once"),
            models.CheckConstraint(
                condition=~Q(automation="auto") | ~Q(expression=""), name="rule_auto_has_expression"
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return f"{self.code} {self.text[:40]}"


class BudgetCategory(models.Model):
    """A row of the budget table (设备费, 业务费, 劳务费, 间接费用 …)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="budget_categories", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("科目"), max_length=60)
    name_en = models.CharField(_("英文科目"), max_length=60, blank=True)
    is_fiscal_allowed = models.BooleanField(
        _("可列支财政资金"), default=True, help_text=_("“不得列支”的科目取消勾选")
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("预算科目")
        verbose_name_plural = _("预算科目")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="budget_category_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class FundingSource(models.Model):
    """A column of the budget table (财政资金, 自筹, 发榜方投入 …)."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="funding_sources", verbose_name=_("通知"))
    code = models.SlugField(_("代码"))
    name = models.CharField(_("来源"), max_length=60)
    name_en = models.CharField(_("英文来源"), max_length=60, blank=True)
    is_fiscal = models.BooleanField(_("财政资金"), default=False)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("资金来源")
        verbose_name_plural = _("资金来源")
        ordering = ["order"]
        constraints = [models.UniqueConstraint(fields=["call", "code"], name="funding_source_once")]
        triggers = frozen_with_call()

    def __str__(self):
        return self.name


class NumberSequence(models.Model):
    """The last number given out per prefix; numbers are never reused."""

    prefix = models.CharField(max_length=60, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("编号序列")
        verbose_name_plural = _("编号序列")

    def __str__(self):
        return f"{self.prefix}{self.last}"
