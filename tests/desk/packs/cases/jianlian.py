"""建链计划."""

from datetime import date

from tests.desk.packs.breaks import (
    also,
    answer,
    both,
    budget,
    lasts,
    lead,
    partners,
    project_elsewhere,
    record,
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

SCIENCE = Person(unit={"region": "110108", "kind": "university"})
SHARES = [
    {"unit": "牵头单位", "is_lead": "true", "task": "总体与集成", "fiscal": "75"},
    {"unit": "合作高校", "is_lead": "false", "task": "机理研究", "fiscal": "75"},
]
LESS = [{**SHARES[0], "fiscal": "74.9999"}, {**SHARES[1], "fiscal": "75.0001"}]
WRITTEN = {"way": "best", "trl_start": "3", "trl_end": "6", "young_leader": False, "ethics": []}


def of_lead(wan):
    """Both rows of the shares for a grant of so many 万元."""
    return answer(shares=[{**row, "fiscal": str(wan / 2)} for row in SHARES])


CASES = [
    Case(
        type="key",
        unit={"registered_date": lambda call: date(call.year - 1, 1, 1)},
        facts={"tech_sme": True},
        people=[Person(), SCIENCE],
        answers={**WRITTEN, "shares": SHARES},
        money={"fiscal": 150, "own": 250, "partners": 100},
        months=30,
        breaks={
            "lead_kind": also("qualified_firm", "science_partner", unit(kind="university")),
            "science_partner": team(Person(), Person(unit={"region": "110108"})),
            "partner_number": partners(5),
            "lead_share": answer(shares=LESS),
            "local": unit(region="370102"),
            "qualified_firm": unit(registered_date=lambda call: date(call.year - 1, 1, 2)),
            "integrity_lead": record,
            "pi_of_lead": lead(unit={"region": "110108"}),
            "one_of_four": project_elsewhere(plan="强链计划"),
            "young_true": answer(young_leader=True),
            "duration": lasts(30),
            "trl_now": answer(trl_start="2", trl_end="5"),
            "trl_rises": answer(trl_end="5"),
            "tiers_of_rd": budget(fiscal=150, own="349.9"),
            "outside_share": budget(
                {("outside", "own"): "30.0001", ("staff", "fiscal"): 150, ("staff", "own"): 350}
            ),
            "indirect_share": budget(
                {("indirect", "fiscal"): "22.5001", ("staff", "fiscal"): "127.4999", "own": 350}
            ),
            "call-cap": both(
                budget(fiscal="400.000001", own=1400), answer(shares=[{**SHARES[0], "fiscal": "400.000001"}])
            ),
        },
        holds=[
            both(budget(fiscal=275, own=725), of_lead(275)),
            both(budget(fiscal=400, own=1400), of_lead(400)),
            lead(months=1),
            project_elsewhere(plan="强链计划", status="completed"),
        ],
    ),
    Case(
        type="common",
        unit={"kind": "university", "region": "370212"},
        people=[Person(), Person(unit={"region": "370214"})],
        answers={**WRITTEN, "shares": SHARES},
        money={"fiscal": 150, "own": 250, "partners": 100},
        breaks={
            "lead_kind": unit(kind="hospital"),
            "industry_partner": team(Person(), Person(unit={"region": "110108"})),
            "call-cap": both(
                budget(fiscal="250.000001", own=700), answer(shares=[{**SHARES[0], "fiscal": "250.000001"}])
            ),
        },
        holds=[both(budget(fiscal=250, own=650), of_lead(250))],
    ),
]
