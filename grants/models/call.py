"""Calls (通知): what a notice says as a whole."""

import uuid

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Role
from grants import states
from grants.models.programme import Programme
from grants.models.words import in_readers_language


class Sourcing(models.TextChoices):
    WINDOW = "window", _("集中申报")
    ROLLING = "rolling", _("常年受理（随发随评）")
    DEMAND = "demand", _("企业出题揭榜")
    NOMINATION = "nomination", _("提名（一事一议）")
    LIBRARY = "library", _("项目库")
    CLAIM = "claim", _("事后申领")


class Instrument(models.TextChoices):
    GRANT = "grant", _("无偿资助")
    LUMP_SUM = "lump_sum", _("包干制资助")
    EX_POST = "ex_post", _("后补助（奖补）")
    MATCHING = "matching", _("配套资助")
    INTEREST = "interest", _("贷款贴息")
    EQUITY = "equity", _("股权投资")
    CONVERTIBLE = "convertible", _("先投后股（拨投结合）")
    VOUCHER = "voucher", _("创新券")
    NONE = "none", _("不安排财政资金")


class DayKind(models.TextChoices):
    WORKING = "working", _("工作日")
    CALENDAR = "calendar", _("自然日")


class PaperSender(models.TextChoices):
    APPLICANT = "applicant", _("申报团队")
    UNIT = "unit", _("申报单位（单位管理员）")
    RECOMMENDER = "recommender", _("推荐单位")


class PaperAfter(models.TextChoices):
    CLOSING = "closing", _("申报截止（由推荐单位报送的，推荐截止）之后")
    CHECK = "check", _("形式审查通过之后")
    AWARD = "award", _("获立项之后")
    ACCEPTANCE = "acceptance", _("项目通过验收之后")


class RunsFrom(models.TextChoices):
    """From when a project runs (执行期起算), for as long as the application asked."""

    APPLICATION = "application", _("申报书写明的开始日期")
    AWARD = "award", _("立项之日")
    SIGNING = "signing", _("任务书签订之日（主管部门签订时）")


PARTS = {
    "publicity": "days day_kind clause",
    "signing": "days runs_from clause",
    "appeal": "days day_kind decision_days clause",
    "duplicate": "percent clause",
    "scan": "days day_kind clause",
    "table": "days day_kind clause",
    "recommender_table": "days day_kind until clause",
    "paper": (
        "copies of of_en sender at_recommender address after days day_kind until by_postmark warns clause"
    ),
    "extension": "notice_months times months unit_days decision_days clause",
    "termination": "decision_days settlement_days clause",
}
CLOCKS = tuple(f"{part}_{name}" for part, names in PARTS.items() for name in names.split())


class CallQuerySet(models.QuerySet):
    def published(self):
        return self.exclude(state=states.CallState.DRAFT)

    def in_force(self):
        """Published and not replaced by a later version."""
        return self.exclude(state__in=(states.CallState.DRAFT, states.CallState.SUPERSEDED))

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
    event_verbs = {"amended": _("修订通知"), "edited": _("编辑"), "batch_opened": _("批次开始受理")}

    series = models.UUIDField(_("通知系列"), default=uuid.uuid4, editable=False, db_index=True)
    """The same for all versions of a notice; counts over "this call" run over the series."""
    amends = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("修订自")
    )
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
    registers_by_at = models.DateTimeField(
        _("意向登记截止"),
        null=True,
        blank=True,
        help_text=_("在此之前建立申报书即为登记；之后不能新建，已登记的可以填到申报截止。留空不要求登记"),
    )
    unit_closes_at = models.DateTimeField(
        _("单位审核截止"), null=True, blank=True, help_text=_("留空时按“单位审核”环节的期限")
    )
    recommender_closes_at = models.DateTimeField(
        _("推荐截止"), null=True, blank=True, help_text=_("留空时按“推荐审核”环节的期限")
    )
    has_intakes = models.BooleanField(
        _("分批受理"), default=False, editable=False, help_text=_("写了批次的通知，由系统在发布时记下")
    )
    has_entries = models.BooleanField(_("有入选资格"), default=False, editable=False)
    is_invitation_only = models.BooleanField(
        _("定向邀请"), default=False, help_text=_("只有名单内的单位可以申报")
    )
    is_open_abroad = models.BooleanField(
        _("境外单位可以牵头"),
        default=False,
        help_text=_(
            "境外单位凭所在国家或地区的登记号注册，登记证明经核实后可以牵头申报；国家限制写成申报条件"
        ),
    )
    is_open_to_teams = models.BooleanField(
        _("未注册的团队可以申报"), default=False, help_text=_("团队或个人以自己的名义申报，不经单位审核")
    )
    team_months = models.PositiveSmallIntegerField(
        _("团队立项后几个月内登记为单位"), null=True, blank=True, help_text=_("签订前必须登记；留空不要求")
    )
    team_clause = models.CharField(_("团队申报条款"), max_length=60, blank=True)
    max_submissions = models.PositiveSmallIntegerField(
        _("最多提交次数"), null=True, blank=True, help_text=_("含退回修改后的再次提交；留空不限")
    )
    is_topic_free = models.BooleanField(
        _("可以自选题目"), default=False, help_text=_("写了指南方向的须选一个；勾选后也可以不选（自由申报）")
    )
    asks_topic = models.BooleanField(_("须选指南方向"), default=False, editable=False)
    max_megabytes = models.PositiveSmallIntegerField(
        _("附件总量上限（MB）"), null=True, blank=True, help_text=_("一份申报书全部附件合计；留空不另作限制")
    )
    person_roles = models.JSONField(
        _("人员角色"),
        default=list,
        blank=True,
        help_text=_("通知对人员的称呼，各几人；留空为项目负责人和项目成员"),
    )
    asks_participants = models.BooleanField(_("填写参与人员"), default=True)
    requires_partner_confirmation = models.BooleanField(
        _("合作单位须确认"),
        default=False,
        help_text=_("提交前，每个合作单位的管理员都要在系统中确认本单位的内容"),
    )
    requires_consents = models.BooleanField(
        _("参与人员须知情同意"),
        default=False,
        help_text=_("提交前，每个参与人员都要用自己的账号同意，按个人档案里的证件号码核对"),
    )
    asks_milestones = models.BooleanField(_("填写计划里程碑"), default=True)
    is_budget_by_year = models.BooleanField(_("预算分年度"), default=False)
    is_budget_by_unit = models.BooleanField(_("预算分单位"), default=False)
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
    tells_reason = models.BooleanField(
        _("告知立项理由"), default=False, help_text=_("立项时把决定的理由告知项目团队和单位管理员")
    )
    signing_days = models.PositiveSmallIntegerField(_("任务书签订期限（自然日）"), default=30)
    signing_runs_from = models.CharField(
        _("执行期自何时起算"),
        max_length=12,
        choices=RunsFrom,
        default=RunsFrom.APPLICATION,
        help_text=_("自立项、签订之日起算的，期限与申报书相同，里程碑随之顺延"),
    )
    signing_clause = models.CharField(_("签订条款"), max_length=60, blank=True)
    appeal_days = models.PositiveSmallIntegerField(
        _("申请复审期限"),
        null=True,
        blank=True,
        default=21,
        help_text=_("收到不予受理决定后几日内可以申请复审；留空表示不受理复审"),
    )
    appeal_day_kind = models.CharField(
        _("复审期限日历"), max_length=10, choices=DayKind, default=DayKind.CALENDAR
    )
    appeal_decision_days = models.PositiveSmallIntegerField(_("复审决定期限（工作日）"), default=10)
    appeal_clause = models.CharField(_("复审条款"), max_length=60, blank=True)
    duplicate_percent = models.PositiveSmallIntegerField(
        _("查重提示线（%）"),
        null=True,
        blank=True,
        help_text=_("重复率达到时，先填写查重意见才能通过形式审查和查重环节；留空只出报告"),
    )
    duplicate_clause = models.CharField(_("查重条款"), max_length=60, blank=True)
    scan_days = models.PositiveSmallIntegerField(
        _("盖章扫描件期限"),
        null=True,
        blank=True,
        help_text=_("申报截止（常年受理的为提交）后几日内上传盖章扫描件；留空不要求"),
    )
    scan_day_kind = models.CharField(
        _("扫描件期限日历"), max_length=10, choices=DayKind, default=DayKind.WORKING
    )
    scan_clause = models.CharField(_("扫描件条款"), max_length=60, blank=True)
    table_days = models.PositiveSmallIntegerField(
        _("盖章汇总表期限"),
        null=True,
        blank=True,
        help_text=_("申报截止后几日内由单位上传盖章的申报汇总表；0 表示随单位审核上传；留空不要求"),
    )
    table_day_kind = models.CharField(
        _("汇总表期限日历"), max_length=10, choices=DayKind, default=DayKind.WORKING
    )
    table_clause = models.CharField(_("汇总表条款"), max_length=60, blank=True)
    recommender_table_days = models.PositiveSmallIntegerField(
        _("推荐汇总表期限"),
        null=True,
        blank=True,
        help_text=_(
            "推荐截止后几日内由推荐单位上传盖章的推荐汇总表；0 表示推荐截止之前；与截止时间都留空时不要求"
        ),
    )
    recommender_table_day_kind = models.CharField(
        _("推荐汇总表期限日历"), max_length=10, choices=DayKind, default=DayKind.WORKING
    )
    recommender_table_until = models.DateTimeField(
        _("推荐汇总表截止时间"), null=True, blank=True, help_text=_("通知规定了时间时填写，不再填写期限")
    )
    recommender_table_clause = models.CharField(_("推荐汇总表条款"), max_length=60, blank=True)
    paper_copies = models.PositiveSmallIntegerField(
        _("纸质材料（份）"), null=True, blank=True, help_text=_("每项申报报送几份；留空不要求报送纸质材料")
    )
    paper_of = models.CharField(
        _("纸质材料内容和装订"),
        max_length=300,
        blank=True,
        help_text=_("例如：系统生成的申报书和附件，A4 双面打印，胶装成册，首页盖章"),
    )
    paper_of_en = models.CharField(_("英文内容和装订"), max_length=300, blank=True)
    paper_applies_when = models.TextField(
        _("纸质材料适用条件（CEL）"),
        blank=True,
        help_text=_("只对部分申报要求的填写；缺少数据的照常要求"),
    )
    paper_sender = models.CharField(
        _("纸质材料由谁报送"), max_length=12, choices=PaperSender, default=PaperSender.APPLICANT
    )
    paper_at_recommender = models.BooleanField(
        _("纸质材料交推荐单位"),
        default=False,
        help_text=_("由推荐单位登记收到的份数；不勾选的由主管部门登记"),
    )
    paper_address = models.CharField(
        _("报送地址"), max_length=300, blank=True, help_text=_("地址、收件人和电话，申报人会看到")
    )
    paper_after = models.CharField(
        _("纸质材料何时报送"),
        max_length=12,
        choices=PaperAfter,
        default=PaperAfter.CLOSING,
        help_text=_(
            "形式审查通过后报送的，收齐之前不能决定立项；获立项后报送的，收齐之前主管部门不能签订任务书；"
            "通过验收后报送的只催交和登记"
        ),
    )
    paper_days = models.PositiveSmallIntegerField(
        _("纸质材料期限"),
        null=True,
        blank=True,
        help_text=_(
            "申报截止（常年受理的为提交，由推荐单位报送的为推荐截止）、形式审查通过、获立项或通过验收后几日内送达；"
            "通知规定了时间的填写截止时间"
        ),
    )
    paper_day_kind = models.CharField(
        _("纸质材料期限日历"), max_length=10, choices=DayKind, default=DayKind.WORKING
    )
    paper_until = models.DateTimeField(
        _("纸质材料截止时间"), null=True, blank=True, help_text=_("通知规定了时间时填写，不再填写期限")
    )
    paper_by_postmark = models.BooleanField(
        _("以寄出邮戳为准"), default=False, help_text=_("按登记的寄出日期判断是否逾期；不勾选的按收到日期")
    )
    paper_warns = models.BooleanField(
        _("逾期或份数不足只作提示"),
        default=False,
        help_text=_("不勾选的，逾期或份数不足的形式审查不通过"),
    )
    paper_clause = models.CharField(_("纸质材料条款"), max_length=60, blank=True)
    extension_notice_months = models.PositiveSmallIntegerField(
        _("延期提前申请（月）"), default=3, help_text=_("项目结束几个月之前可以申请延期")
    )
    extension_times = models.PositiveSmallIntegerField(
        _("延期次数"), default=1, help_text=_("0 表示不得延期")
    )
    extension_months = models.PositiveSmallIntegerField(_("延期累计不超过（月）"), default=12)
    extension_unit_days = models.PositiveSmallIntegerField(_("延期单位审核（工作日，0 为不审核）"), default=5)
    extension_decision_days = models.PositiveSmallIntegerField(_("延期审批期限（工作日）"), default=10)
    extension_clause = models.CharField(_("延期条款"), max_length=60, blank=True)
    termination_decision_days = models.PositiveSmallIntegerField(_("终止决定期限（工作日）"), default=10)
    termination_settlement_days = models.PositiveSmallIntegerField(_("终止结算期限（工作日）"), default=20)
    termination_clause = models.CharField(_("终止条款"), max_length=60, blank=True)
    bid_days = models.PositiveSmallIntegerField(_("揭榜期（自然日）"), null=True, blank=True)
    published_at = models.DateTimeField(_("发布时间"), null=True, blank=True)

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("申报通知")
        verbose_name_plural = pgettext_lazy("list", "申报通知")
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
                condition=Q(registers_by_at__isnull=True) | Q(registers_by_at__gt=models.F("opens_at")),
                name="call_registers_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(max_megabytes__isnull=True) | Q(max_megabytes__gte=1),
                name="call_megabytes_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(duplicate_percent__isnull=True) | Q(duplicate_percent__range=(1, 100)),
                name="call_duplicate_percent_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(scan_days__isnull=True) | Q(scan_days__gte=1),
                name="call_scan_days_at_least_one",
            ),
            models.CheckConstraint(
                condition=Q(recommender_table_days__isnull=True) | Q(recommender_table_until__isnull=True),
                name="call_recommender_table_by_one_clock",
                violation_error_message=_("推荐汇总表的期限和截止时间只写一个。"),
            ),
            models.CheckConstraint(
                condition=Q(paper_copies=None, paper_days=None, paper_until=None)
                | Q(paper_copies__isnull=False, paper_copies__gte=1)
                & (
                    Q(paper_days__isnull=False, paper_days__gte=1, paper_until=None)
                    | Q(paper_days=None, paper_until__isnull=False)
                ),
                name="call_paper_by_one_clock",
                violation_error_message=_("要求纸质材料的，期限和截止时间写一个；不要求的都不写。"),
            ),
            models.CheckConstraint(
                condition=Q(paper_at_recommender=False) | ~Q(paper_sender=PaperSender.RECOMMENDER),
                name="call_paper_not_sent_to_oneself",
                violation_error_message=_("推荐单位报送的纸质材料，由主管部门登记。"),
            ),
            models.UniqueConstraint(fields=["series", "version"], name="call_series_version_once"),
            models.CheckConstraint(
                condition=Q(max_submissions__isnull=True) | Q(max_submissions__gte=1),
                name="call_submissions_at_least_one",
            ),
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
                    *("programme_id", "title", "number", "year", "version", "sourcing", "instrument"),
                    *("notice", "opens_at", "closes_at", "cap", "cap_clause", "own_per_fiscal", "own_clause"),
                    *CLOCKS,
                    "bid_days",
                    "series",
                    "amends_id",
                    *("max_megabytes", "is_topic_free", "asks_topic", "registers_by_at"),
                    *("unit_closes_at", "recommender_closes_at", "has_intakes", "is_invitation_only"),
                    *("is_open_abroad", "is_open_to_teams", "team_months", "team_clause"),
                    *("max_submissions", "has_entries"),
                    *("requires_partner_confirmation", "requires_consents", "tells_reason"),
                    *("asks_participants", "person_roles", "asks_milestones"),
                    "is_budget_by_year",
                    "is_budget_by_unit",
                )
                | pgtrigger.Delete,
                condition=pgtrigger.Q(old__state__in=["published", "closed", "superseded"]),
            ),
        ]

    def __str__(self):
        return in_readers_language(self, "title")

    @property
    def asks_recommender_table(self) -> bool:
        """Whether each recommender hands in its own stamped table."""
        return self.recommender_table_days is not None or self.recommender_table_until is not None
