"""布链计划."""

from tests.desk.packs.breaks import (
    another,
    answer,
    budget,
    lasts,
    lead,
    project_elsewhere,
    record,
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

YOUNG = "19990615"
LEADER = Person(birth="19900615")
OUTSIDE = [Person(unit={"region": "110108"}, birth=YOUNG) for _ in range(5)]
WRITTEN = {"qualification": "doctor", "non_consensus": False, "ethics_needed": False}
UNIVERSITY = {"kind": "university", "region": "370212"}

CASES = [
    Case(
        type="frontier",
        unit=UNIVERSITY,
        people=[LEADER, Person(birth=YOUNG), Person(birth="19700615")],
        answers={**WRITTEN, "trl_start": "3", "trl_end": "4"},
        money={"fiscal": 100},
        breaks={
            "unit_kind": unit(region="370102"),
            "integrity_lead": record,
            "qualified": answer(qualification="neither"),
            "pi_birth": lead(birth="19700615"),
            "pi_running": project_elsewhere(2),
            "pi_time": lead(months=5),
            "one_a_year": another(same_unit=False, same_lead=True),
            "young_team": team(LEADER, Person(birth="19700615")),
            "partner_number": team(LEADER, *OUTSIDE[:3]),
            "readiness": answer(trl_start="4", trl_end="5"),
            "months": lasts(24),
            "call-cap": budget(fiscal="100.000001"),
            "at_least": budget(fiscal="29.9999"),
            "intensity": unit(kind="enterprise"),
            "equipment_share": budget({("equipment", "fiscal"): "30.0001", ("labour", "fiscal"): "69.9999"}),
        },
        holds=[
            budget({("equipment", "fiscal"): 30, ("labour", "fiscal"): 70}),
            budget(fiscal=30),
            team(LEADER, *OUTSIDE[:2]),
            project_elsewhere(1),
            another(state="rejected", same_unit=False, same_lead=True),
        ],
    ),
    Case(
        type="key",
        unit=UNIVERSITY,
        people=[LEADER, Person(unit={"region": "370214"})],
        answers={**WRITTEN, "trl_start": "4", "trl_end": "6"},
        money={"fiscal": 210, "own": 90},
        months=36,
        breaks={
            "with_enterprise": team(LEADER),
            "pi_birth": lead(birth=lambda call: f"{call.year - 56}1231"),
            "pi_running": project_elsewhere(3),
            "partner_number": team(LEADER, *OUTSIDE),
            "readiness": answer(trl_start="3"),
            "months": lasts(36),
            "call-cap": budget(fiscal="250.000001", own=150),
        },
        holds=[
            budget(fiscal=210, own=90),
            lead(birth=lambda call: f"{call.year - 55}0101"),
            project_elsewhere(2),
        ],
    ),
]
