"""标志性科技成果奖励: graded by prize and rank, by approval, by sales, by standard."""

from decimal import Decimal

from tests.desk.packs.breaks import also, amount, another, answer, both, record, unit
from tests.desk.packs.world import Case


def in_year(back: int):
    return lambda world: f"{world.call.year - back}-06-01"


def units(*ranks: int) -> list:
    share = 100 / len(ranks)
    return [
        {"rank": f"{rank}", "name": f"完成单位{rank}", "percent": f"{share:.2f}", "claims": "false"}
        for rank in ranks
    ]


def sales(wan: str, back=1):
    def rows(world):
        day = f"{world.call.year - back}-06-01"
        return [{"invoice": "25372000000000000001", "buyer": "某用户", "date": day, "amount": wan}]

    return rows


def holder(world) -> dict:
    return {"name": world.unit.name, "credit_code": world.unit.credit_code}


ANSWERS = {
    "published": in_year(1),
    "link": "https://example.gov.cn/list",
    "people_share": "50",
    "rewarded_elsewhere": False,
}
CASES = [
    Case(
        type="prize",
        unit={"kind": "university"},
        answers={**ANSWERS, "grade": "national_first", "rank": "1", "completers": units(1, 2)},
        amount=200,
        breaks={
            "unit_kind": unit(kind="government"),
            "integrity": record,
            "last_year": answer(published=in_year(0)),
            "rank": both(answer(rank="4", completers=units(1, 4)), amount(60)),
            "own_row": answer(completers=units(2, 3)),
            "no_double": answer(rewarded_elsewhere=True),
            "people": answer(people_share="49.99"),
            "prize_grade": answer(grade="national_second"),
            "unit_year": another(requested_amount=Decimal("3000000.01")),
            "call-cap": also("prize_grade", amount("200.000001")),
        },
        holds=[
            both(answer(rank="3", completers=units(1, 3)), amount(60)),
            both(answer(grade="provincial_first"), amount(30)),
            another(requested_amount=Decimal(3_000_000)),
        ],
    ),
    Case(
        type="approval",
        answers={**ANSWERS, "approval_kind": "new_drug", "holder": holder},
        amount=200,
        breaks={
            "holder": answer(holder={"name": "别的公司", "credit_code": "91330100799655058B"}),
            "made_here": answer(produced_here=False),
            "approval_sum": answer(approval_kind="device"),
            "call-cap": also("approval_sum", amount("200.000001")),
        },
        holds=[both(answer(approval_kind="device"), amount(100))],
    ),
    Case(
        type="first_set",
        answers={**ANSWERS, "sales": sales("1000")},
        amount=100,
        breaks={
            "sales_window": answer(sales=sales("1000", back=0)),
            "maker": unit(kind="institute"),
            "first_sales": amount("100.000001"),
            "call-cap": both(answer(sales=sales("3000")), amount("200.000001")),
        },
        holds=[both(answer(sales=sales("2000")), amount(200))],
    ),
    Case(
        type="standard",
        answers={**ANSWERS, "standard_kind": "international", "drafter_rank": "1"},
        amount=50,
        breaks={
            "drafters": both(answer(drafter_rank="4"), amount(25)),
            "standard_sum": answer(standard_kind="national"),
            "call-cap": also("standard_sum", amount("50.000001")),
        },
        holds=[both(answer(standard_kind="national", drafter_rank="3"), amount(10))],
    ),
]
