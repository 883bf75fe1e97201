"""“Could we apply?” (我们能申报吗) before anybody registers: the call's own rules on what a visitor says.

The rules are judged by the code that judges applications. What a visitor did not say is absent from what
the rules read, so that a rule that needs it comes out as “depends”, never as passed. Nothing is stored.
"""

from dataclasses import dataclass
from types import SimpleNamespace

from django.utils.translation import gettext as _

from applications import eligibility
from applications.eligibility import RuleLine, clauses
from applications.eligibility.lines import value_at
from applications.models import RuleStatus
from core.expressions import Prepared
from grants.models import ROUND, Call, EligibilityRule, ProjectType
from portal.asking import Asking, expressions_of

PASSED, FAILED, DEPENDS = "passed", "failed", "depends"
NOTED, SKIPPED, MANAGED = "noted", "skipped", "managed"
TONES = {PASSED: "good", FAILED: "bad", DEPENDS: "wait", NOTED: "wait", SKIPPED: "plain", MANAGED: "plain"}
VERDICTS = {
    RuleStatus.PASSED: PASSED,
    RuleStatus.FAILED: FAILED,
    RuleStatus.WARNING: NOTED,
    RuleStatus.REQUIRES_DATA: DEPENDS,
    RuleStatus.MANUAL: DEPENDS,
    RuleStatus.NOT_APPLICABLE: SKIPPED,
    RuleStatus.SYSTEM_MANAGED: MANAGED,
}
DEMAND = "demand"


def rules_of(call: Call, *, project_type: ProjectType | None, side: str = "") -> list[EligibilityRule]:
    """The rules for one kind of project; with side "demand" those for whoever posts a challenge."""
    wanted = DEMAND if side == DEMAND else None
    rows = [rule for rule in call.rules.select_related("project_type") if _side(rule) == wanted]
    return eligibility.in_force(
        rows, SimpleNamespace(project_type_id=project_type.pk if project_type else None)
    )


def _side(rule: EligibilityRule) -> str | None:
    return rule.params.get("applies_to") if rule.params.get("applies_to") in (DEMAND, ROUND) else None


@dataclass(frozen=True)
class Finding:
    """One clause: passed, failed or depends, why, and the clause as printed."""

    line: RuleLine
    verdict: str
    reason: str

    @property
    def tone(self) -> str:
        return TONES[self.verdict]

    @property
    def label(self) -> str:
        return {
            PASSED: _("符合"),
            FAILED: _("不符合"),
            DEPENDS: _("看情况"),
            NOTED: _("请注意"),
            SKIPPED: _("不涉及"),
            MANAGED: _("自动"),
        }[self.verdict]


@dataclass(frozen=True)
class Outcome:
    findings: list[Finding]

    def count(self, verdict: str) -> int:
        return sum(finding.verdict == verdict for finding in self.findings)

    @property
    def failed(self) -> int:
        return self.count(FAILED)

    @property
    def depends(self) -> int:
        return self.count(DEPENDS)

    @property
    def passed(self) -> int:
        return self.count(PASSED)


RANK = (FAILED, NOTED, DEPENDS, PASSED, SKIPPED, MANAGED)


def judge(asking: Asking, typed: dict, *, project_type: ProjectType | None = None) -> Outcome:
    """Every rule in its order within failed, depends, passed."""
    prepared = Prepared(asking.context(typed, project_type=project_type))
    labels = eligibility.labels_for(asking.call) | _budget_labels(asking)
    findings = [_finding(rule, prepared, labels) for rule in asking.rules]
    return Outcome(sorted(findings, key=lambda finding: RANK.index(finding.verdict)))


def _budget_labels(asking: Asking) -> dict[str, str]:
    """The names of categories and sources; no query where no rule reads them."""
    found = {}
    if asking.read.keys() & {("budget", "categories"), ("budget", "fiscal_categories")}:
        for row in asking.call.budget_categories.all():
            found |= {f"budget.{part}.{row.code}": row.name for part in ("categories", "fiscal_categories")}
    if ("budget", "sources") in asking.read:
        found |= {f"budget.sources.{row.code}": row.name for row in asking.call.funding_sources.all()}
    return found


def _finding(rule: EligibilityRule, prepared: Prepared, labels: dict[str, str]) -> Finding:
    line = clauses.line_of(rule, prepared, labels)
    verdict = VERDICTS[line.status]
    if verdict != DEPENDS and _asks_for_unsaid(rule, prepared):
        verdict = DEPENDS
    return Finding(line, verdict, _reason(line, verdict))


def _asks_for_unsaid(rule: EligibilityRule, prepared: Prepared) -> bool:
    """Whether a rule asks whether something is there of which nothing was said here: nobody can tell."""
    asked = (path for expression in expressions_of(rule) for path in expression.tested)
    return any(value_at(prepared, path) is None for path in asked)


def _reason(line: RuleLine, verdict: str) -> str:
    if line.status == RuleStatus.MANUAL:
        return _("由受理人员审查，系统不作判断。")
    if line.status == RuleStatus.SYSTEM_MANAGED:
        return _("填写申报书时由系统保证。")
    if verdict == DEPENDS:
        return _("要看这里没有填写的内容。") + line.hint
    return line.hint
