"""硕果金."""

from datetime import date

from tests.desk.packs.breaks import also, another, answer, budget, fact, record, unit
from tests.desk.packs.world import Case

SHARES = [
    {"holder": "周明泽", "is_founder": "true", "paid": "60", "share": "60"},
    {"holder": "海创合伙", "is_founder": "false", "paid": "40", "share": "40"},
]
OTHERS_HOLD = [{**SHARES[0], "share": "50.9999"}, {**SHARES[1], "share": "49.0001"}]
SCATTERED = [{"holder": f"股东{n}", "is_founder": "true", "share": "5"} for n in range(20)]

CASES = [
    Case(
        unit={"registered_date": lambda call: date(call.year - 5, 1, 1)},
        facts={"staff": 500, "total_assets": 50_000_000, "revenue": 50_000_000},
        answers={
            "origin": "team",
            "cap_table": SHARES,
            "valuation": "3000",
            "last_round": False,
            "lawsuit": False,
        },
        money={"equity": 300, "grant": 30, "own": 100, "venture": 100},
        breaks={
            "local_firm": unit(region="370102"),
            "founded": unit(registered_date=lambda call: date(call.year - 6, 12, 31)),
            "staff": fact("staff", 501),
            "assets": fact("total_assets", 50_000_001),
            "revenue": fact("revenue", 50_000_001),
            "integrity_unit": record,
            "no_lawsuit": answer(lawsuit=True),
            "equity_amount": budget(equity="500.000001", grant=30),
            "equity_needed": also("equity_cap", budget(grant=30, own=100)),
            "holding_cap": answer(valuation="1099.99"),
            "not_largest": answer(cap_table=SCATTERED),
            "founders_hold": answer(cap_table=OTHERS_HOLD),
            "once": another(),
            "equity_cap": budget(equity=300, grant="30.0001"),
            "call-cap": also("equity_amount", budget(equity="510", grant="40.000001")),
        },
        holds=[
            budget(equity=500, grant=50),
            answer(valuation="1100"),
            answer(cap_table=[{**SHARES[0], "share": "51"}, {**SHARES[1], "share": "49"}]),
            another(state="rejected"),
        ],
    )
]
