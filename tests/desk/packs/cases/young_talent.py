"""青年人才集聚: months at work, ages by degree, one claim a year."""

from datetime import date, timedelta
from decimal import Decimal

from tests.desk.packs.breaks import (
    also,
    amount,
    another,
    answer,
    both,
    lead,
    partners,
    record,
    unit,
)
from tests.desk.packs.world import Case, Person


def in_year(back: int, month_day: str):
    return lambda world: f"{world.call.year - back}-{month_day}"


def insured(months="12", start="01-01", back=1):
    def rows(world):
        year = world.call.year
        period = {"from": f"{year - back}-{start}", "until": f"{year - 1}-12-31"}
        return [{"payer": "用人单位", "months": months, **period}]

    return rows


def too_short(world):
    starts = date(world.call.year - 2, 8, 1)
    return f"{starts + timedelta(days=363)}"


ANSWERS = {
    "years_received": "2",
    "graduated": in_year(2, "07-01"),
    "overseas": False,
    "hired": in_year(2, "08-01"),
    "contract_from": in_year(2, "08-01"),
    "contract_until": in_year(-1, "07-31"),
    "insurance": insured(),
    "still_paid": True,
    "housing": "none",
}
CASES = [
    Case(
        type="living",
        unit={"kind": "hospital"},
        people=[Person(birth="20000615")],
        answers={**ANSWERS, "degree": "master"},
        amount="1.8",
        breaks={
            "employer": unit(kind="government"),
            "employer_integrity": record,
            "person_of_employer": lead(unit={"region": "370214"}),
            "alone": partners(1),
            "birth": lead(birth="19800615"),
            "birth_doctor": also("birth", both(answer(degree="doctor"), lead(birth="19800615"))),
            "three_years": answer(years_received="3"),
            "graduated": answer(graduated=in_year(6, "07-01")),
            "contract": answer(contract_until=too_short),
            "six_months": both(answer(insurance=insured("5")), amount("0.75")),
            "within_year": answer(insurance=insured(start="12-31", back=2)),
            "still_employed": answer(still_paid=False),
            "once": another(same_lead=True),
            "by_month": amount("1.800001"),
            "unit_year": another(requested_amount=Decimal("2982000.01")),
            "call-cap": also("by_month", amount("3.600001")),
        },
        holds=[
            both(answer(housing="flat"), amount("0.9")),
            both(answer(insurance=insured("6", start="07-01")), amount("0.9")),
            another(requested_amount=Decimal(2_982_000)),
        ],
    ),
    Case(
        type="startup",
        people=[Person(birth="20000615")],
        answers={**ANSWERS, "degree": "doctor", "first_claim": True},
        amount=5,
        breaks={
            "doctor": also("birth_doctor", answer(degree="master")),
            "first": answer(first_claim=False),
            "startup_sum": amount("4.99"),
            "call-cap": also("startup_sum", amount("5.000001")),
        },
    ),
]
