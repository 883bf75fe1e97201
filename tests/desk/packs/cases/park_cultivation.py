"""园区培育计划."""

from datetime import date

from tests.desk.packs.breaks import (
    also,
    another,
    answer,
    budget,
    fact,
    lasts,
    lead,
    partners,
    record,
    unit,
)
from tests.desk.packs.world import Case

CASES = [
    Case(
        facts={"high_tech": True, "park": "高新区蓝湾仪器产业园", "rd_spend": 9_000_000},
        money={"fiscal": 300, "own": 400},
        breaks={
            "enterprise": unit(kind="institute"),
            "registered": unit(registered_date=date(2099, 1, 2)),
            "certificate": fact("high_tech", None),
            "park": fact("park", "别处的园区"),
            "rd_spend": fact("rd_spend", 0),
            "statistics": answer(statistics_reported=False),
            "integrity": record,
            "pi_of_lead": also("cooperation", lead(unit={"region": "110108"})),
            "pi_birth": lead(birth="19510615"),
            "pi_time": lead(months=5),
            "pi_running": another(2, same_unit=False, same_lead=True, state="agreement"),
            "partner_number": also("cooperation", partners(6)),
            "indirect": budget({("indirect", "fiscal"): 100, ("operations", "own"): 200}),
            "duration": lasts(24),
            "one_per_unit": another(),
            "call-cap": budget(fiscal="500.000001", own=600),
            "own-ratio": budget(fiscal=400, own="399.9999"),
        },
        holds=[budget(fiscal=500, own=500), lead(months=6)],
    )
]
