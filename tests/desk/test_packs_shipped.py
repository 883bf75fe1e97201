"""Every shipped pack as it stands in its file: alive, in two languages, no rule without a case."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.calendar import local_date
from desk import checks, packs
from exchange.models import Demand
from exchange.queries import eligibility as demand_lines
from grants.models import Automation, CheckMoment, Instrument, QuestionKind, Severity, Sourcing
from seeds import dictionaries
from tests.desk.packs import world as worlds
from tests.desk.packs.cases import text_of
from tests.desk.packs.world import SLUGS, cases_of, pack_of
from tests.factories.accounts import IntegrityRecordFactory

pytestmark = pytest.mark.django_db

DEMANDS = [slug for slug in SLUGS if "sourcing: demand" in text_of(slug)]


def automatic(pack, *, demand: bool) -> set[tuple[str, str]]:
    """(project type, code) of the rules that the computer decides when it is handed in."""
    return {
        (rule.type, rule.code)
        for rule in pack.rules
        if rule.automation == Automation.AUTO
        and rule.moment == CheckMoment.APPLICATION
        and (rule.params.get("applies_to") == "demand") == demand
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
    said = {"term_months": 12, "amount": Decimal(1_000_000)} | changes.pop("demand", {})
    unit = worlds.demand_side(case, **changes)
    if dishonest:
        IntegrityRecordFactory(organisation=unit, valid_from=date(2024, 1, 1))
    demand = Demand(call=call, organisation=unit, saved_at=now, **said)
    failed = [line.code for line in demand_lines(call, unit, at=now, demand=demand) if line.holds is False]
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


def test_the_example_of_the_guide_can_be_loaded_as_it_stands():
    file = packs.PROGRAMMES.parents[1] / "docs" / "examples" / "humanities.yaml"
    pack, _source = packs.read_file(file, today=local_date(timezone.now()))
    found = checks.findings_of(pack, at=pack.call.opens - timedelta(hours=1))
    assert {one.message for one in found} <= {"截止时间在休息日，请确认。"}


@pytest.mark.parametrize("slug", SLUGS)
def test_what_can_be_mended_says_how(slug):
    rules = [rule for rule in pack_of(slug).rules if rule.automation == Automation.AUTO]
    assert [rule.code for rule in rules if not rule.hint] == []
    assert {rule.severity for rule in rules} <= {Severity.BLOCKING, Severity.WARNING}


def test_every_case_belongs_to_a_pack():
    folder = packs.PROGRAMMES.parents[1] / "tests" / "desk" / "packs" / "cases"
    cases = {file.stem.replace("_", "-") for file in folder.glob("*.py")} - {"--init--"}
    assert cases == set(SLUGS)
