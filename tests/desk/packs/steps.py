"""The steps of the intake, done by those who do them."""

from accounts.roles import Role, UnitRole
from applications import actions, eligibility, queries
from applications.models import RuleStatus
from applications.rules import Signed
from grants.models import Automation, StageKind
from tests.factories.accounts import member_of, officer

INTAKE = (StageKind.UNIT_REVIEW, StageKind.RECOMMENDATION, StageKind.FORMAL_CHECK)
NO = (RuleStatus.FAILED, RuleStatus.WARNING, RuleStatus.REQUIRES_DATA)


def lines_of(world) -> dict:
    return {line.code: line for line in eligibility.evaluate(world.application)}


def statuses(world) -> dict[str, str]:
    return {code: str(line.status) for code, line in lines_of(world).items()}


def check_keeps_every_rule(world):
    """No line says no; a rule whose data no applicant can give is left to officers."""
    found = {code: status for code, status in statuses(world).items() if status in NO}
    left = world.call.rules.filter(automation=Automation.NEEDS_DATA).values_list("code", flat=True)
    asked = dict.fromkeys(left, RuleStatus.REQUIRES_DATA)
    assert {code: status for code, status in found.items() if status != asked.get(code)} == {}


def approve(world):
    admin = member_of(world.unit, UnitRole.ADMIN)
    pledged = Signed(pledged=True)
    actions.unit_approve(application=world.application, signed=pledged, by=admin, at=world.at)


def recommend(world):
    named = world.application.recommender
    office = (
        officer(Role.RECOMMENDER, named) if named else officer(Role.RECOMMENDER, region=world.unit.region)
    )
    actions.recommend(application=world.application, opinion="同意推荐。", by=office, at=world.at)


def examine(world):
    for line in queries.unresolved(world.application):
        actions.officer_mark(
            rule_result=line, status=RuleStatus.PASSED, note="已核对。", by=world.manager, at=world.at
        )
    actions.pass_formal_check(application=world.application, by=world.manager, at=world.at)


PASS = {
    StageKind.UNIT_REVIEW: approve,
    StageKind.RECOMMENDATION: recommend,
    StageKind.FORMAL_CHECK: examine,
}
