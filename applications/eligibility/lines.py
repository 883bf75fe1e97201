"""One line of the check, and the words for what a rule looked at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.models import FactKind, OrganisationKind
from applications import queries, questions
from applications.models import RuleStatus
from core.calendar import local_date
from grants.dictionaries import Codes
from grants.models import EligibilityRule, QuestionKind, RuleScope, Severity

SECTION_OF_SCOPE = {
    RuleScope.UNIT: "basics",
    RuleScope.PI: "participants",
    RuleScope.PARTNER: "participants",
    RuleScope.BUDGET: "budget",
    RuleScope.PROJECT: "basics",
}
ENGLISH = "en"
SETS = ("params", "participants", "members", "partners", "nominators")
"""Variables that are no single fact: as evidence they would say nothing."""

LABELS = {
    "unit.name": gettext_lazy("单位名称"),
    "unit.kind": gettext_lazy("单位类型"),
    "unit.region": gettext_lazy("单位所在区域"),
    "unit.credit_code": gettext_lazy("统一社会信用代码"),
    "unit.registered_date": gettext_lazy("成立日期"),
    "unit.integrity_clean": gettext_lazy("诚信记录良好"),
    "pi.integrity_clean": gettext_lazy("负责人诚信记录良好"),
    "award.amount": gettext_lazy("资助额（元）"),
    "award.grade": gettext_lazy("等次"),
    "unit.legal_representative": gettext_lazy("法定代表人"),
    "unit.parent_credit_code": gettext_lazy("母公司信用代码"),
    "pi.name": gettext_lazy("负责人"),
    "pi.position": gettext_lazy("负责人的角色"),
    "pi.organisation_name": gettext_lazy("负责人所在单位"),
    "pi.credit_code": gettext_lazy("负责人单位的统一社会信用代码"),
    "pi.country": gettext_lazy("负责人单位所在国家或地区"),
    "pi.birth_date": gettext_lazy("负责人出生日期"),
    "pi.age": gettext_lazy("负责人年龄"),
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
    "project.submitted_date": gettext_lazy("提交日期"),
    "topic.number": gettext_lazy("榜单编号"),
    "topic.field": gettext_lazy("榜单领域"),
    "topic.amount": gettext_lazy("榜单金额（元）"),
    "call.cap": gettext_lazy("资助上限（元）"),
    "call.year": gettext_lazy("通知年度"),
    "call.opens_at": gettext_lazy("申报开始时间"),
    "call.closes_at": gettext_lazy("申报截止时间"),
    "call.batch": gettext_lazy("批次"),
    "call.batch_closes_at": gettext_lazy("本批截止时间"),
    "project.type": gettext_lazy("项目类别"),
    "follows.state": gettext_lazy("前一项目的结果"),
    "follows.entry": gettext_lazy("入选资格"),
    "follows.plan": gettext_lazy("前一项目的计划"),
    "follows.year": gettext_lazy("前一项目的年度"),
    "follows.grade": gettext_lazy("前一项目的等次"),
    "follows.score": gettext_lazy("前一项目的得分"),
    "follows.amount": gettext_lazy("前一项目的资助额（元）"),
    "unit.records": gettext_lazy("本单位的其他申报和项目（项）"),
    "pi.records": gettext_lazy("负责人的其他申报和项目（项）"),
    "demander.related": gettext_lazy("与发榜方有关联关系"),
    "recommender.name": gettext_lazy("推荐单位"),
    "recommender.kind": gettext_lazy("推荐单位类型"),
    "recommender.region": gettext_lazy("推荐单位所在区域"),
    "recommender.related": gettext_lazy("与推荐单位有关联关系"),
    "paper.copies": gettext_lazy("收到的纸质材料（份）"),
    "paper.received_at": gettext_lazy("纸质材料收到日期"),
    "paper.in_time": gettext_lazy("纸质材料按时送达"),
    "history.unit_in_call": gettext_lazy("本单位在本通知的其他申报"),
    "history.unit_in_year": gettext_lazy("本单位本年度的其他申报"),
    "history.unit_running": gettext_lazy("本单位在研项目"),
    "history.pi_in_call": gettext_lazy("负责人在本通知的其他申报"),
    "history.pi_running": gettext_lazy("负责人在研项目"),
    "participants": gettext_lazy("参与人员"),
    "members": gettext_lazy("项目成员"),
    "partners": gettext_lazy("合作单位"),
    "nominators": gettext_lazy("提名人"),
}


CODED = {"unit.region": "regions", "recommender.region": "regions", f"unit.{FactKind.INDUSTRY}": "industries"}
"""What the register says in codes, and the dictionary that names them."""
CHOSEN = (QuestionKind.DICTIONARY, QuestionKind.CHOICE, QuestionKind.CHOICES)
"""Questions whose stored answers are codes."""


class Labels(dict):
    """Path in an expression → its words; `names`: path → what turns its code into the name people know.

    A dictionary is read when one of its codes is first shown: two queries for all lines of all applications.
    """

    def __init__(self, words: Mapping[str, str], names: Mapping[str, Callable] | None = None):
        super().__init__(words)
        self.names = dict(names or {})

    def __or__(self, other) -> "Labels":
        return Labels({**self, **other}, self.names)


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


def evidence_in_both(line: RuleLine, english: RuleLine) -> dict[str, Any]:
    """What is kept of a line that was judged in both languages."""
    other = {"facts": english.evidence, "hint": english.hint}
    return {"facts": line.evidence, "hint": line.hint, ENGLISH: other}


def kept(say: Callable[[], str]) -> dict[str, Any]:
    """What a line keeps of a hint: as officers read it, and in English; `say` is called in both languages."""
    found = {}
    for language in (settings.LANGUAGE_CODE, ENGLISH):
        with override(language):
            found[language] = {"facts": {}, "hint": say()}
    return found[settings.LANGUAGE_CODE] | {ENGLISH: found[ENGLISH]}


def labels_for(call) -> Labels:
    """Path in an expression → words: the fixed ones and the questions of this call."""
    labels = Labels({f"unit.{kind.value}": str(kind.label) for kind in FactKind})
    labels.update({path: str(label) for path, label in LABELS.items()})
    opening = call.opens_at and local_date(call.opens_at)
    for path, dictionary in CODED.items():
        labels.names[path] = partial(_named, Codes(dictionary, on=opening))
    labels.names["project.type"] = partial(_type_named, call)
    for question in call.questions.all():
        label = questions.localised(question, "label")
        for path in (f"answers.{question.code}", f"project.answers.{question.code}"):
            labels[path] = label
            if question.kind in CHOSEN:
                labels.names[path] = partial(questions.text, question)
    return labels


def _named(codes: Codes, code) -> str:
    """ "山东省 青岛市 市南区（370202）"; the code alone when the dictionary does not know it."""
    name = codes.label(str(code))
    return str(code) if name == str(code) else str(_("%(name)s（%(code)s）")) % {"name": name, "code": code}


def _type_named(call, code) -> str:
    return next((questions.localised(row, "name") for row in call.types.all() if row.code == code), code)


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
            found[labels.get(name, name)] = readable(name, value, labels)
    return found


def readable(name: str, value, labels: Mapping) -> str:
    """A value as people read it, codes by their names."""
    if value is None:
        return str(_("没有数据"))
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if value and name in getattr(labels, "names", ()):
        return str(labels.names[name](value))
    if name in ("unit.kind", "recommender.kind"):
        return str(OrganisationKind(value).label)
    if isinstance(value, datetime):
        return queries.local_moment(value)
    if isinstance(value, list):
        return str(len(value))
    return str(value)
