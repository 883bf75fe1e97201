"""The steps an application passes, in the order that the call says."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call, DayKind
from grants.models.frozen import frozen_with_call


class StageKind(models.TextChoices):
    """Steps an application passes, in the order that the call's rows say."""

    UNIT_REVIEW = "unit_review", _("单位审核")
    RECOMMENDATION = "recommendation", _("推荐审核")
    FORMAL_CHECK = "formal_check", _("形式审查")
    EXPERT_REVIEW = "expert_review", _("专家评审")
    PANEL_REVIEW = "panel_review", _("会议评审（答辩）")
    SITE_VISIT = "site_visit", _("现场考察")
    DUE_DILIGENCE = "due_diligence", _("尽职调查")
    CREDIT_CHECK = "credit_check", _("信用联查与查重")
    AUDIT = "audit", _("专项审计核查")
    DEMANDER_CHOICE = "demander_choice", _("发榜方选择")
    ARGUMENTATION = "argumentation", _("项目论证会")
    HIGHER_APPROVAL = "higher_approval", _("上级审批")
    DECISION = "decision", _("立项决定")
    PUBLICITY = "publicity", _("公示")
    AGREEMENT = "agreement", _("签订任务书")


OWN_CLOCKS = (
    StageKind.UNIT_REVIEW,
    StageKind.RECOMMENDATION,
    StageKind.PUBLICITY,
)
"""Steps whose moments the notice itself holds, or that run for days of their own."""


FOR_ALL = (
    StageKind.UNIT_REVIEW,
    StageKind.RECOMMENDATION,
    StageKind.FORMAL_CHECK,
    StageKind.DEMANDER_CHOICE,
    StageKind.DECISION,
    StageKind.PUBLICITY,
    StageKind.AGREEMENT,
)
"""Steps that every application passes; the bureau's reviews and visits may be for some only."""


class RecommendedBy(models.TextChoices):
    """Which office recommends an application (推荐渠道)."""

    REGION = "region", _("申报单位所在区域的推荐单位")
    AUTHORITY = "authority", _("申报单位的上级主管部门")
    CHOSEN = "chosen", _("申报人从通知名单中选择")


REVISABLE = (
    StageKind.PANEL_REVIEW,
    StageKind.SITE_VISIT,
    StageKind.DUE_DILIGENCE,
    StageKind.CREDIT_CHECK,
    StageKind.AUDIT,
    StageKind.ARGUMENTATION,
    StageKind.HIGHER_APPROVAL,
    StageKind.DECISION,
)
"""Steps behind experts, from which an application may be sent back to be revised after what they said."""


class Stage(models.Model):
    """One step of a call, its clock and the clause that sets it."""

    call = models.ForeignKey(Call, models.CASCADE, related_name="stages", verbose_name=_("通知"))
    order = models.PositiveSmallIntegerField(_("顺序"))
    kind = models.CharField(_("环节"), max_length=30, choices=StageKind)
    days = models.PositiveSmallIntegerField(_("期限（天）"))
    day_kind = models.CharField(_("日历"), max_length=10, choices=DayKind, default=DayKind.WORKING)
    until = models.DateTimeField(
        _("统一截止时间"),
        null=True,
        blank=True,
        help_text=_("通知规定了办结的时间时填写；之后才进入本环节的按期限"),
    )
    clause = models.CharField(_("条款"), max_length=60, blank=True)
    instruction = models.TextField(
        _("办理要求"), blank=True, help_text=_("该环节须形成的材料或结论，办理人会看到")
    )
    applies_when = models.TextField(
        _("适用条件（CEL）"),
        blank=True,
        help_text=_(
            "只对部分申报办理的环节填写，例如 500 万元以上的才现场考察；条件不成立的跳过，缺少数据的照常办理"
        ),
    )
    recommended_by = models.CharField(
        _("由谁推荐"),
        max_length=10,
        choices=RecommendedBy,
        default=RecommendedBy.REGION,
        help_text=_("只用于推荐审核环节"),
    )
    authority_confirmed = models.BooleanField(
        _("主管部门须先确认"),
        default=False,
        help_text=_("由上级主管部门推荐时：单位填写的主管部门在系统中确认之后，申报书才能提交"),
    )
    slides_days = models.PositiveSmallIntegerField(
        _("答辩材料期限"),
        null=True,
        blank=True,
        help_text=_("进入本环节后几日内上传答辩材料（演示文稿）；与截止时间都留空时不要求"),
    )
    slides_until = models.DateTimeField(
        _("答辩材料截止时间"),
        null=True,
        blank=True,
        help_text=_("通知规定了统一时间时填写；之后才进入本环节的按环节期限"),
    )
    slides_pages = models.PositiveSmallIntegerField(
        _("答辩材料页数上限"), null=True, blank=True, help_text=_("PDF 的页数或 PPTX 的张数")
    )
    slides_megabytes = models.PositiveSmallIntegerField(_("答辩材料大小上限（MB）"), null=True, blank=True)
    slides_blind = models.BooleanField(
        _("匿名评审也收答辩材料"),
        default=False,
        help_text=_("匿名评审的通知要收答辩材料须明确勾选：材料由申报人自行隐去单位和人员，系统不能代为遮盖"),
    )

    revision_days = models.PositiveSmallIntegerField(
        _("按专家意见修改（天）"),
        null=True,
        blank=True,
        help_text=_(
            "在本环节可以把前面专家的意见发给申报团队，在同一申报书里修改后再办理；自然日，留空不修改"
        ),
    )
    revises = models.JSONField(
        _("可以修改的题目"), default=list, blank=True, help_text=_("题目代码；留空为整份申报书")
    )
    pledge = models.TextField(
        _("签署承诺"),
        blank=True,
        help_text=_("单位审核、推荐审核通过时须勾选的承诺，例如已在单位内部征求意见并审查内容真实"),
    )
    pledge_en = models.TextField(_("英文承诺"), blank=True)
    shown_days = models.PositiveSmallIntegerField(
        _("内部公示不少于（天）"),
        null=True,
        blank=True,
        help_text=_("通过时须填写内部公示的起止日期；留空不要求"),
    )
    shown_day_kind = models.CharField(
        _("内部公示日历"), max_length=10, choices=DayKind, default=DayKind.WORKING
    )
    asks_file = models.CharField(
        _("须上传的材料"),
        max_length=120,
        blank=True,
        help_text=_("通过时须上传的一份材料，例如学术委员会意见（盖章）；留空不要求"),
    )
    asks_file_en = models.CharField(_("英文材料名称"), max_length=120, blank=True)
    opinion_length = models.PositiveSmallIntegerField(
        _("意见不少于（字）"), null=True, blank=True, help_text=_("通过时的意见至少多少字；留空不要求")
    )

    class Meta:
        verbose_name = _("环节")
        verbose_name_plural = _("环节")
        ordering = ["order"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["unit_review", "recommendation"])
                | models.Q(
                    pledge="",
                    asks_file="",
                    shown_days__isnull=True,
                    opinion_length__isnull=True,
                ),
                name="stage_signed_by_an_office",
            ),
            models.CheckConstraint(
                condition=~models.Q(shown_days=0) & ~models.Q(opinion_length=0),
                name="stage_signing_not_zero",
            ),
            models.CheckConstraint(
                condition=models.Q(revision_days__isnull=True, revises=[])
                | models.Q(kind__in=[*REVISABLE], revision_days__gte=1),
                name="stage_revision_of_a_later_step",
            ),
            models.UniqueConstraint(fields=["call", "order"], name="stage_order_once"),
            models.UniqueConstraint(fields=["call", "kind"], name="stage_kind_once"),
            models.CheckConstraint(
                condition=models.Q(kind="recommendation") | models.Q(recommended_by="region"),
                name="stage_recommended_by_of_recommendation",
            ),
            models.CheckConstraint(
                condition=models.Q(recommended_by="authority") | models.Q(authority_confirmed=False),
                name="stage_authority_confirmed_of_authority",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["expert_review", "panel_review"])
                | models.Q(slides_days__isnull=True, slides_until__isnull=True),
                name="stage_slides_of_a_round",
            ),
            models.CheckConstraint(
                condition=models.Q(slides_days__isnull=True) | models.Q(slides_until__isnull=True),
                name="stage_slides_by_one_clock",
            ),
            models.CheckConstraint(
                condition=~models.Q(slides_days=0)
                & ~models.Q(slides_pages=0)
                & ~models.Q(slides_megabytes=0),
                name="stage_slides_not_zero",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True)
                | ~models.Q(kind__in=["unit_review", "recommendation", "publicity"]),
                name="stage_until_of_an_office",
            ),
            models.CheckConstraint(
                condition=models.Q(applies_when="") | ~models.Q(kind__in=[*FOR_ALL]),
                name="stage_condition_of_a_step_of_the_bureau",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return self.get_kind_display()

    @property
    def is_conditional(self) -> bool:
        """Whether it is for some applications only."""
        return bool(self.applies_when.strip())

    @property
    def asks_signing(self) -> bool:
        """Whether passing it on takes more than a click: a pledge, dates, a file or an opinion."""
        return bool(self.pledge or self.shown_days or self.asks_file or self.opinion_length)

    @property
    def asks_slides(self) -> bool:
        """Whether the teams that come into this round upload slides for it."""
        return self.slides_days is not None or self.slides_until is not None
