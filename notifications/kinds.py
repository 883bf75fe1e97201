"""Kinds of dated obligations and of notices; codes are stored and used by reminder rules and packs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeadlineKind(models.TextChoices):
    """Dated obligations. Lead times per kind stand in `ReminderPolicy`."""

    JOIN_REQUEST = "join_request", _("加入单位申请")
    SUBORDINATION = "subordination", _("主管关系确认")
    CERTIFICATE = "certificate", _("资质到期")
    INVITATION = "invitation", _("受邀申报")
    CALL_CLOSES = "call_closes", _("申报截止")
    PARTNER_PART = "partner_part", _("合作单位内容确认")
    SECOND_STEP = "second_step", _("第二步申报")
    DEMAND_ARGUMENT = "demand_argument", _("需求论证")
    DEMANDER_CHOICE = "demander_choice", _("发榜方选择")
    UNIT_REVIEW = "unit_review", _("单位审核")
    RECOMMENDATION = "recommendation", _("推荐审核")
    FORMAL_CHECK = "formal_check", _("形式审查")
    SUPPLEMENT = "supplement", _("补正")
    STAMPED_SCAN = "stamped_scan", _("盖章扫描件")
    UNIT_TABLE = "unit_table", _("盖章的单位申报汇总表")
    APPEAL = "appeal", _("申请复审")
    APPEAL_DECISION = "appeal_decision", _("复审决定")
    EXPERT_REVIEW = "expert_review", _("组织专家评审")
    SLIDES = "slides", _("答辩材料")
    REVIEW_ANSWER = "review_answer", _("评审邀请答复")
    REVIEW_DUE = "review_due", _("评审")
    EXPERT_UPDATE = "expert_update", _("专家库年度更新")
    OFFICE_STEP = "office_step", _("考察、调查、论证等环节")
    DECISION = "decision", _("立项决定")
    PUBLICITY_END = "publicity_end", _("公示结束")
    OBJECTION = "objection", _("异议处理")
    AGREEMENT_SIGNING = "agreement_signing", _("签订任务书")
    PROJECT_END = "project_end", _("项目到期验收")
    EXTENSION = "extension", _("延期申请最后一天")
    EXTENSION_REVIEW = "extension_review", _("延期单位审核")
    EXTENSION_DECISION = "extension_decision", _("延期审批")
    TERMINATION_DECISION = "termination_decision", _("项目终止决定")
    MILESTONE = "milestone", _("里程碑")
    DEMANDER_OPINION = "demander_opinion", _("发榜方验收意见")
    MILESTONE_CHECK = "milestone_check", _("里程碑审核")
    PAYMENT = "payment", _("拨付")
    YEAR_CLOSE = "year_close", _("财政年度关账")
    BANK_ACCOUNT = "bank_account", _("登记收款账户")
    SETTLEMENT = "settlement", _("终止结算")
    REFUND = "refund", _("退回财政资金")
    EQUITY_TRIGGER = "equity_trigger", _("转股触发期限")
    EQUITY_CONVERSION = "equity_conversion", _("转股办理")
    EQUITY_VALUATION = "equity_valuation", _("年度估值")
    EQUITY_REPORT = "equity_report", _("投后报告")
    EQUITY_BUY_BACK = "equity_buy_back", _("回购期最后一天")
    EQUITY_HOLDING = "equity_holding", _("最长持股期")
    RECEIPT = "receipt", _("签收通知")
    FACILITY_REPORT = "facility_report", _("平台年度自评")
    FACILITY_CHECK = "facility_check", _("平台绿色门槛审查")
    FACILITY_SCORE = "facility_score", _("平台评分与公示")
    FACILITY_PUBLICITY = "facility_publicity", _("平台等次公示结束")
    FACILITY_RECTIFY = "facility_rectify", _("平台整改")
    FACILITY_REMOVAL = "facility_removal", _("平台取消备案决定")


class NoticeKind(models.TextChoices):
    """Decisions that are served on a team: a right or a duty runs from the moment they are received."""

    NOT_RECOMMENDED = "not_recommended", _("不予推荐")
    REJECTED = "rejected", _("不予受理")
    NOT_AWARDED = "not_awarded", _("不予立项")
    RETURNED = "returned", _("退回修改")
    MILESTONE_RETURNED = "milestone_returned", _("里程碑退回补充")
    MILESTONE_FAILED = "milestone_failed", _("里程碑未通过")
    PROJECT_ENDED = "project_ended", _("项目终止、撤销决定")
