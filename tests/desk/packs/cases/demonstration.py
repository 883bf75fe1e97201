"""科技示范工程: a group of units, sub-projects and sites under one theme."""

from tests.desk.packs.breaks import (
    also,
    another,
    answer,
    both,
    budget,
    fact,
    lasts,
    lead,
    partner_record,
    partners,
    record,
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

ELSEWHERE = {"region": "110108"}
GROUP = [Person(), Person(unit=ELSEWHERE), Person(unit=ELSEWHERE)]


def units(*roles: str) -> list:
    named = {"牵头": "甲公司", "用户": "乙医院", "供应": "丙公司", "研发": "丁研究所"}
    rows = [{"name": named[role], "role": role, "duty": "示范", "own": "300"} for role in roles]
    return [{**row, "name": f"{row['name']}{n}"} for n, row in enumerate(rows, start=1)]


def subprojects(*wan: str, unit="甲公司1") -> list:
    rows = enumerate(wan, start=1)
    return [
        {"title": f"子项目{n}", "leader": "于海", "unit": unit, "amount": amount, "content": "集成与运行"}
        for n, amount in rows
    ]


def sites(*districts: str, months="6") -> list:
    row = {"user": "乙医院", "built": "2027-06", "months": months, "units": "100", "cost": "200"}
    return [{**row, "name": f"示范点{n}", "district": code} for n, code in enumerate(districts, start=1)]


def money(fiscal="800", lead="1600", indirect="0") -> dict:
    """万元: everything in operations but the lead's indirect costs."""
    return {
        ("operations", "fiscal"): fiscal,
        ("operations", "lead"): f"{float(lead) - float(indirect):.6f}",
        ("indirect", "lead"): indirect,
    }


CASES = [
    Case(
        facts={"high_tech": True, "rd_spend": 9_000_000},
        people=GROUP,
        answers={
            "trl_start": "7",
            "units": units("牵头", "用户", "供应"),
            "subprojects": subprojects("400", "400"),
            "sites": sites("370214", "370202"),
            "dispute": False,
        },
        money=money(),
        months=36,
        breaks={
            "lead": unit(kind="institute"),
            "lead_certificate": fact("high_tech", None),
            "rd_spend": fact("rd_spend", 0),
            "lead_integrity": record,
            "group_size": team(*GROUP[:2]),
            "users_and_suppliers": answer(units=units("牵头", "用户", "研发")),
            "partner_integrity": partner_record,
            "listed_units": answer(subprojects=subprojects("400", "400", unit="外包公司")),
            "ready": answer(trl_start="6"),
            "no_dispute": answer(dispute=True),
            "two_sites": answer(sites=sites("370214", "110108")),
            "six_months": answer(sites=sites("370214", "370202", months="5")),
            "sub_cap": answer(subprojects=subprojects("500.0001", "299.9999")),
            "sub_sum": answer(subprojects=subprojects("400", "399.9999")),
            "long_enough": lasts(10),
            "duration": lasts(36),
            "pi_of_lead": lead(unit=ELSEWHERE),
            "pi_birth": lead(birth="19510615"),
            "pi_time": lead(months=5),
            "pi_running": another(2, same_unit=False, same_lead=True, state="agreement"),
            "indirect": budget(money(indirect="553.8470")),
            "own-ratio": budget(money(lead="1599.9999")),
            "call-cap": also("topic-amount", "sub_sum", budget(money("2000.0001", "4001"))),
            "topic-amount": also("call-cap", "sub_sum", budget(money("2000.0001", "4001"))),
        },
        holds=[
            both(
                budget(money("2000", "4000")),
                answer(subprojects=subprojects("500", "500", "500", "500")),
            ),
            # 2400 in all: at most 30 per cent of the 1846.1539 that are not indirect.
            budget(money(indirect="553.8460")),
            partners(7),
            lasts(11),
        ],
    )
]
