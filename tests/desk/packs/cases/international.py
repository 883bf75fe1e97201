"""国际科技合作技术攻关: foreign partners, documents, permits, two sides' money."""

from datetime import date, timedelta

from tests.desk.packs.breaks import (
    also,
    another,
    answer,
    both,
    budget,
    fact,
    lasts,
    lead,
    partners,
    record,
    unit,
)
from tests.desk.packs.world import Case

TASK = {"task": "联合研究", "output": "样机", "due": "2027-06-30"}


def foreign(country="DE", relation="无股权关系", wan="30") -> list:
    names = {"name_local": "Institut für Ozeantechnik", "name": "海洋技术研究所"}
    return [{**names, "country": country, "kind": "科研机构", "relation": relation, "input": wan}]


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
    "foreign_partners": foreign(),
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
        answers=ANSWERS,
        money=money(),
        months=36,
        breaks={
            "unit_kind": also("own_money", unit(kind="park")),
            "unit_region": unit(region="370102"),
            "registered": unit(registered_date=date(2099, 1, 2)),
            "rd_spend": fact("rd_spend", 0),
            "integrity": record,
            "not_subsidiary": answer(foreign_partners=foreign(relation="全资子公司")),
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
            "foreign_budget": answer(foreign_partners=foreign(wan="29")),
            "yearly_visits": answer(visits=visits(1, 1, 3)),
            "own_money": budget(money(own="99.9999")),
            "foreign_money": both(
                budget(money(foreign="29.9999")), answer(foreign_partners=foreign(wan="29.9999"))
            ),
            "exchange": budget(money(exchange="20.0001")),
            "indirect": budget(money(indirect="53.0770")),
            "call-cap": both(budget(money("100.0001", 101, 40)), answer(foreign_partners=foreign(wan="40"))),
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
        answers={**ANSWERS, "foreign_partners": foreign("KZ", wan="45")},
        money=money(150, 150, 45),
        months=24,
        breaks={
            "belt_road": answer(foreign_partners=foreign("DE", wan="45")),
            "call-cap": both(
                budget(money("150.0001", 151, 46)), answer(foreign_partners=foreign("KZ", wan="46"))
            ),
        },
    ),
]
