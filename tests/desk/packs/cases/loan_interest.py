"""科技企业贷款贴息: the interest formula, line by line."""

from decimal import Decimal

from tests.desk.packs.breaks import also, amount, another, answer, both, fact, record, unit
from tests.desk.packs.world import Case


def loans(*changes):
    """One row for each: 2 million for the whole year before, at 4 per cent; 0.035 of it counts."""

    def rows(world):
        year = world.call.year - 1
        usual = {
            "contract": "HT",
            "bank": "示例银行",
            "kind": "流动资金贷款",
            "principal": "200",
            "rate": "4",
            "from": f"{year}-01-01",
            "until": f"{year}-12-31",
            "paid": "8",
            "other": "0",
        }
        days = {"early": {"from": f"{year - 1}-12-31"}, "": {}}
        return [
            {**usual, "contract": f"HT{n}", **(days[change] if isinstance(change, str) else change)}
            for n, change in enumerate(changes)
        ]

    return rows


CASES = [
    Case(
        facts={"tech_sme": True, "rd_spend": 900_000},
        amount="3.4",
        answers={
            "loans": loans({}),
            "forbidden_use": False,
            "overdue": False,
            "months_before": "12",
            "account_name": lambda world: world.unit.name,
        },
        breaks={
            "enterprise": unit(kind="institute"),
            "certificate": fact("tech_sme", None),
            "rd_spend": fact("rd_spend", 0),
            "integrity": record,
            "period": answer(loans=loans("early")),
            "paid": answer(loans=loans({}, {"paid": "0"})),
            "not_overdue": answer(overdue=True),
            "allowed_use": answer(forbidden_use=True),
            "two_years": answer(months_before="13"),
            "account": answer(account_name="别的公司"),
            "once_a_year": another(),
            # 2 000 000 × 3.5 % × 365 (or 366) ÷ 365 = 70 000 (70 191.78): half of it is less than 3.51.
            "half_interest": amount("3.51"),
            "no_overpay": answer(loans=loans({"other": "4.600001"})),
            "year_cap": also("once_a_year", another(requested_amount=Decimal("266000.01"))),
            "call-cap": also("half_interest", "no_overpay", "year_cap", amount("30.000001")),
        },
        holds=[
            amount("3.5"),
            answer(loans=loans({"rate": "15"})),
            answer(loans=loans({"other": "4.6"})),
            # Above 5 million the interest counts in proportion: 12 × 3.5 % × 5 ÷ 12 is 175 000.
            both(answer(loans=loans({"principal": "1200", "paid": "48"})), amount("8.75")),
        ],
    )
]
