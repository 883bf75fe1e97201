"""财政科技股权投资专项（拨改投）."""

from datetime import date, timedelta

from core.calendar import local_date
from tests.desk.packs.breaks import (
    also,
    another,
    answer,
    budget,
    fact,
    lasts,
    lead,
    project_elsewhere,
    recommender,
    record,
    unit,
)
from tests.desk.packs.world import Case

FACTS = {"high_tech": True, "rd_spend": {-1: 3_000_000}, "revenue": {-1: 100_000_000}}
ANSWERS = {
    "trl_start": "5",
    "trl_end": "8",
    "ip_dispute": False,
    "public_share": "25",
    "shareholders": [{"holder": "创始人", "share": "45"}, {"holder": "员工平台", "share": "30"}],
    "holding_years": "5",
    "granted_before": False,
}


def opened(days):
    """So many days before the day on which the call opens."""
    return lambda world: local_date(world.call.opens_at) - timedelta(days=days)


CASES = [
    Case(
        type="district",
        recommender={"name": "琴岛高新区科技创新局"},
        facts=FACTS,
        answers=ANSWERS,
        money={"equity": 800, "own": 800},
        months=36,
        breaks={
            "enterprise": also("by_district", unit(region="370102")),
            "registered": unit(registered_date=lambda call: date(call.year - 1, 1, 2)),
            "certificate": fact("high_tech", None),
            "rd_intensity": fact("rd_spend", {-1: 2_999_999}),
            "integrity_unit": record,
            "by_district": recommender(region="370211"),
            "share_cap": answer(public_share="25.01", shareholders=[{"holder": "创始人", "share": "74.99"}]),
            "not_largest": answer(shareholders=[{"holder": f"股东{n}", "share": "25"} for n in range(3)]),
            "trl_now": answer(trl_start="4"),
            "trl_final": answer(trl_end="7"),
            "ip_clear": answer(ip_dispute=True),
            "pi_of_lead": lead(unit={"region": "110108"}),
            "pi_time": lead(months=5.5),
            "pi_running": project_elsewhere(3),
            "duration": lasts(36),
            "holding_period": answer(holding_years="5.1"),
            "one_per_unit": another(),
            "not_granted": answer(granted_before=True),
            "call-cap": budget(equity="1000.000001", own=1100),
            "own-ratio": budget(equity=800, own="799.9999"),
            "floor": budget(equity="199.9999", own=200),
            "no-fiscal-market": budget(
                {("market", "equity"): "0.01", ("rnd", "equity"): 300, ("rnd", "own"): 400}
            ),
        },
        holds=[
            budget(equity=1000, own=1000),
            budget(equity=200, own=200),
            project_elsewhere(2),
            unit(registered_date=lambda call: date(call.year - 1, 1, 1)),
        ],
    ),
    Case(
        type="investor",
        facts=FACTS,
        answers={**ANSWERS, "backed_on": opened(184)},
        money={"equity": 500, "own": 600},
        recommender={"name": "琴岛海湾银行科技支行", "kind": "bank"},
        breaks={
            "backed_lately": answer(backed_on=opened(185)),
            "by_institution": recommender(kind="government"),
        },
        holds=[answer(backed_on=opened(0)), recommender(kind="enterprise")],
    ),
]
