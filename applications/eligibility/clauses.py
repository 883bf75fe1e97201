"""The clauses of the notice: one line per rule."""

from django.utils.translation import gettext as _

from applications import questions
from applications.eligibility.lines import SECTION_OF_SCOPE, RuleLine, evidence_of
from applications.models import RuleStatus
from core import expressions
from core.expressions import Prepared
from grants.models import Automation, EligibilityRule, Severity

ROWS = {"partners": "unit", "participants": "pi", "members": "pi"}
NOT_SHOWN = (RuleStatus.FAILED, RuleStatus.REQUIRES_DATA)
"""A preference that is not met, or that nobody has given the data for, is simply not there."""


def line_of(rule: EligibilityRule, context: Prepared, labels: dict[str, str]) -> RuleLine:
    """What one rule says of one application. Never raises: what cannot be computed goes to a person."""
    if rule.params:
        context = context.with_params(rule.params)
    status, evidence, hint = judge(rule, context, labels)
    if rule.severity == Severity.PREFERENCE and status in NOT_SHOWN:
        status, hint = RuleStatus.NOT_APPLICABLE, hint or _("没有优先条件，不影响申报。")
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


def judge(rule, context, labels) -> tuple[str, dict, str]:
    """(status, evidence, hint) of one rule in a context that holds its `params`."""
    if rule.automation == Automation.ENFORCED_ELSEWHERE:
        return RuleStatus.SYSTEM_MANAGED, {}, ""
    said = questions.localised(rule, "hint")
    try:
        if rule.applies_when.strip():
            condition = expressions.compile(rule.applies_when)
            if not condition.holds(context, rule=rule.code):
                return RuleStatus.NOT_APPLICABLE, evidence_of(condition, context, labels), ""
        if rule.automation == Automation.AUTO and not rule.expression.strip():
            # Nothing but the unit's own word was asked for (`is_certified`).
            return RuleStatus.PASSED, {}, ""
        if rule.automation == Automation.MANUAL or not rule.expression.strip():
            manual = rule.automation == Automation.MANUAL
            return (
                RuleStatus.MANUAL if manual else RuleStatus.REQUIRES_DATA,
                {},
                said,
            )
        expression = expressions.compile(rule.expression)
        evidence = evidence_of(expression, context, labels)
        if expression.holds(context, rule=rule.code):
            return RuleStatus.PASSED, evidence, ""
    except expressions.MissingData as missing:
        return RuleStatus.REQUIRES_DATA, {}, missing_data(missing.variable, labels)
    except expressions.ExpressionError as error:
        # A rule that cannot be computed must not silently pass or stop anybody: a person looks at it.
        return RuleStatus.MANUAL, {}, error.message
    failed = RuleStatus.WARNING if rule.severity == Severity.WARNING else RuleStatus.FAILED
    return failed, evidence, said


def missing_data(path: str, labels: dict[str, str]) -> str:
    """The sentence that names what is not known."""
    name, (rows, _dot, part) = labels.get(path), path.partition(".")
    if name is None and rows in ROWS and rows in labels:
        # What a row lacks is called as it is of the unit or the leader.
        name = f"{labels[rows]}{_('：')}{labels.get(f'{ROWS[rows]}.{part}', part)}"
    return _("缺少数据：%(name)s。") % {"name": name or path}
