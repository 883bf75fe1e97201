"""Each case of each pack is handed in and passes the formal check; each rule catches what it says."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from applications import actions, quotas
from applications.models import RuleStatus
from applications.rules import Incomplete
from applications.states import ApplicationState
from core.workflow import Refused
from grants.models import QuotaOf
from tests.desk.packs.breaks import Also, another
from tests.desk.packs.cases import (
    EVERY_CASE,
    case_of,
    every_case,
    every_pack,
    in_cases,
    later_cases,
    text_of,
)
from tests.desk.packs.conftest import fresh
from tests.desk.packs.steps import (
    INTAKE,
    PASS,
    approve,
    check_keeps_every_rule,
    lines_of,
    recommend,
    statuses,
)

pytestmark = pytest.mark.django_db


@later_cases
def test_a_valid_application_is_handed_in_and_passes_the_formal_check(world):
    check_keeps_every_rule(world)
    submission = actions.submit(application=world.application, by=world.by, at=world.at)
    kinds = [stage.kind for stage in world.call.stages.all()]
    assert (world.application.state, submission.version) == (kinds[0], 1)
    passed = [kind for kind in kinds if kind in INTAKE]
    for kind in passed:
        assert world.application.state == kind
        PASS[kind](world)
    assert world.application.state == kinds[len(passed)]


@contextmanager
def undone(world):
    """The world as others find it again afterwards."""
    with transaction.atomic():
        yield fresh(world)
        transaction.set_rollback(True)


@every_case
def test_each_violation_is_caught_by_exactly_its_rule(world, subtests):
    before = statuses(world)
    for code, violate in world.case.breaks.items():
        with subtests.test(code), undone(world) as broken:
            violate(broken)
            check_caught(broken, before, code, violate.codes if isinstance(violate, Also) else ())


def check_caught(world, before, code, others):
    after = statuses(world)
    changed = {name for name in {*before, *after} if after.get(name) != before.get(name)}
    assert changed == {code, *others}
    assert before[code] in (RuleStatus.PASSED, RuleStatus.NOT_APPLICABLE)
    assert after[code] in (RuleStatus.FAILED, RuleStatus.WARNING)


@every_pack
def test_what_a_rule_forbids_is_not_handed_in(world):
    """Once for each pack: what is refused is what the lines say, which the test above breaks one by one."""
    for violate in world.case.breaks.values():
        with undone(world) as broken:
            violate(broken)
            said = {(line.clause, line.hint) for line in lines_of(broken).values() if line.blocks}
            if said:
                with pytest.raises(Incomplete) as refused:
                    actions.submit(application=broken.application, by=broken.by, at=broken.at)
                assert said <= {(one.clause, one.message) for one in refused.value.problems}
                assert broken.application.state == ApplicationState.DRAFT
                return
    pytest.fail("no rule of this case keeps anything from being handed in")


@in_cases([case for case in EVERY_CASE if "quotas:" in text_of(case[0])])
def test_each_quota_lets_in_as_many_as_it_says(world, subtests):
    kind = world.application.project_type
    for quota in world.call.quotas.all():
        if quota.project_type_id not in (None, kind and kind.pk):
            continue
        others = [row for row in world.call.types.all() if row != kind]
        counted = kind if quota.project_type_id or not others else others[0]
        most = quotas.limit_of(quota, world.application)
        for used in (most - 1, most):
            with subtests.test(f"{quota} {used}"), undone(world) as crowded:
                another(used, same_unit=quota.of == QuotaOf.UNIT, type=counted.code if counted else "")(
                    crowded
                )
                check_quota(crowded, quota, is_full=used == most)


def check_quota(world, quota, *, is_full):
    """The unit hands in, and the recommender passes on, as long as there is room."""
    said = ""
    try:
        actions.submit(application=world.application, by=world.by, at=world.at)
        if quota.of == QuotaOf.RECOMMENDER:
            approve(world)
            recommend(world)
    except Refused as refused:
        said = refused.code
    assert said == ("quota" if is_full else "")


@in_cases([case for case in EVERY_CASE if case_of(case).holds])
def test_what_stands_exactly_at_a_limit_is_kept(world, subtests):
    before = statuses(world)
    for place, change in enumerate(world.case.holds):
        with subtests.test(str(place)), undone(world) as changed:
            change(changed)
            assert statuses(changed) == before
