"""Every shipped pack: reads, loads, is handed in, passes the formal check; each rule catches what it says."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import transaction

from accounts.models import Organisation
from accounts.roles import Role, UnitRole
from applications import actions, eligibility, queries, quotas
from applications.models import Application, RuleStatus
from applications.rules import Incomplete
from applications.states import ApplicationState
from core.calendar import local_date
from core.workflow import Refused
from desk import checks, packs
from exchange.queries import eligibility as demand_lines
from grants.models import Automation, Instrument, QuestionKind, QuotaOf, Severity, Sourcing, StageKind
from seeds import dictionaries
from tests.desk.packs import world as worlds
from tests.desk.packs.breaks import Also, another
from tests.desk.packs.world import SLUGS, cases_of, pack_of
from tests.factories.accounts import IntegrityRecordFactory, member_of, officer

pytestmark = pytest.mark.django_db


def text_of(slug: str) -> str:
    return (packs.PROGRAMMES / f"{slug}.yaml").read_text(encoding="utf-8")


NO = (RuleStatus.FAILED, RuleStatus.WARNING, RuleStatus.REQUIRES_DATA)
EVERY_CASE = [(slug, number) for slug in SLUGS for number in range(len(cases_of(slug)))]
DEMANDS = [slug for slug in SLUGS if "sourcing: demand" in text_of(slug)]
INTAKE = (StageKind.UNIT_REVIEW, StageKind.RECOMMENDATION, StageKind.FORMAL_CHECK)


def build(slug, number):
    return worlds.build(slug, cases_of(slug)[number])


def lines_of(world) -> dict:
    return {line.code: line for line in eligibility.evaluate(world.application)}


def statuses(world) -> dict[str, str]:
    return {code: str(line.status) for code, line in lines_of(world).items()}


def automatic(pack, *, demand: bool) -> set[tuple[str, str]]:
    """(project type, code) of the rules that the computer decides."""
    return {
        (rule.type, rule.code)
        for rule in pack.rules
        if rule.automation == Automation.AUTO and (rule.params.get("applies_to") == "demand") == demand
    }


def money_lines(pack) -> set[tuple[str, str]]:
    """(project type, code) of the lines about money; the type's own cap and ratio belong to the type."""
    call = pack.money
    found = {(rule.type, rule.code) for rule in call.rules}
    found |= {("", f"no-fiscal-{row.code}") for row in call.categories if not row.fiscal}
    found |= {("", "call-cap")} if call.cap else set()
    found |= {("", "own-ratio")} if call.own_per_fiscal else set()
    found |= {(row.code, "call-cap") for row in pack.types if row.cap}
    found |= {(row.code, "own-ratio") for row in pack.types if row.own_per_fiscal}
    demands = pack.call.sourcing == Sourcing.DEMAND and pack.call.instrument != Instrument.NONE
    if any(topic.amount for topic in pack.topics) or demands:
        found.add(("", "topic-amount"))
    types = {row.code for row in pack.types}
    # What every type says anew, the call's own line never shows.
    return {
        (kind, code)
        for kind, code in found
        if kind or not types or any((other, code) not in found for other in types)
    }


@pytest.mark.parametrize("slug", SLUGS)
def test_no_rule_is_forgotten(slug):
    pack = pack_of(slug)
    wanted = automatic(pack, demand=False) | money_lines(pack)
    own = {(kind, code) for kind, code in wanted if kind}
    broken = set()
    for case in cases_of(slug):
        for code in case.breaks:
            broken.add((case.type if (case.type, code) in own else "", code))
    assert broken == wanted


@pytest.mark.parametrize("slug", SLUGS)
def test_every_project_type_has_a_case(slug):
    assert {case.type for case in cases_of(slug)} == ({row.code for row in pack_of(slug).types} or {""})


@pytest.mark.parametrize(("slug", "number"), EVERY_CASE)
def test_a_valid_application_is_handed_in_and_passes_the_formal_check(slug, number):
    world = build(slug, number)
    before = statuses(world)
    assert {code: status for code, status in before.items() if status in NO} == needs_data(world)
    submission = actions.submit(application=world.application, by=world.by, at=world.at)
    kinds = [stage.kind for stage in world.call.stages.all()]
    assert (world.application.state, submission.version) == (kinds[0], 1)
    passed = [kind for kind in kinds if kind in INTAKE]
    for kind in passed:
        assert world.application.state == kind
        PASS[kind](world)
    assert world.application.state == kinds[len(passed)]


def needs_data(world) -> dict[str, str]:
    rules = world.call.rules.filter(automation=Automation.NEEDS_DATA)
    codes = {rule.code for rule in rules}
    return {
        code: status
        for code, status in statuses(world).items()
        if code in codes and status == RuleStatus.REQUIRES_DATA
    }


def approve(world):
    admin = member_of(world.unit, UnitRole.ADMIN)
    actions.unit_approve(application=world.application, by=admin, at=world.at)


def recommend(world):
    office = officer(Role.RECOMMENDER, region=world.unit.region)
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


@contextmanager
def undone(world):
    """The world as others find it again afterwards; one pack is loaded for many breaks."""
    with transaction.atomic():
        yield replace(
            world,
            application=Application.objects.get(pk=world.application.pk),
            unit=Organisation.objects.get(pk=world.unit.pk),
        )
        transaction.set_rollback(True)


@pytest.mark.parametrize(("slug", "number"), EVERY_CASE)
def test_each_violation_is_caught_by_exactly_its_rule(slug, number, subtests):
    whole = build(slug, number)
    before = statuses(whole)
    for code, violate in cases_of(slug)[number].breaks.items():
        with subtests.test(code), undone(whole) as world:
            violate(world)
            check_caught(world, before, code, violate.codes if isinstance(violate, Also) else ())


def check_caught(world, before, code, others):
    lines = lines_of(world)
    after = {name: str(line.status) for name, line in lines.items()}
    changed = {name for name in {*before, *after} if after.get(name) != before.get(name)}
    assert changed == {code, *others}
    assert before[code] in (RuleStatus.PASSED, RuleStatus.NOT_APPLICABLE)
    assert after[code] in (RuleStatus.FAILED, RuleStatus.WARNING)
    if after[code] == RuleStatus.FAILED:
        with pytest.raises(Incomplete) as caught:
            actions.submit(application=world.application, by=world.by, at=world.at)
        assert (lines[code].clause, lines[code].hint) in [
            (one.clause, one.message) for one in caught.value.problems
        ]
        assert world.application.state == ApplicationState.DRAFT


@pytest.mark.parametrize(("slug", "number"), [case for case in EVERY_CASE if "quotas:" in text_of(case[0])])
def test_each_quota_lets_in_as_many_as_it_says(slug, number, subtests):
    whole = build(slug, number)
    kind = whole.application.project_type
    for quota in whole.call.quotas.all():
        if quota.project_type_id not in (None, kind and kind.pk):
            continue
        others = [row for row in whole.call.types.all() if row != kind]
        counted = kind if quota.project_type_id or not others else others[0]
        most = quotas.limit_of(quota, whole.application)
        for used in (most - 1, most):
            with subtests.test(f"{quota} {used}"), undone(whole) as world:
                another(used, same_unit=quota.of == QuotaOf.UNIT, type=counted.code if counted else "")(world)
                check_quota(world, quota, is_full=used == most)


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


@pytest.mark.parametrize(("slug", "number"), EVERY_CASE)
def test_what_stands_exactly_at_a_limit_is_kept(slug, number, subtests):
    whole = build(slug, number)
    before = statuses(whole)
    for place, change in enumerate(cases_of(slug)[number].holds):
        with subtests.test(str(place)), undone(whole) as world:
            change(world)
            assert statuses(world) == before


# ---- the demand side ----


@pytest.mark.parametrize("slug", DEMANDS)
def test_no_rule_about_demands_is_forgotten(slug):
    wanted = {code for _type, code in automatic(pack_of(slug), demand=True)}
    assert {code for case in cases_of(slug) for code in case.demand_breaks} == wanted


@pytest.mark.parametrize(
    ("slug", "code"), [(slug, code) for slug in DEMANDS for code in [None, *cases_of(slug)[0].demand_breaks]]
)
def test_the_demand_side_is_judged_by_its_own_rules(slug, code):
    call, _manager, now = worlds.published(slug)
    case = cases_of(slug)[0]
    changes = dict(case.demand_breaks[code]) if code else {}
    dishonest = changes.pop("record", False)
    unit = worlds.demand_side(case, **changes)
    if dishonest:
        IntegrityRecordFactory(organisation=unit, valid_from=date(2024, 1, 1))
    failed = [line.code for line in demand_lines(call, unit, at=now) if line.holds is False]
    assert failed == ([code] if code else [])


# ---- the pack itself ----


@pytest.mark.parametrize("slug", SLUGS)
def test_a_pack_is_alive_on_the_day_it_is_loaded(slug):
    call, _manager, now = worlds.published(slug)
    assert call.opens_at < now
    assert call.closes_at is None or call.closes_at > now + timedelta(days=14)
    assert call.year == local_date(call.opens_at).year


@pytest.mark.parametrize("slug", SLUGS)
def test_a_pack_carries_its_slug_and_speaks_english_too(slug):
    pack = pack_of(slug)
    assert pack.programme.slug == slug
    assert [text for text in (pack.programme.name_en, pack.call.title_en) if not text] == []
    parts = [*pack.types, *pack.money.categories, *pack.money.sources]
    parts += pack.review.criteria if pack.review else []
    assert [row.code for row in parts if not row.name_en] == []
    rows = [*pack.rules, *pack.money.rules]
    assert [row.code for row in rows if not row.text_en] == []
    assert [section.code for section in pack.sections if not section.title_en] == []
    questions = [question for section in pack.sections for question in section.questions]
    assert [question.code for question in questions if not question.label_en] == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_pack_chooses_only_from_dictionaries_that_come_with_the_product(slug):
    asked = [question for section in pack_of(slug).sections for question in section.questions]
    named = {question.config["dictionary"] for question in asked if question.kind == QuestionKind.DICTIONARY}
    assert named <= {file.stem for file in dictionaries.shipped()}


@pytest.mark.parametrize("slug", SLUGS)
def test_the_desk_finds_nothing_doubtful_in_a_pack(slug):
    pack = pack_of(slug)
    found = checks.findings_of(pack, at=pack.call.opens - timedelta(hours=1))
    # Days that count from the day of loading may fall on a day of rest.
    doubtful = [(one.where, one.message) for one in found if one.message != "截止时间在休息日，请确认。"]
    assert doubtful == []


@pytest.mark.parametrize("slug", SLUGS)
def test_what_can_be_mended_says_how(slug):
    rules = [rule for rule in pack_of(slug).rules if rule.automation == Automation.AUTO]
    assert [rule.code for rule in rules if not rule.hint] == []
    assert {rule.severity for rule in rules} <= {Severity.BLOCKING, Severity.WARNING}


def test_every_case_belongs_to_a_pack():
    folder = packs.PROGRAMMES.parents[1] / "tests" / "desk" / "packs" / "cases"
    cases = {file.stem.replace("_", "-") for file in folder.glob("*.py")} - {"--init--"}
    assert cases == set(SLUGS)
