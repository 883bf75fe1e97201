"""One line of the check, and the words for what a rule looked at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import FactKind, OrganisationKind
from applications import queries, questions
from applications.models import RuleStatus
from grants.models import EligibilityRule, RuleScope, Severity

SECTION_OF_SCOPE = {
    RuleScope.UNIT: "basics",
    RuleScope.PI: "participants",
    RuleScope.PARTNER: "participants",
    RuleScope.BUDGET: "budget",
    RuleScope.PROJECT: "basics",
}
SETS = ("params", "participants", "members", "partners")
"""Variables that are no single fact: as evidence they would say nothing."""

LABELS = {
    "unit.name": gettext_lazy("单位名称"),
    "unit.kind": gettext_lazy("单位类型"),
    "unit.region": gettext_lazy("单位所在区域"),
    "unit.credit_code": gettext_lazy("统一社会信用代码"),
    "unit.registered_date": gettext_lazy("成立日期"),
    "unit.integrity_clean": gettext_lazy("诚信记录良好"),
    "unit.legal_representative": gettext_lazy("法定代表人"),
    "unit.parent_credit_code": gettext_lazy("母公司信用代码"),
    "pi.name": gettext_lazy("负责人"),
    "pi.organisation_name": gettext_lazy("负责人所在单位"),
    "pi.credit_code": gettext_lazy("负责人单位的统一社会信用代码"),
    "pi.country": gettext_lazy("负责人单位所在国家或地区"),
    "pi.birth_date": gettext_lazy("负责人出生日期"),
    "pi.sex": gettext_lazy("负责人性别"),
    "pi.title": gettext_lazy("负责人职称"),
    "pi.months_per_year": gettext_lazy("负责人每年投入（月）"),
    "budget.fiscal": gettext_lazy("财政资金（元）"),
    "budget.own": gettext_lazy("自筹资金（元）"),
    "budget.total": gettext_lazy("总投入（元）"),
    "budget.lead_fiscal": gettext_lazy("牵头单位使用的财政资金（元）"),
    "budget.lead_total": gettext_lazy("牵头单位的总投入（元）"),
    "project.title": gettext_lazy("项目名称"),
    "project.amount": gettext_lazy("申请金额（元）"),
    "project.months": gettext_lazy("执行期（月）"),
    "project.starts_date": gettext_lazy("开始日期"),
    "project.ends_date": gettext_lazy("结束日期"),
    "topic.number": gettext_lazy("榜单编号"),
    "topic.field": gettext_lazy("榜单领域"),
    "topic.amount": gettext_lazy("榜单金额（元）"),
    "call.cap": gettext_lazy("资助上限（元）"),
    "call.year": gettext_lazy("通知年度"),
    "call.opens_at": gettext_lazy("申报开始时间"),
    "call.closes_at": gettext_lazy("申报截止时间"),
    "project.type": gettext_lazy("项目类别"),
    "follows.state": gettext_lazy("预申报结果"),
    "unit.records": gettext_lazy("本单位的其他申报和项目（项）"),
    "pi.records": gettext_lazy("负责人的其他申报和项目（项）"),
    "demander.related": gettext_lazy("与发榜方有关联关系"),
    "history.unit_in_call": gettext_lazy("本单位在本通知的其他申报"),
    "history.unit_in_year": gettext_lazy("本单位本年度的其他申报"),
    "history.unit_running": gettext_lazy("本单位在研项目"),
    "history.pi_in_call": gettext_lazy("负责人在本通知的其他申报"),
    "history.pi_running": gettext_lazy("负责人在研项目"),
    "participants": gettext_lazy("参与人员"),
    "members": gettext_lazy("项目成员"),
    "partners": gettext_lazy("合作单位"),
}


@dataclass(frozen=True)
class RuleLine:
    """One line of the check: the rule as printed, its clause, what came out and why."""

    code: str
    text: str
    clause: str
    scope: str
    status: str
    severity: str = Severity.BLOCKING
    hint: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    section: str = ""
    rule: EligibilityRule | None = None
    sources: tuple[str, ...] = ()
    """The records of the unit that were read, where a page asks for them."""

    @property
    def blocks(self) -> bool:
        return self.status == RuleStatus.FAILED

    @property
    def needs_attention(self) -> bool:
        return self.status in (RuleStatus.FAILED, RuleStatus.WARNING, RuleStatus.REQUIRES_DATA)

    @property
    def label(self) -> str:
        return RuleStatus(self.status).label

    @property
    def scope_label(self) -> str:
        return RuleScope(self.scope).label

    def as_json(self) -> dict:
        return {
            "code": self.code,
            "text": self.text,
            "clause": self.clause,
            "scope": self.scope,
            "status": self.status,
            "evidence": self.evidence,
        }


def labels_for(call) -> dict[str, str]:
    """Path in an expression → words: the fixed ones and the questions of this call."""
    labels = {f"unit.{kind.value}": str(kind.label) for kind in FactKind}
    labels |= {path: str(label) for path, label in LABELS.items()}
    for question in call.questions.all():
        label = questions.localised(question, "label")
        labels |= {f"answers.{question.code}": label, f"project.answers.{question.code}": label}
    return labels


def value_at(context, path) -> Any:
    value: Any = context
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def evidence_of(expression, context, labels) -> dict[str, str]:
    """What the rule looked at: label → value as people read it."""
    found = {}
    for path in sorted(expression.paths):
        value = value_at(context, path)
        if path[0] not in SETS and not isinstance(value, dict):
            name = ".".join(path)
            found[labels.get(name, name)] = readable(name, value)
    return found


def readable(name: str, value) -> str:
    if value is None:
        return str(_("没有数据"))
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if name == "unit.kind":
        return str(OrganisationKind(value).label)
    if isinstance(value, datetime):
        return queries.local_moment(value)
    if isinstance(value, list):
        return str(len(value))
    return str(value)
