"""What the rules of the notice say of one application: one line per rule, and the money rules of the call."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import OrganisationKind
from applications import queries, questions
from applications.models import Application, RuleStatus
from core import expressions, money
from core.workflow import Refused
from grants.models import Automation, EligibilityRule, RuleScope, Severity

SECTION_OF_SCOPE = {
    RuleScope.UNIT: "basics",
    RuleScope.PI: "participants",
    RuleScope.PARTNER: "participants",
    RuleScope.BUDGET: "budget",
    RuleScope.PROJECT: "basics",
}

LABELS = {
    "unit.name": gettext_lazy("单位名称"),
    "unit.kind": gettext_lazy("单位类型"),
    "unit.region": gettext_lazy("单位所在区域"),
    "unit.credit_code": gettext_lazy("统一社会信用代码"),
    "unit.registered_date": gettext_lazy("成立日期"),
    "unit.integrity_clean": gettext_lazy("诚信记录良好"),
    "unit.high_tech": gettext_lazy("高新技术企业"),
    "unit.tech_sme": gettext_lazy("科技型中小企业"),
    "unit.listing_candidate": gettext_lazy("拟上市高企"),
    "unit.specialised": gettext_lazy("专精特新"),
    "unit.park": gettext_lazy("所在园区"),
    "unit.staff": gettext_lazy("职工人数"),
    "unit.rd_spend": gettext_lazy("研发投入（元）"),
    "unit.revenue": gettext_lazy("营业收入（元）"),
    "unit.total_assets": gettext_lazy("资产总额（元）"),
    "unit.legal_representative": gettext_lazy("法定代表人"),
    "unit.parent_credit_code": gettext_lazy("母公司信用代码"),
    "pi.name": gettext_lazy("负责人"),
    "pi.organisation_name": gettext_lazy("负责人所在单位"),
    "pi.credit_code": gettext_lazy("负责人单位的统一社会信用代码"),
    "pi.birth_date": gettext_lazy("负责人出生日期"),
    "pi.sex": gettext_lazy("负责人性别"),
    "pi.title": gettext_lazy("负责人职称"),
    "pi.months_per_year": gettext_lazy("负责人每年投入（月）"),
    "budget.fiscal": gettext_lazy("财政资金（元）"),
    "budget.own": gettext_lazy("自筹资金（元）"),
    "budget.total": gettext_lazy("总投入（元）"),
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

TYPED_BY_APPLICANT = ("pi", "project", "answers")
"""Where a value is missing because nobody has written it yet."""

RELATIONS = {
    "same": gettext_lazy("就是发榜方"),
    "parent": gettext_lazy("是发榜方的子公司"),
    "subsidiary": gettext_lazy("是发榜方的母公司"),
    "sister": gettext_lazy("与发榜方同属一家母公司"),
    "representative": gettext_lazy("与发榜方法定代表人相同"),
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


def evaluate(application: Application) -> list[RuleLine]:
    """Every line for an application as it stands now, the call's own money rules first."""
    context = queries.context(application)
    # Clauses about the demand side are judged when the demand is posted, not on every bid.
    rules = [rule for rule in application.call.rules.all() if rule.params.get("applies_to") != "demand"]
    labels = _labels(application)
    return [*built_in(application, context), *(_line(rule, context, labels) for rule in rules)]


def _labels(application) -> dict[str, str]:
    """Path in an expression → words: the fixed ones and the questions of this call."""
    labels = {path: str(label) for path, label in LABELS.items()}
    for question in application.call.questions.all():
        label = questions.localised(question, "label")
        labels |= {f"answers.{question.code}": label, f"project.answers.{question.code}": label}
    return labels


# ---- rules of the notice ----


def _line(rule: EligibilityRule, context: dict, labels: dict[str, str]) -> RuleLine:
    status, evidence, hint = _judge(rule, context | {"params": rule.params}, labels)
    return RuleLine(
        code=rule.code,
        text=questions.localised(rule, "text"),
        clause=rule.clause,
        scope=rule.scope,
        severity=rule.severity,
        status=status,
        evidence=evidence,
        hint=hint,
        section=SECTION_OF_SCOPE[rule.scope],
        rule=rule,
    )


def _judge(rule, context, labels) -> tuple[str, dict, str]:
    if rule.automation == Automation.ENFORCED_ELSEWHERE:
        return RuleStatus.SYSTEM_MANAGED, {}, ""
    try:
        if rule.applies_when.strip():
            condition = expressions.compile(rule.applies_when)
            if not condition.holds(context, rule=rule.code):
                return RuleStatus.NOT_APPLICABLE, evidence_of(condition, context, labels), ""
        if rule.automation == Automation.MANUAL or not rule.expression.strip():
            manual = rule.automation == Automation.MANUAL
            return RuleStatus.MANUAL if manual else RuleStatus.REQUIRES_DATA, {}, rule.hint
        expression = expressions.compile(rule.expression)
        evidence = evidence_of(expression, context, labels)
        if expression.holds(context, rule=rule.code):
            return RuleStatus.PASSED, evidence, ""
    except expressions.MissingData as missing:
        return RuleStatus.REQUIRES_DATA, {}, _missing(missing.variable, labels)
    except expressions.ExpressionError as error:
        # A rule that cannot be computed must not silently pass or stop anybody: a person looks at it.
        return RuleStatus.MANUAL, {}, error.message
    for path in sorted(expression.paths):
        if path[0] in TYPED_BY_APPLICANT and _value(context, path) is None:
            return RuleStatus.REQUIRES_DATA, evidence, _missing(".".join(path), labels)
    failed = RuleStatus.WARNING if rule.severity == Severity.WARNING else RuleStatus.FAILED
    return failed, evidence, rule.hint


def _missing(path: str, labels) -> str:
    return _("缺少数据：%(name)s。") % {"name": labels.get(path, path)}


def _value(context, path) -> Any:
    value: Any = context
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def evidence_of(expression, context, labels) -> dict[str, str]:
    """What the rule looked at: label → value as people read it."""
    found = {}
    for path in sorted(expression.paths):
        if path[0] not in ("params", "participants", "members", "partners"):
            name = ".".join(path)
            found[labels.get(name, name)] = _readable(name, _value(context, path))
    return found


def _readable(name: str, value) -> str:
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


# ---- the call's own rules ----


def built_in(application: Application, context: dict) -> list[RuleLine]:
    """Cap, amount of the topic, own money, categories closed to fiscal money, unrelated parties."""
    lines = [_cap(application), _topic_amount(application), _own(application)]
    lines += _closed_categories(application)
    lines.append(_unrelated(application))
    return [line for line in lines if line]


def _money_line(code, text, clause, ok, evidence, hint):
    return RuleLine(
        code=code,
        text=text,
        clause=clause,
        scope=RuleScope.BUDGET,
        status=RuleStatus.PASSED if ok else RuleStatus.FAILED,
        evidence=evidence,
        hint="" if ok else hint,
        section="budget",
    )


def _cap(application):
    cap, asked = application.call.cap, application.requested_amount
    if cap is None:
        return None
    return _money_line(
        "call-cap",
        _("申请财政资金不超过 %(cap)s。") % {"cap": money.wan(cap)},
        application.call.cap_clause,
        asked <= cap,
        {str(_("申请财政资金")): money.wan(asked), str(_("上限")): money.wan(cap)},
        _("申请 %(asked)s，超过上限 %(cap)s，多 %(over)s。")
        % {"asked": money.wan(asked), "cap": money.wan(cap), "over": money.wan(max(asked - cap, 0))},
    )


def _topic_amount(application):
    topic = application.topic
    if topic is None or topic.amount is None:
        return None
    asked = application.requested_amount
    return _money_line(
        "topic-amount",
        _("申请财政资金不超过榜单金额 %(amount)s。") % {"amount": money.wan(topic.amount)},
        topic.number,
        asked <= topic.amount,
        {str(_("申请财政资金")): money.wan(asked), str(_("榜单金额")): money.wan(topic.amount)},
        _("申请 %(asked)s，超过榜单金额 %(amount)s。")
        % {"asked": money.wan(asked), "amount": money.wan(topic.amount)},
    )


def _own(application):
    ratio = application.call.own_per_fiscal
    if not ratio:
        return None
    totals = queries.budget_totals(application)
    hint = ""
    try:
        money.check_ratio(totals["own"], totals["fiscal"], ratio)
    except Refused as refused:
        hint = refused.message
    return _money_line(
        "own-ratio",
        ratio_sentence(ratio),
        application.call.own_clause,
        not hint,
        {str(_("自筹资金")): money.wan(totals["own"]), str(_("财政资金")): money.wan(totals["fiscal"])},
        hint,
    )


def ratio_sentence(ratio) -> str:
    """The ratio with its direction, as a sentence."""
    return _("自筹资金与财政资金之比不低于 %(ratio)s:1（自筹 ≥ 财政 × %(ratio)s）。") % {
        "ratio": f"{ratio.normalize():f}"
    }


def _closed_categories(application):
    closed = {c.code: c for c in application.call.budget_categories.all() if not c.is_fiscal_allowed}
    if not closed:
        return
    fiscal = {source.code for source in application.call.funding_sources.all() if source.is_fiscal}
    spent = dict.fromkeys(closed, 0)
    for (category, source), amount in queries.budget_matrix(application).items():
        if category in closed and source in fiscal:
            spent[category] += amount
    for code, category in closed.items():
        yield _money_line(
            f"no-fiscal-{code}",
            _("“%(category)s”不得列支财政资金。") % {"category": category.name},
            category.clause,
            not spent[code],
            {category.name: money.wan(spent[code])},
            _("“%(category)s”列了财政资金 %(amount)s，请改为其他来源。")
            % {"category": category.name, "amount": money.wan(spent[code])},
        )


def _unrelated(application):
    if not (application.topic_id and application.topic.owner_id):
        return None
    related = queries.related_parties(application)
    reasons = "；".join(f"{name}{RELATIONS[kind]}" for name, kind in related)
    return RuleLine(
        code="unrelated",
        text=_("揭榜方及其合作单位与发榜方不存在关联关系。"),
        clause=application.topic.number,
        scope=RuleScope.UNIT,
        status=RuleStatus.FAILED if related else RuleStatus.PASSED,
        # The demand side may be masked: the reason names our own unit only.
        hint=_("存在关联关系：%(reasons)s。") % {"reasons": reasons} if related else "",
        section="participants",
    )
