"""One row per clause of the notice."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from grants.models.call import Call
from grants.models.frozen import frozen_with_call
from grants.models.types import ProjectType


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
    PREFERENCE = "preference", _("优先条件")
    """Nobody has to meet it: among equal scores whoever does comes first (同等条件下优先)."""


class CheckMoment(models.TextChoices):
    """When a clause has to hold: most at the application, some later (签订时、拨款时仍须符合)."""

    APPLICATION = "application", _("申报时")
    SIGNING = "signing", _("签订任务书时")
    PAYMENT = "payment", _("每笔拨款前")


SCAN_RULE = "stamped_scan"
"""Code of the line about the stamped scan, which publishing writes from the call's own fields."""

TABLE_RULE = "stamped_table"
"""Code of the line about the stamped table of the unit, written likewise."""

RECOMMENDER_TABLE_RULE = "recommender_table"
"""Code of the line about the stamped table of the recommender."""

PAPER_RULE = "paper_copies"
"""Code of the line about the copies on paper that a notice wants besides."""

NOMINATORS_RULE = "nominators"
"""Code of the line about the people who nominate, written where the notice has them."""

SLIDES_RULES = {kind: f"slides_{kind}" for kind in ("expert_review", "panel_review")}
"""Round → code of the line about its slides: written likewise, judged when a team is invited to the round."""

ROUND = "round"
"""The `applies_to` of such a line."""

SYSTEM_RULES = {
    SCAN_RULE: _("盖章扫描件"),
    TABLE_RULE: _("盖章的单位申报汇总表"),
    RECOMMENDER_TABLE_RULE: _("盖章的推荐汇总表"),
    PAPER_RULE: _("纸质材料"),
    NOMINATORS_RULE: _("专家提名"),
    **dict.fromkeys(SLIDES_RULES.values(), _("答辩材料")),
}
"""Codes of the rules that publishing writes, and what each is about: nobody else may use them."""


def check_rule_code(code: str) -> None:
    """Raises ValidationError when publishing would replace a rule of this code by its own."""
    if code in SYSTEM_RULES:
        raise ValidationError(
            _("代码“%(code)s”留给系统在发布时写的条件（%(what)s），请换一个代码。"),
            params={"code": code, "what": SYSTEM_RULES[code]},
            code="system",
        )


class EligibilityRule(models.Model):
    """One clause of the notice as one row: text as printed, clause, CEL expression, class and severity.

    A rule of a project type replaces the call's rule of the same code. Facts about units and people count
    as of `as_of`, or of the day on which the call opens. One of a later `moment` is judged then and as of
    that day: nobody signs, or pays, before it holds.
    """

    call = models.ForeignKey(Call, models.CASCADE, related_name="rules", verbose_name=_("通知"))
    project_type = models.ForeignKey(
        ProjectType,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rules",
        verbose_name=_("项目类别"),
        help_text=_("留空时各类别共用；同代码的类别规则替代共用规则"),
    )
    code = models.SlugField(_("代码"))
    text = models.TextField(_("条文"))
    text_en = models.TextField(_("英文条文"), blank=True)
    clause = models.CharField(_("条款"), max_length=60)
    scope = models.CharField(_("对象"), max_length=20, choices=RuleScope)
    automation = models.CharField(_("判断方式"), max_length=20, choices=Automation)
    severity = models.CharField(_("效力"), max_length=20, choices=Severity, default=Severity.BLOCKING)
    expression = models.TextField(_("表达式（CEL）"), blank=True)
    applies_when = models.TextField(_("适用条件（CEL）"), blank=True)
    as_of = models.DateField(
        _("认定日期"), null=True, blank=True, help_text=_("单位数据以该日为准；留空时为申报开始之日")
    )
    at_decision = models.BooleanField(
        _("决定立项时再核对"),
        default=False,
        help_text=_("提交之后可能改变的条件，例如“只资助一项”“每人每年立项一项”：不再符合的不能决定立项"),
    )
    hint = models.TextField(_("不符合时的提示"), blank=True)
    hint_en = models.TextField(_("英文提示"), blank=True)
    moment = models.CharField(
        _("何时核对"),
        max_length=12,
        choices=CheckMoment,
        default=CheckMoment.APPLICATION,
        help_text=_("签订、拨款时才核对的条件不影响申报；到时不符合的，不能签订任务书或付款"),
    )
    is_certified = models.BooleanField(
        _("单位须书面确认"),
        default=False,
        help_text=_("只用于签订、拨款时的条件：单位管理员到时须在系统中确认仍然符合"),
    )
    asks_file = models.CharField(
        _("确认时须上传的材料"), max_length=120, blank=True, help_text=_("例如：中小企业声明函（盖章）")
    )
    asks_file_en = models.CharField(_("英文材料名称"), max_length=120, blank=True)
    params = models.JSONField(_("参数"), default=dict, blank=True)
    order = models.PositiveSmallIntegerField(_("顺序"))

    class Meta:
        verbose_name = _("申报条件")
        verbose_name_plural = _("申报条件")
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(
                fields=["call", "project_type", "code"], name="rule_code_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=~Q(automation="auto") | ~Q(expression="") | Q(is_certified=True),
                name="rule_auto_has_expression",
            ),
            models.CheckConstraint(
                condition=~Q(moment="application") | Q(is_certified=False), name="rule_certified_later"
            ),
            models.CheckConstraint(
                condition=Q(is_certified=True) | Q(asks_file="", asks_file_en=""),
                name="rule_file_with_certificate",
            ),
            models.CheckConstraint(
                condition=Q(moment="application")
                | ~Q(severity="preference") & ~Q(automation="enforced_elsewhere"),
                name="rule_later_is_judged",
            ),
        ]
        triggers = frozen_with_call()

    def __str__(self):
        return f"{self.code} {self.text[:40]}"
