"""应用场景开放: who pilots what, how safely, at whose cost."""

from tests.desk.packs.breaks import answer, lasts, partners, record, unit
from tests.desk.packs.world import Case


def hazard(level: str) -> list:
    return [{"hazard": "设备跌落", "level": level, "measure": "加装防护并安排专人值守"}]


def costs(owner: str, own: str) -> list:
    return [{"item": "设备与安装", "owner": owner, "own": own}]


CASES = [
    Case(
        answers={
            "trl": "6",
            "hazards": hazard("中"),
            "insured": False,
            "cost_table": costs("70", "30"),
        },
        months=6,
        breaks={
            "supplier_kind": unit(kind="university"),
            "local_partner": unit(region="110108"),
            "partner_number": partners(3),
            "supplier_integrity": record,
            "ready": answer(trl="5"),
            "long_enough": lasts(1),
            "duration": lasts(12),
            "high_hazards": answer(hazards=hazard("高")),
            "own_share": answer(cost_table=costs("70.1", "29.9")),
        },
        holds=[partners(2), lasts(2), lasts(11)],
        demander={"kind": "hospital"},
        demand_breaks={
            "owner_kind": {"region": "370102"},
            "owner_integrity": {"record": True},
            "pilot_period": {"demand": {"term_months": 13}},
        },
    )
]
