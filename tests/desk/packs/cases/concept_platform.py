"""概念验证平台."""

from datetime import date

from tests.desk.packs.breaks import (
    another,
    answer,
    both,
    budget,
    fact,
    lead,
    record,
    unit,
)
from tests.desk.packs.world import Case

KINDS = ["assessment", "feasibility", "pilot", "testing"]
SERVED = {"client": "某研究所", "result": "离子源", "trl_before": "3", "trl_after": "5", "income": "12"}
ANSWERS = {
    "kinds": KINDS,
    "cases": [SERVED] * 5,
    "area": "1000",
    "tenure": "leased",
    "lease_until": lambda world: f"{world.call.year + 5}-01",
    "equipment": [{"name": "环境试验箱", "model": "T1", "year": "2022", "value": "500"}],
    "staff": "10",
    "brokers": "2",
    "accidents": False,
}
FEWER = [{"name": "环境试验箱", "model": "T1", "year": "2022", "value": "499.9999"}]
CASES = [
    Case(
        type="head_firm",
        facts={"revenue": {-1: 200_000_000}},
        answers=ANSWERS,
        money={
            **{(row, "fiscal"): 250 for row in ("equipment", "software", "testing")},
            ("staff", "fiscal"): 50,
            ("premises", "own"): 900,
        },
        breaks={
            "local": unit(region="370102"),
            "leader_qualified": fact("revenue", {-1: 199_999_999}),
            "integrity_unit": record,
            "no_accident": answer(accidents=True),
            "four_services": answer(kinds=KINDS[:3]),
            "floor_area": answer(area="999"),
            "lease_long": answer(lease_until=lambda world: f"{world.call.year + 4}-12"),
            "equipment_value": answer(equipment=FEWER),
            "staff_number": answer(brokers="1"),
            "enough_cases": answer(cases=[SERVED] * 4),
            "head_of_platform": lead(unit={"region": "110108"}),
            "head_time": lead(months=7),
            "not_filed_yet": fact("filed_platform", True),
            "one_filing": another(),
            "call-cap": budget({("equipment", "fiscal"): "2000.000001", ("premises", "own"): 2100}),
            "half_of_building": budget({("equipment", "fiscal"): 1000, ("premises", "own"): "999.9999"}),
            "staff_share": budget(
                {
                    ("equipment", "fiscal"): "639.9999",
                    ("staff", "fiscal"): "160.0001",
                    ("premises", "own"): 900,
                }
            ),
            "no-fiscal-premises": budget({("premises", "fiscal"): "0.01", ("equipment", "own"): 900}),
        },
        holds=[
            budget({("equipment", "fiscal"): 2000, ("premises", "own"): 2000}),
            budget({("equipment", "fiscal"): 640, ("staff", "fiscal"): 160, ("premises", "own"): 900}),
            both(fact("revenue", {-1: 1}), fact("leading_firm", True)),
        ],
    ),
    Case(
        type="service_body",
        unit={"kind": "new_rd", "registered_date": lambda call: date(call.year - 2, 12, 31)},
        answers={**ANSWERS, "past_cases": "10"},
        money={("equipment", "fiscal"): 700, ("staff", "fiscal"): 100, ("premises", "own"): 900},
        breaks={"leader_qualified": answer(past_cases="9")},
        holds=[answer(past_cases="11")],
    ),
]
