"""The steps of the intake, done by those who do them."""

from accounts.roles import Role, UnitRole
from applications import actions, queries
from applications.models import RuleStatus
from grants.models import StageKind
from tests.factories.accounts import member_of, officer

INTAKE = (StageKind.UNIT_REVIEW, StageKind.RECOMMENDATION, StageKind.FORMAL_CHECK)


def approve(world):
    admin = member_of(world.unit, UnitRole.ADMIN)
    actions.unit_approve(application=world.application, by=admin, at=world.at)


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
