"""先投后股（拨投结合）."""

from datetime import date

from tests.desk.packs.breaks import (
    another,
    answer,
    both,
    budget,
    fact,
    lasts,
    project_elsewhere,
    record,
    unit,
)
from tests.desk.packs.world import Case

TRIGGERS = [
    {"event": "round", "amount": "500", "what": "单轮融资"},
    {"event": "date", "amount": "", "what": "验收后第五年"},
]
NO_ROUND = [{"event": "revenue", "amount": "800", "what": "年收入"}, TRIGGERS[1]]

CASES = [
    Case(
        unit={"registered_date": lambda call: date(call.year - 5, 8, 1)},
        facts={"revenue": {-1: 20_000_000}},
        answers={
            "paid_in_cash": "40",
            "institutional": "500",
            "triggers": TRIGGERS,
            "discount": "10",
            "expected_share": "10",
            "watch_years": "5",
            "equity_before": False,
        },
        money={"fiscal": 180, "founders": 40, "own": 180},
        breaks={
            "enterprise": unit(region="370102"),
            "young": unit(registered_date=lambda call: date(call.year - 5, 7, 31)),
            "small_revenue": fact("revenue", {-1: 20_000_001}),
            "little_equity": answer(institutional="500.0001"),
            "integrity_unit": record,
            "founders_cash": answer(paid_in_cash="39.9999"),
            "pi_founder": answer(pi_full_time=False),
            "round_trigger": answer(triggers=NO_ROUND),
            "discount_given": answer(discount="9.9"),
            "share_cap": answer(expected_share="10.01"),
            "watch_period": answer(watch_years="6"),
            "duration": lasts(24),
            "one_per_unit": another(),
            "no_public_equity": project_elsewhere(of="unit", plan="equity-special"),
            "call-cap": both(answer(paid_in_cash="60"), budget(fiscal="200.000001", own=250)),
            "half": budget(fiscal=180, own="179.9999"),
            "equipment_share": budget(
                {("equipment", "own"): "72.0001", ("staff", "fiscal"): 180, ("staff", "own"): 120}
            ),
        },
        holds=[
            budget(fiscal=200, own=200),
            budget({("equipment", "own"): 72, ("staff", "fiscal"): 180, ("staff", "own"): 120}),
            answer(institutional=None),
        ],
    )
]
