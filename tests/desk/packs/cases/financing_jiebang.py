"""融资服务揭榜制: what a bank offers, and how fast."""

from tests.desk.packs.breaks import answer, record, unit
from tests.desk.packs.world import Case

CASES = [
    Case(
        unit={"kind": "bank"},
        answers={
            "amount": "60",
            "rate": "4",
            "fees": [],
            "measures": [],
            "tied": False,
            "risk_pool": False,
            "branch_region": "370202",
            "approval_hours": "48",
            "draw_days": "10",
        },
        breaks={
            "bank": unit(kind="enterprise"),
            "local_branch": answer(branch_region="110108"),
            "bank_integrity": record,
            "enough": answer(amount="49.999999"),
            "cost": answer(rate="6.01"),
            "untied": answer(tied=True),
            "risk_products": answer(risk_pool=True, product="mortgage"),
            "green_channel": answer(approval_hours="49"),
            "draw": answer(draw_days="11"),
        },
        holds=[
            answer(amount="50"),
            answer(fees=[{"name": "担保费", "payee": "担保公司", "amount": "1.2"}]),
        ],
        demander_facts={"high_tech": True},
        demand_breaks={
            "demand_region": {"region": "370102"},
            "demand_certificate": {"facts": {"high_tech": None}},
            "demand_integrity": {"record": True},
        },
    )
]
