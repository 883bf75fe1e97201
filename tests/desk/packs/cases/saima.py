"""赛马制科技攻关."""

from tests.desk.packs.breaks import (
    also,
    another,
    answer,
    budget,
    in_another_team,
    lasts,
    lead,
    partner_record,
    partners,
    record,
    unit,
)
from tests.desk.packs.world import Case, Person

TARGETS = [
    {"name": "传输距离", "unit": "m", "required": "50", "promised": "60"},
    {"name": "传输速率", "unit": "Mbit/s", "required": "10", "promised": "10"},
]
LOWERED = [TARGETS[0], {**TARGETS[1], "promised": "9.9"}]

CASES = [
    Case(
        people=[Person(), Person(unit={"region": "110108", "kind": "institute"})],
        answers={"trl_start": "3", "trl_end": "7", "first_stage": TARGETS, "funded_before": False},
        money={"fiscal": 200, "own": 100},
        months=30,
        breaks={
            "local_unit": unit(region="370102"),
            "partner_number": partners(3),
            "integrity_unit": record,
            "integrity_partners": partner_record,
            "one_team_per_unit": another(),
            "partner_in_one_team": in_another_team("partner"),
            "people_in_one_team": in_another_team("lead"),
            "pi_of_lead": lead(unit={"region": "110108"}),
            "pi_time": lead(months=5.9),
            "trl_now": answer(trl_start="2"),
            "trl_final": answer(trl_end="5"),
            "targets_kept": answer(first_stage=LOWERED),
            "no_double_funding": answer(funded_before=True),
            "duration": lasts(30),
            "equal_money": budget(fiscal="199.9999", own=100),
            "own_half": budget(fiscal=200, own="99.9999"),
            "labour_share": budget(
                {
                    ("labour", "fiscal"): "150.0001",
                    ("operations", "fiscal"): "49.9999",
                    "own": 0,
                    ("operations", "own"): 100,
                }
            ),
            "call-cap": also("equal_money", budget(fiscal="600.000001", own=400)),
        },
        holds=[
            budget({("labour", "fiscal"): 150, ("operations", "fiscal"): 50, ("operations", "own"): 100}),
            another(state="withdrawn"),
            lead(months=6),
            answer(trl_end="6"),
        ],
    )
]
