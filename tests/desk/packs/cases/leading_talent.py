"""产业领军人才: founders by shares and paid-in capital, innovators by contract and presence."""

from datetime import date, timedelta

from tests.desk.packs.breaks import (
    another,
    answer,
    budget,
    fact,
    lasts,
    lead,
    record,
    unit,
)
from tests.desk.packs.world import Case


def holders(own="40", other="30", cash="100") -> list:
    """The applicant, one other person, and a company with the rest."""
    rest = f"{100 - float(own) - float(other):.4f}"
    rows = [("本人", "true", "false", own, cash), ("张三", "false", "false", other, "10")]
    rows += [("某投资公司", "false", "true", rest, "60")]
    names = ("holder", "applicant", "legal", "percent", "cash")
    return [dict(zip(names, row, strict=True)) for row in rows]


def money(fiscal="100", firm="100", living="30") -> dict:
    """万元: `living` out of the public money, the rest for research."""
    return {
        ("research", "fiscal"): float(fiscal) - float(living),
        ("living", "fiscal"): living,
        ("research", "firm"): firm,
    }


ANSWERS = {"other_plans": [], "senior_title": False, "local_months": "9"}
CASES = [
    Case(
        type="founder",
        unit={"registered_date": lambda call: date(call.year - 2, 6, 1)},
        answers={**ANSWERS, "holdings": holders()},
        money=money(),
        months=36,
        breaks={
            "firm": unit(kind="institute"),
            "firm_integrity": record,
            "one_per_firm": another(),
            "birth": lead(birth="19600615"),
            "qualified": answer(degree="bachelor"),
            "no_other_plan": answer(other_plans=["national"]),
            "presence": answer(local_months="8.9"),
            "pi_of_firm": lead(unit={"region": "110108"}),
            "young_firm": unit(registered_date=date(2012, 4, 1)),
            "share": answer(holdings=holders("29.9999", "29.9")),
            "largest": answer(holdings=holders("40", "40.0001")),
            "paid_in": answer(holdings=holders(cash="99.9999")),
            "term": lasts(36),
            "living": budget(money(living="30.0001")),
            "firm_money": budget(money(firm="99.9999")),
            "call-cap": budget(money("200.0001", "201")),
        },
        holds=[
            budget(money("200", "200")),
            answer(holdings=holders("30", "30")),
            answer(holdings=holders("35", "5")),
        ],
    ),
    Case(
        type="innovator",
        facts={"high_tech": True, "rd_spend": 900_000},
        answers={
            **ANSWERS,
            "contract_ends": "2090-12-31",
            "insured_months": "3",
            "largest_holder": False,
        },
        money=money(),
        months=36,
        breaks={
            "certificate": fact("high_tech", None),
            "rd_spend": fact("rd_spend", 0),
            "contract": answer(contract_ends=lambda world: f"{world.application.ends_date - timedelta(1)}"),
            "insured": answer(insured_months="2"),
            "employee": answer(largest_holder=True),
            "call-cap": budget(money("100.0001", "101")),
        },
        holds=[answer(degree="bachelor", senior_title=True)],
    ),
]
