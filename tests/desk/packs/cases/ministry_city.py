"""国家重点研发计划部市联动项目."""

from datetime import date

from tests.desk.packs.breaks import (
    answer,
    both,
    budget,
    lasts,
    lead,
    partner_record,
    partners,
    project_elsewhere,
    record,
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

TASKS = [
    {"title": "离子光学", "leader": "周明泽", "unit": "牵头单位", "amount": "200", "content": "聚焦与反射"},
    {"title": "整机集成", "leader": "于海", "unit": "仪器公司", "amount": "300", "content": "集成与测试"},
]
MAKER = Person(unit={"region": "370214"})

CASES = [
    Case(
        unit={"kind": "institute", "registered_date": lambda call: date(call.year - 1, 6, 30)},
        people=[Person(title="工程师"), MAKER],
        answers={"tasks": TASKS, "pi_degree": "doctor", "trl_end": "7", "same_content": True},
        money={"central": 600, "city": 500, "own": 100},
        months=36,
        breaks={
            "lead_unit": unit(region="370102"),
            "registered": unit(registered_date=lambda call: date(call.year - 1, 7, 1)),
            "unit_number": partners(9),
            "local_maker": team(Person(title="工程师"), Person(unit={"region": "110108"})),
            "integrity_lead": record,
            "integrity_partners": partner_record,
            "leaders_of_tasks": answer(tasks=[{**row, "leader": "周明泽"} for row in TASKS]),
            "pi_birth": lead(birth="19510615"),
            "pi_qualified": answer(pi_degree="master"),
            "pi_time": lead(months=5),
            "national_limit": project_elsewhere(plan="国家重点研发计划"),
            "two_systems": answer(same_content=False),
            "duration": lasts(36),
            "trl_final": answer(trl_end="6"),
            "city_below_central": budget(central="499.9999", city=500),
            "indirect": budget({("operations", "central"): 600, ("indirect", "city"): "175.0001"}),
            "topic-amount": budget(central=900, city="800.000001"),
        },
        holds=[
            budget({("operations", "central"): 600, ("indirect", "city"): 175}),
            both(answer(pi_degree="master"), lead(title="研究员")),
            partners(8),
            project_elsewhere(plan="国家重点研发计划", status="completed"),
        ],
    ),
    Case(
        people=[Person(), MAKER],
        answers={"tasks": TASKS, "trl_end": "8", "same_content": True},
        money={"central": 300, "city": 200, "own": 500},
        breaks={"own_of_enterprise": budget(central=300, city=200, own="499.9999")},
    ),
]
