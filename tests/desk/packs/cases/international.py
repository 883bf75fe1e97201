"""国际科技合作技术攻关: foreign partners, documents, permits, two sides' money."""

from datetime import date, timedelta

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
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

TASK = {"task": "联合研究", "output": "样机", "due": "2027-06-30"}


def visits(*years: int) -> list:
    return [{"year": f"{year}", "direction": "出访", "people": "2", "cost": "3"} for year in years]


def money(fiscal=100, own=100, foreign=30, **fiscal_cells) -> dict:
    """万元; what is named besides stands in a category of the public money."""
    cells = {(code, "fiscal"): wan for code, wan in fiscal_cells.items()}
    rest = float(fiscal) - sum(float(wan) for wan in fiscal_cells.values())
    return {
        ("operations", "fiscal"): f"{rest:.6f}",
        ("operations", "own"): own,
        ("operations", "foreign"): foreign,
        **cells,
    }


ANSWERS = {
    "relation": "无股权关系",
    "division": [{**TASK, "side": "中方"}, {**TASK, "side": "外方"}],
    "ip_split": [{"result": "专利", "chinese": "50", "foreign": "50"}],
    "visits": visits(1, 2, 3),
    "agreement_until": "2090-12-31",
    "sensitive": [],
    "secret": False,
}
CASES = [
    Case(
        type="joint",
        facts={"rd_spend": 900_000},
        people=[Person(), Person(country="DE")],
        answers=ANSWERS,
        money=money(),
        months=36,
        breaks={
            "unit_kind": also("own_money", unit(kind="park")),
            "unit_region": unit(region="370102"),
            "registered": unit(registered_date=date(2099, 1, 2)),
            "rd_spend": fact("rd_spend", 0),
            "integrity": record,
            "foreign_partner": team(Person()),
            "not_subsidiary": answer(relation="全资子公司"),
            "domestic_partners": partners(4),
            "agreement_valid": answer(
                agreement_until=lambda world: f"{world.application.ends_date - timedelta(1)}"
            ),
            "not_secret": answer(secret=True),
            "pi_of_lead": lead(unit={"region": "110108"}),
            "pi_birth": lead(birth="19510615"),
            "pi_time": lead(months=5),
            "pi_running": another(2, same_unit=False, same_lead=True, state="agreement"),
            "duration": lasts(36),
            "yearly_visits": answer(visits=visits(1, 1, 3)),
            "own_money": budget(money(own="99.9999")),
            "foreign_money": budget(money(foreign="29.9999")),
            "exchange": budget(money(exchange="20.0001")),
            "indirect": budget(money(indirect="53.0770")),
            "call-cap": budget(money("100.0001", 101, 40)),
        },
        holds=[
            partners(3),
            budget(money(exchange=20)),
            # 230 in all: at most 30 per cent of the 176.9231 that are not indirect.
            budget(money(indirect="53.0769")),
            another(1, same_unit=False, same_lead=True, state="agreement"),
        ],
    ),
    Case(
        type="belt_road",
        facts={"rd_spend": 900_000},
        people=[Person(), Person(country="KZ")],
        answers=ANSWERS,
        money=money(150, 150, 45),
        months=24,
        breaks={
            "belt_road": team(Person(), Person(country="DE")),
            "call-cap": budget(money("150.0001", 151, 46)),
        },
    ),
]
