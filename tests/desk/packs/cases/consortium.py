"""创新联合体: members, tasks and money that agree with the budget."""

from datetime import timedelta

from tests.desk.packs.breaks import (
    also,
    answer,
    both,
    budget,
    fact,
    lasts,
    late_report,
    lead,
    partner_record,
    project_elsewhere,
    record,
    team,
    unit,
)
from tests.desk.packs.world import Case, Person

KINDS = ["牵头企业", "高校", "上游企业", "下游企业", "用户"]
UNIVERSITY = {"kind": "university", "region": "370212"}
CONTENTS = ["decisions", "tasks", "money", "rights", "exit", "breach"]


def members(fiscal=("360", "120", "60", "60", "0"), own=("1000", "0", "100", "100", "0"), kinds=KINDS):
    shares = [f"{100 / len(kinds):.2f}"] * len(kinds)
    rows = zip(kinds, fiscal, own, shares, strict=True)
    return [
        {
            "name": f"{kind}{n}",
            "code": f"9137021400000000{n:02d}",
            "kind": kind,
            "duty": "攻关",
            "fiscal": public,
            "own": private,
            "ip_percent": share,
        }
        for n, (kind, public, private, share) in enumerate(rows, start=1)
    ]


def tasks(*wan: str, first_year="30") -> list:
    row = {"unit": "牵头企业1", "leader": "于海", "target": "≥ 5000 h", "first_year": first_year}
    return [{**row, "name": f"关键技术{n}", "fiscal": amount} for n, amount in enumerate(wan, start=1)]


def money(fiscal="600", lead="1000", firms="200", indirect="0") -> dict:
    return {
        ("operations", "fiscal"): f"{float(fiscal) - float(indirect):.6f}",
        ("indirect", "fiscal"): indirect,
        ("operations", "lead"): lead,
        ("operations", "firms"): firms,
    }


CASES = [
    Case(
        facts={"leading_firm": True, "revenue": {-1: 200_000_000}, "rd_spend": {-1: 6_000_000}},
        people=[Person(), Person(months=6, unit=UNIVERSITY)],
        answers={
            "tasks": tasks("300", "300"),
            "member_table": members(),
            "signed": "2026-01-05",
            "valid_until": "2090-12-31",
            "contents": CONTENTS,
            "led_others": "0",
        },
        money=money(),
        months=36,
        breaks={
            "lead": unit(kind="institute"),
            "leading_firm": fact("leading_firm", None),
            "revenue": fact("revenue", {-1: 199_999_999}),
            "intensity": fact("rd_spend", {-1: 5_999_999}),
            "lead_integrity": record,
            "lead_reports": late_report(),
            "leads_one": answer(led_others="1"),
            "enough_members": answer(
                member_table=members(("360", "120", "60", "60"), ("1000", "0", "100", "100"), KINDS[:4])
            ),
            "researchers": team(Person(), Person(months=6, unit={"kind": "enterprise"})),
            "chain": answer(member_table=members(kinds=[*KINDS[:3], "服务机构", "用户"])),
            "no_government": team(
                Person(), Person(months=6, unit=UNIVERSITY), Person(unit={"kind": "government"})
            ),
            "member_integrity": partner_record,
            "agreement_valid": answer(
                valid_until=lambda world: f"{world.application.ends_date - timedelta(1)}"
            ),
            "agreement_complete": answer(contents=CONTENTS[:5]),
            "lead_share": answer(member_table=members(("361", "120", "60", "59", "0"))),
            "public_share": answer(member_table=members(("360", "119", "60", "61", "0"))),
            "members_fiscal": answer(member_table=members(("360", "120.5", "60", "60", "0"))),
            "members_own": answer(member_table=members(own=("1000", "1", "100", "100", "0"))),
            "tasks_fiscal": answer(tasks=tasks("300", "299")),
            "six_technologies": answer(tasks=tasks("100", "100", "100", "100", "100", "50", "50")),
            "first_year": answer(tasks=tasks("300", "300", first_year="29")),
            "leader_of_lead": lead(unit={"kind": "enterprise"}),
            "leader_senior": answer(senior=False),
            "leader_time": lead(months=3),
            "twelve_months": project_elsewhere(months=5),
            "duration": lasts(36),
            "indirect": budget(money(indirect="175.0001")),
            "firms_money": also("members_own", budget(money(lead="999.9999"))),
            "call-cap": also(
                "members_fiscal", "members_own", "tasks_fiscal", budget(money("1000.0001", "1900", "200"))
            ),
        },
        holds=[
            # 30 per cent of 5 million and 25 per cent of the 1 million above.
            budget(money(indirect="175")),
            lead(months=4),
            project_elsewhere(months=4),
            both(answer(tasks=tasks("100", "100", "100", "100", "100", "100"))),
        ],
    )
]
