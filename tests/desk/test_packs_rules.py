"""Each shipped pack from publishing to a submitted application; each automatic rule catches what it says."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import FactKind, OrganisationFact, OrganisationKind
from applications import actions, eligibility
from applications.models import RuleStatus
from applications.rules import Incomplete
from applications.states import ApplicationState
from core.calendar import add_days, local_date
from desk import packs
from exchange.queries import eligibility as demand_lines
from grants.models import Automation
from tests.desk import worlds
from tests.desk.worlds import WORLDS, World
from tests.factories.accounts import IntegrityRecordFactory, OrganisationFactory

pytestmark = pytest.mark.django_db

NO = (RuleStatus.FAILED, RuleStatus.WARNING)


def said_no(world: World) -> list[str]:
    return sorted(line.code for line in eligibility.evaluate(world.application) if line.status in NO)


# ---- what breaks each rule, and nothing else ----


def unit_is(**changes):
    def violate(world):
        for name, value in changes.items():
            setattr(world.unit, name, value)
        world.unit.save()
        world.application.organisation = world.unit

    return violate


def record(world):
    IntegrityRecordFactory(organisation=world.unit, valid_from=date(2024, 1, 1))


def without(kind):
    def violate(world):
        OrganisationFact.objects.filter(organisation=world.unit, kind=kind).delete()

    return violate


def fact_is(kind, **value):
    def violate(world):
        OrganisationFact.objects.filter(organisation=world.unit, kind=kind).update(**value)

    return violate


def answer(**values):
    def violate(world):
        actions.save_answers(application=world.application, answers=values, by=world.by, at=world.at)

    return violate


def people(*, partners=0, **changes):
    def violate(world):
        lead = worlds.person(world.unit, **changes)
        others = [
            worlds.person(OrganisationFactory(region="110108"), role="member", n=n)
            for n in range(2, 2 + partners)
        ]
        team = [lead, *others]
        actions.set_participants(application=world.application, participants=team, by=world.by, at=world.at)

    return violate


def pi_from_elsewhere(world):
    lead = worlds.person(OrganisationFactory(region="110108"))
    actions.set_participants(application=world.application, participants=[lead], by=world.by, at=world.at)


def lasts(months):
    def violate(world):
        ends = add_days(world.application.starts_date, months, kind="month")
        actions.update_basics(application=world.application, ends_date=ends, by=world.by, at=world.at)

    return violate


def busy_leader(world):
    """Two running projects with the same leader, of another unit so that no other rule says no."""
    unit = OrganisationFactory()
    by = worlds.member_of(unit)
    for _number in range(2):
        other = actions.start(
            call=world.call, topic=world.application.topic, organisation=unit, by=by, at=world.at
        )
        lead = worlds.person(unit)
        actions.set_participants(application=other, participants=[lead], by=by, at=world.at)
        type(other).objects.filter(pk=other.pk).update(
            state=ApplicationState.AGREEMENT, submitted_at=world.at, submitted_by=by
        )


def handed_in_before(world):
    other = actions.start(call=world.call, organisation=world.unit, by=world.by, at=world.at)
    type(other).objects.filter(pk=other.pk).update(
        state=ApplicationState.FORMAL_CHECK, submitted_at=world.at, submitted_by=world.by
    )


def much_indirect(world):
    amounts = {("indirect", "fiscal"): Decimal(1_000_000), ("operations", "own"): Decimal(2_000_000)}
    actions.set_budget(application=world.application, amounts=amounts, by=world.by, at=world.at)


VIOLATIONS = {
    "jiebang-sme": {
        "bidder_kind": unit_is(kind=OrganisationKind.ENTERPRISE),
        "partner_number": people(partners=4),
        "bidder_integrity": record,
        "pi_of_lead": pi_from_elsewhere,
        "pi_time": people(months=2),
        "pi_running": busy_leader,
        "duration": lasts(13),
        "no_double_funding": answer(funded_before=True),
    },
    "park-cultivation": {
        "enterprise": unit_is(kind=OrganisationKind.INSTITUTE),
        "registered": unit_is(registered_date=date(2099, 1, 2)),
        "certificate": without(FactKind.HIGH_TECH),
        "park": fact_is(FactKind.PARK, text="别处的园区"),
        "rd_spend": fact_is(FactKind.RD_SPEND, number=0),
        "statistics": answer(statistics_reported=False),
        "integrity": record,
        "pi_of_lead": pi_from_elsewhere,
        "pi_birth": people(birth="19510615"),
        "pi_time": people(months=5),
        "pi_running": busy_leader,
        "partner_number": people(partners=6),
        "indirect": much_indirect,
        "duration": lasts(25),
        "one_per_unit": handed_in_before,
    },
}


def auto_codes(slug: str, *, demand: bool) -> set[str]:
    pack = packs.check(packs.PROGRAMMES / f"{slug}.yaml", today=date(2026, 3, 10))
    return {
        rule.code
        for rule in pack.rules
        if rule.automation == Automation.AUTO and (rule.params.get("applies_to") == "demand") == demand
    }


@pytest.mark.parametrize("slug", WORLDS)
def test_every_automatic_rule_has_a_violation(slug):
    assert set(VIOLATIONS[slug]) == auto_codes(slug, demand=False)


@pytest.mark.parametrize("slug", WORLDS)
def test_a_valid_application_is_handed_in_and_waits_at_the_first_stage(slug):
    world = WORLDS[slug]()
    assert said_no(world) == []
    submission = actions.submit(application=world.application, by=world.by, at=world.at)
    first = world.call.stages.first()
    assert (world.application.state, submission.version) == (first.kind, 1)
    statuses = {row.rule.code: row.status for row in world.application.rule_results.select_related("rule")}
    assert {status for code, status in statuses.items() if code in VIOLATIONS[slug]} == {RuleStatus.PASSED}
    assert not any(code.startswith("demand_") for code in statuses)


@pytest.mark.parametrize(
    ("slug", "code"), [(slug, code) for slug, codes in VIOLATIONS.items() for code in codes]
)
def test_a_violation_is_caught_by_exactly_its_rule(slug, code):
    world = WORLDS[slug]()
    VIOLATIONS[slug][code](world)
    assert said_no(world) == [code]
    rule = world.call.rules.get(code=code)
    if rule.severity == "warning":
        return
    with pytest.raises(Incomplete) as caught:
        actions.submit(application=world.application, by=world.by, at=world.at)
    assert rule.clause in [problem.clause for problem in caught.value.problems]
    assert rule.hint in [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("slug", "amounts", "code"),
    [
        ("jiebang-sme", {"fiscal": "100.000001", "demander": 200}, ["call-cap", "topic-amount"]),
        ("jiebang-sme", {"fiscal": 80, "demander": "79.99"}, ["own-ratio"]),
        ("jiebang-sme", {"fiscal": 100, "demander": 60, "own": 40}, []),
        ("park-cultivation", {"fiscal": "500.000001", "own": 600}, ["call-cap"]),
        ("park-cultivation", {"fiscal": 400, "own": "399.9999"}, ["own-ratio"]),
        ("park-cultivation", {"fiscal": 500, "own": 500}, []),
    ],
)
def test_cap_and_ratio_hold_to_the_fen(slug, amounts, code):
    world = WORLDS[slug]()
    lines = {("operations", source): Decimal(str(wan)) * 10_000 for source, wan in amounts.items()}
    actions.set_budget(application=world.application, amounts=lines, by=world.by, at=world.at)
    assert said_no(world) == code


# ---- the demand side ----

DEMAND_VIOLATIONS = {
    "demand_region": lambda: worlds.demand_side(region="370102"),
    "demand_registered": lambda: worlds.demand_side(registered_date=date(2099, 1, 2)),
    "demand_tech_sme": lambda: OrganisationFactory(region="370214", registered_date=date(2015, 1, 1)),
    "demand_integrity": lambda: (
        IntegrityRecordFactory(organisation=worlds.demand_side(), valid_from=date(2024, 1, 1)).organisation
    ),
}


def test_every_automatic_rule_about_demands_has_a_violation():
    assert set(DEMAND_VIOLATIONS) == auto_codes("jiebang-sme", demand=True)


@pytest.mark.parametrize("code", [None, *DEMAND_VIOLATIONS])
def test_the_demand_side_is_judged_by_its_own_rules(code):
    call, _manager, now = worlds.published("jiebang-sme")
    unit = DEMAND_VIOLATIONS[code]() if code else worlds.demand_side()
    failed = [line.code for line in demand_lines(call, unit, at=now) if line.holds is False]
    assert failed == ([code] if code else [])


@pytest.mark.parametrize("slug", WORLDS)
def test_a_pack_is_alive_on_the_day_it_is_loaded(slug):
    call, _manager, now = worlds.published(slug)
    assert call.opens_at < now
    assert call.closes_at is None or call.closes_at > now + timedelta(days=20)
    assert call.year == local_date(call.opens_at).year
