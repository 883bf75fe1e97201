"""重大科技项目落地转化资金."""

from tests.desk.packs.breaks import also, another, answer, budget, lasts, record, unit
from tests.desk.packs.world import Case

FOLLOW = {"name": "海洋产业基金", "state": "signed", "amount": "6000", "until": "2027-06"}
YEAR = {"invested": "5000", "output": "7000", "tax": "300", "jobs": "200"}
PROMISES = [{"year": str(year), **YEAR} for year in (2027, 2028, 2029)]

CASES = [
    Case(
        answers={
            "local_entity": "existing",
            "support": ["equity", "grant"],
            "public_share": "49.99",
            "co_investors": [FOLLOW],
            "promises": PROMISES,
        },
        money={"lead_fund": 8000, "district": 1000, "follow": 6000, "own": 6000},
        months=60,
        breaks={
            "local_or_promised": unit(region="110108"),
            "entity_soon": answer(local_entity="promised", entity_months="7"),
            "not_government": unit(kind="government"),
            "integrity_unit": record,
            "co_investor_sum": answer(co_investors=[{**FOLLOW, "amount": "6000.01"}]),
            "no_control": answer(public_share="50"),
            "three_years": also("promises_rise", answer(promises=PROMISES[:2])),
            "promises_rise": answer(promises=[{**row, "output": "6999.99"} for row in PROMISES]),
            "duration": lasts(60),
            "one_running": another(),
            "matched": budget(lead_fund=8000, district="4000.0001", follow=6000, own=2000),
            "no-fiscal-construction": budget(
                {
                    ("construction", "district"): "0.01",
                    ("research", "follow"): 6000,
                    ("research", "own"): 6000,
                }
            ),
        },
        holds=[
            budget(lead_fund=9500, district=1000, follow=6000, own=4500),
            another(state="rejected"),
        ],
    )
]
