"""揭榜挂帅（企业出题）."""

from datetime import date

from tests.desk.packs.breaks import also, another, answer, budget, lasts, lead, partners, record, unit
from tests.desk.packs.world import Case

CASES = [
    Case(
        unit={"kind": "university", "region": "370212", "legal_representative": "魏长河"},
        answers={"trl_start": "4", "trl_end": "8", "funded_before": False},
        money={"fiscal": 80, "demander": 100, "own": 10},
        months=10,
        breaks={
            "bidder_kind": unit(kind="enterprise"),
            "partner_number": partners(4),
            "bidder_integrity": record,
            "pi_of_lead": lead(unit={"region": "110108"}),
            "pi_time": lead(months=2),
            "pi_running": another(2, same_unit=False, same_lead=True, state="agreement"),
            "duration": lasts(12),
            "no_double_funding": answer(funded_before=True),
            "call-cap": also("topic-amount", budget(fiscal="100.000001", demander=200)),
            "topic-amount": also("call-cap", budget(fiscal="100.000001", demander=200)),
            "own-ratio": budget(fiscal=80, demander="79.99"),
        },
        holds=[budget(fiscal=100, demander=60, own=40), lead(months=3)],
        demander_facts={"tech_sme": True},
        demand_breaks={
            "demand_region": {"region": "370102"},
            "demand_registered": {"registered_date": date(2099, 1, 2)},
            "demand_tech_sme": {"facts": {"tech_sme": None}},
            "demand_integrity": {"record": True},
        },
    )
]
