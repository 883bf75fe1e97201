"""揭榜挂帅（政府发榜）."""

from seeds.codes import make_credit_code
from tests.desk.packs.breaks import (
    also,
    answer,
    both,
    budget,
    lasts,
    lead,
    partner_record,
    partners,
    project_elsewhere,
    record,
    unit,
)
from tests.desk.packs.world import Case, Person

STRANGER = {"name": "不在联合体内的公司", "credit_code": make_credit_code(900_001)}
ANSWERS = {
    "end_user": lambda world: {"name": world.unit.name, "credit_code": world.unit.credit_code},
    "division": [{"unit": "牵头单位", "task": "总体", "share": "100", "rights": "共有"}],
    "tasks": [
        {"title": "芯体", "leader": "周明泽", "unit": "牵头单位", "amount": "100", "content": "材料与封装"},
        {"title": "比测", "leader": "于海", "unit": "牵头单位", "amount": "50", "content": "海上试验"},
    ],
    "ip": "shared",
    "funded_before": False,
}
TWICE = [{**row, "leader": "周明泽"} for row in ANSWERS["tasks"]]
ONE_PARTNER = [Person(), Person(unit={"region": "370214", "facts": {"high_tech": True}})]

CASES = [
    Case(
        people=ONE_PARTNER,
        answers=ANSWERS,
        money={"fiscal": 300, "own": 500, "user": 100},
        months=36,
        breaks={
            "lead_kind": also("ratio_enterprise", "ratio_public", unit(kind="social")),
            "no_government": partners(1, kind="government"),
            "partner_number": partners(5),
            "anchor": both(unit(region="370102"), answer(anchor=STRANGER)),
            "end_user": answer(end_user=STRANGER),
            "lead_integrity": record,
            "partner_integrity": partner_record,
            "pi_of_lead": lead(unit={"region": "110108"}),
            "pi_free": project_elsewhere(plan="jiebang-list"),
            "one_leader_each": answer(tasks=TWICE),
            "duration": lasts(36),
            "no_double_funding": answer(funded_before=True),
            "ratio_enterprise": budget(fiscal=300, own="499.9999", user=100),
            "indirect": budget({("direct", "own"): 600, ("indirect", "own"): "175.0001"}),
            "topic-amount": budget(fiscal="800.000001", own=1700),
        },
        holds=[
            budget(fiscal=800, own=1600),
            budget({("direct", "own"): 600, ("indirect", "own"): 175}),
            partners(4),
            project_elsewhere(status="completed", plan="jiebang-list"),
        ],
    ),
    Case(
        unit={"kind": "university", "region": "370212"},
        people=ONE_PARTNER,
        answers=ANSWERS,
        money={"fiscal": 300, "own": 300},
        months=30,
        breaks={"ratio_public": budget(fiscal=300, own="299.9999")},
    ),
]
