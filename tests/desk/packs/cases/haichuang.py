"""海创计划 2.0."""

from tests.desk.packs.breaks import (
    also,
    another,
    answer,
    both,
    budget,
    in_another_team,
    lasts,
    lead,
    partners,
    project_elsewhere,
    record,
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

VOYAGE = {"area": "胶州湾外海", "ship": "海大号", "days": "15", "rented": "true"}


def voyages(*days, years=1):
    """One voyage for each number of days, in the month so many years after the start."""

    def rows(world):
        month = f"{world.application.starts_date.year + years}-01"
        return [{**VOYAGE, "days": str(number), "month": month} for number in days]

    return rows


DIVISION = [
    {"unit": "牵头单位", "is_local": "true", "fiscal": "100", "task": "总体"},
    {"unit": "市外院所", "is_local": "false", "fiscal": "0", "task": "机理"},
]
PAID_OUTSIDE = [DIVISION[0], {**DIVISION[1], "fiscal": "0.0001"}]
WRITTEN = {"marine_share": "30", "division": DIVISION, "funded_before": False, "permits": []}
MEMBER = Person(unit={"region": "110108", "kind": "institute"})
UNIVERSITY = {"kind": "university", "region": "370212"}

CASES = [
    Case(
        type="frontier",
        unit=UNIVERSITY,
        people=[Person(), MEMBER],
        answers=WRITTEN,
        money={"fiscal": 150},
        breaks={
            "lead_unit": answer(marine_share="29.9"),
            "lead_kind": unit(kind="social"),
            "unit_number": partners(5),
            "money_stays": answer(division=PAID_OUTSIDE),
            "integrity_lead": record,
            "pi_time": lead(months=4),
            "pi_free": project_elsewhere(plan="海创计划"),
            "one_per_pi": another(same_unit=False, same_lead=True),
            "months": lasts(24),
            "no_double_funding": answer(funded_before=True),
            "call-cap": budget(fiscal="150.000001"),
            "sea_trial_share": budget({("sea_trial", "fiscal"): "60.0001", ("labour", "fiscal"): "89.9999"}),
            "indirect": budget({("indirect", "own"): "30.0001", ("labour", "fiscal"): 100}),
        },
        holds=[
            budget({("sea_trial", "fiscal"): 60, ("labour", "fiscal"): 90}),
            budget({("indirect", "own"): 30, ("labour", "fiscal"): 100}),
            partners(4),
            project_elsewhere(plan="海创计划", status="completed"),
        ],
    ),
    Case(
        type="key",
        people=[Person(), MEMBER],
        answers={**WRITTEN, "voyages": voyages(15, 15)},
        money={"fiscal": 400, "own": 900},
        months=36,
        breaks={
            "lead_kind": unit(kind="institute"),
            "at_sea": answer(voyages=voyages(15, 14)),
            "trial_in_time": answer(voyages=voyages(30, years=4)),
            "months": lasts(36),
            "call-cap": budget(fiscal="400.000001", own=900),
            "own-ratio": budget(fiscal=400, own="799.9999"),
            "year_total": another(requested_amount="11000000.01"),
        },
        holds=[budget(fiscal=400, own=800), another(requested_amount="11000000.00")],
    ),
    Case(
        type="common",
        people=[Person(), MEMBER, Person()],
        answers=WRITTEN,
        money={"fiscal": 300, "own": 300},
        months=30,
        breaks={
            "lead_kind": also("partners_looked_up", team(Person())),
            "member_limit": both(in_another_team("member"), in_another_team("member")),
            "call-cap": budget(fiscal="300.000001", own=310),
            "common_own": budget(fiscal=300, own="299.9999"),
        },
        holds=[in_another_team("member")],
    ),
]
