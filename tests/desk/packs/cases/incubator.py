"""孵化载体: tenants, graduates, floor area, and a reward by results."""

from datetime import timedelta
from decimal import Decimal

from core.calendar import local_date
from tests.desk.packs.breaks import also, amount, another, answer, both, fact, record, unit
from tests.desk.packs.world import Case


def tenants(number: int, area="125", rights=None, entered=3):
    """So many firms, `rights` of them with rights, in since `entered` years before the call."""

    def rows(world):
        holding = number if rights is None else rights
        return [
            {
                "name": f"在孵企业{n}",
                "code": f"91370214{n:010d}",
                "entered": f"{world.call.year - entered}-06-01",
                "area": area,
                "staff": "12",
                "rights": "true" if n < holding else "false",
                "long_field": "false",
                "revenue": "300",
            }
            for n in range(number)
        ]

    return rows


def graduates(number: int, back=1):
    def rows(world):
        day = f"{world.call.year - back}-06-01"
        row = {"date": day, "reason": "股权融资"}
        return [{**row, "name": f"毕业{n}", "code": f"91370299{n:010d}"} for n in range(number)]

    return rows


def certificates(number: int):
    def rows(world):
        day = f"{world.call.year - 1}-10-01"
        return [{"name": f"高企{n}", "certificate": f"GR{n:04d}", "date": day} for n in range(number)]

    return rows


def invested(back=1):
    return lambda world: [{"name": "在孵企业1", "date": f"{world.call.year - back}-06-01", "amount": "50"}]


def staff(serving: str, others: str) -> list:
    rows = {"专职孵化服务": serving, "行政后勤": others}
    return [{"class": name, "people": people, "trained": "0"} for name, people in rows.items()]


def running(days: int):
    return lambda world: f"{local_date(world.call.opens_at) - timedelta(days)}"


ANSWERS = {
    "running_since": running(730),
    "area": "5000",
    "team": staff("7", "3"),
    "tenant_list": tenants(30),
    "graduates": graduates(4),
    "new_high_tech": certificates(6),
    "teams": "4",
    "fund": "300",
    "invested": invested(),
    "accident": False,
    "statistics": True,
}
CASES = [
    Case(
        type="incubator",
        facts={"incubator": True},
        answers=ANSWERS,
        amount=50,
        breaks={
            "operator": unit(kind="government"),
            "certified": fact("incubator", None),
            "two_years": answer(running_since=running(729)),
            "integrity": record,
            "no_accident": answer(accident=True),
            "statistics": answer(statistics=False),
            "area": answer(area="4999.99"),
            "use_rate": answer(tenant_list=tenants(30, "124.9")),
            "tenants": answer(tenant_list=tenants(29, "130")),
            "rights": answer(tenant_list=tenants(30, rights=8)),
            "service_staff": answer(team=staff("6", "3")),
            "fund": answer(fund="299.9999"),
            "invested": answer(invested=invested(back=2)),
            "overstayed": answer(tenant_list=tenants(30, entered=6)),
            "results_in_year": answer(graduates=graduates(4, back=2)),
            # 6 × 5 + 4 × 3 + 4 × 2 = 50
            "by_results": amount("50.000001"),
            "unit_year": another(requested_amount=Decimal("2500000.01")),
            "call-cap": also("by_results", amount("100.000001")),
        },
        holds=[
            answer(tenant_list=tenants(30, rights=9)),
            both(answer(graduates=[], new_high_tech=[]), amount(8)),
            another(requested_amount=Decimal(2_500_000)),
        ],
    ),
    Case(
        type="science_park",
        unit={"kind": "university"},
        facts={"incubator": True},
        answers={**ANSWERS, "area": "8000", "tenant_list": tenants(40, "160")},
        amount=50,
        breaks={
            "area": answer(area="7999.99"),
            "tenants": answer(tenant_list=tenants(39, "160")),
            "call-cap": both(answer(new_high_tech=certificates(40)), amount("150.000001")),
        },
    ),
    Case(
        type="park",
        unit={"kind": "park"},
        facts={"incubator": True},
        answers={**ANSWERS, "area": "30000", "tenant_list": tenants(60, "400")},
        amount=50,
        breaks={
            "area": answer(area="29999.99"),
            "tenants": answer(tenant_list=tenants(59, "400")),
            "call-cap": both(answer(new_high_tech=certificates(60)), amount("200.000001")),
        },
    ),
]
