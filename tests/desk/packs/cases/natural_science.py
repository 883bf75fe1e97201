"""市自然科学基金: ages per sex, doctorates, lump sums per type."""

from datetime import timedelta

from tests.desk.packs.breaks import (
    also,
    amount,
    another,
    answer,
    fact,
    lasts,
    late_report,
    lead,
    partners,
    project_elsewhere,
    record,
    unit,
)
from tests.desk.packs.world import Case, Person

ELSEWHERE = {"region": "110108"}
ANSWERS = {
    "degree": "doctor",
    "senior_title": False,
    "contract_ends": "2090-12-31",
    "led_before": [],
    "keywords": ["电喷雾", "离子源", "结晶"],
    "ethics": [],
}
FACTS = {"rd_spend": 9_000_000, "basic_research": 20_000_000}
CASES = [
    Case(
        type="youth",
        unit={"kind": "university"},
        facts=FACTS,
        people=[Person(birth="20000615")],
        answers=ANSWERS,
        amount=10,
        breaks={
            "host_kind": unit(kind="park"),
            "host_region": unit(region="370102"),
            "rd_spend": fact("rd_spend", 0),
            "host_integrity": record,
            "host_reports": late_report(),
            "pi_of_host": lead(unit=ELSEWHERE),
            "contract": answer(contract_ends=lambda world: f"{world.application.ends_date - timedelta(1)}"),
            "birth_male": lead(birth="19800615"),
            "birth_female": also("birth_male", lead(birth="19800615", number=2)),
            "doctorate": answer(degree="master"),
            "first_lead": answer(led_before=["nsfc"]),
            "pi_time": lead(months=5),
            "one_per_person": another(same_unit=False, same_lead=True),
            "running": project_elsewhere(plan="natural-science"),
            "team": partners(5),
            "duration": lasts(24),
            "call-cap": amount("10.000001"),
        },
        holds=[late_report(29), partners(4), lead(months=6), project_elsewhere(2, plan="市关键技术攻关")],
    ),
    Case(
        type="original",
        unit={"kind": "institute"},
        facts=FACTS,
        answers=ANSWERS,
        amount=20,
        breaks={
            "qualified": answer(degree="master"),
            "team": partners(10),
            "call-cap": amount("20.000001"),
        },
        holds=[answer(degree="master", senior_title=True), partners(9), answer(led_before=["nsfc"])],
    ),
]
