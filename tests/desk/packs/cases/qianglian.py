"""强链计划."""

from datetime import date

from tests.desk.packs.breaks import (
    another,
    answer,
    both,
    budget,
    fact,
    lasts,
    lead,
    partner_record,
    partners,
    project_elsewhere,
    record,
    team,
    topic,
    unit,
)
from tests.desk.packs.world import Case, Person

LOCAL = {"region": "370214"}
FIRM = Person(unit=LOCAL)
WRITTEN = {"trl_start": "4", "funded_before": False}

CASES = [
    Case(
        type="common",
        topic="GX-01",
        people=[Person(), FIRM, FIRM],
        answers={**WRITTEN, "trl_end": "6", "users_planned": "5"},
        money={"fiscal": 200, "own": 250},
        breaks={
            "lead_unit": unit(region="370102"),
            "right_direction": topic("GJ-01"),
            "three_firms": team(Person(), FIRM, Person(unit={"region": "110108"})),
            "partner_number": partners(7),
            "integrity_lead": record,
            "integrity_partners": partner_record,
            "nothing_overdue": project_elsewhere(of="unit", status="overdue"),
            "pi_of_lead": lead(unit={"region": "110108"}),
            "pi_birth": lead(birth="19510615"),
            "pi_running": project_elsewhere(3, months=0.5),
            "pi_time": lead(months=3.9),
            "twelve_months": project_elsewhere(months=4.5),
            "months": lasts(36),
            "trl_final": answer(trl_end="5"),
            "no_double_funding": answer(funded_before=True),
            "open_to_five": answer(users_planned="4"),
            "call-cap": budget(fiscal="300.000001", own=310),
            "own-ratio": budget(fiscal=200, own="199.9999"),
            "no-fiscal-building": budget({("building", "fiscal"): "0.01", ("operations", "own"): 100}),
            "unit_total": both(
                another(type="key", requested_amount=6_000_000), budget(fiscal="200.000001", own=300)
            ),
            "indirect": budget({("operations", "own"): 200, ("indirect", "own"): "40.0001"}),
        },
        holds=[
            budget(fiscal=300, own=300),
            budget({("operations", "own"): 200, ("indirect", "own"): 40}),
            both(another(type="key", requested_amount=6_000_000), budget(fiscal=200, own=300)),
            project_elsewhere(months=4),
            partners(6),
        ],
    ),
    Case(
        type="key",
        topic="GJ-01",
        unit={"registered_date": lambda call: date(call.year - 1, 12, 31)},
        facts={"rd_spend": {-1: 3_000_000}, "revenue": {-1: 100_000_000}},
        people=[Person(), FIRM],
        answers={**WRITTEN, "trl_end": "7"},
        money={"fiscal": 400, "own": 900},
        months=36,
        breaks={
            "lead_unit": unit(kind="new_rd"),
            "right_direction": topic("GX-02"),
            "rd_intensity": fact("rd_spend", {-1: 2_999_999}),
            "partner_number": partners(4),
            "trl_final": answer(trl_end="6"),
            "call-cap": budget(fiscal="500.000001", own=1100),
            "own-ratio": budget(fiscal=400, own="799.9999"),
        },
        holds=[budget(fiscal=500, own=1000), partners(3)],
    ),
]
