"""Clauses about reports that are overdue."""

from desk.rule_templates.kind import Group, Param, ParamKind, RuleTemplate
from grants.models import RuleScope

DAYS = Param("days", ParamKind.WHOLE, "逾期超过（天）", "Overdue by more than (days)", 30)

REPORTS = (
    RuleTemplate(
        "unit_reports", Group.RECORDS, "单位没有逾期年度报告", "Unit has no overdue report",
        "申报单位承担的在研项目没有逾期超过{days}天未提交的年度报告。",
        "No annual report of the unit's running projects is overdue by more than {days} days.",
        RuleScope.UNIT,
        expression="history.unit_report_days_late <= params.days",
        hint="本单位有年度报告逾期超过{days}天，提交后即可申报。",
        params=(DAYS,),
        note="按期限的现状计算：退回补充、延期后的以新的期限为准；提交后立即解除。",
    ),
    RuleTemplate(
        "pi_reports", Group.RECORDS, "负责人没有逾期年度报告", "Leader has no overdue report",
        "项目负责人承担的在研项目没有逾期超过{days}天未提交的年度报告。",
        "No annual report of the leader's running projects is overdue by more than {days} days.",
        RuleScope.PI,
        expression="history.pi_report_days_late <= params.days",
        hint="负责人有年度报告逾期超过{days}天，提交后即可申报。",
        params=(DAYS,),
    ),
)  # fmt: skip
