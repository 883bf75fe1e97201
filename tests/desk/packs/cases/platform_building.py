"""高能级创新平台: people, instruments, open hours; half of what the instruments cost."""

from datetime import date

from tests.desk.packs.breaks import (
    also,
    answer,
    budget,
    fact,
    lasts,
    lead,
    record,
    unit,
)
from tests.desk.packs.world import Case, Person


def staff(people: str) -> list:
    return [{"class": "研究", "people": people, "doctors": "5", "seniors": "6"}]


def instruments(wan="1000", shared="400") -> list:
    return [{"name": "质谱仪", "number": "Z-1", "value": wan, "hours": "2000", "shared": shared}]


def council(inside=2, outside=3) -> list:
    posts = ["主任", *["委员"] * (inside + outside - 1)]
    places = ["false"] * inside + ["true"] * outside
    pairs = enumerate(zip(posts, places, strict=True), start=1)
    return [{"name": f"委员{n}", "unit": "某单位", "post": p, "outside": o} for n, (p, o) in pairs]


def investors(largest: str) -> list:
    rest = f"{100 - float(largest):.4f}"
    return [
        {"name": "某大学", "kind": "高校院所", "percent": largest},
        {"name": "某公司", "kind": "企业", "percent": rest},
    ]


def money(fiscal="300", own="600") -> dict:
    return {("equipment", "fiscal"): fiscal, ("equipment", "own"): own}


ANSWERS = {
    "co_founders": [],
    "floor_area": "1000",
    "staff": staff("20"),
    "council": council(),
    "instruments": instruments(),
}
FACTS = {"rd_spend": 3_000_000}
DIRECTOR = [Person(months=9)]
CASES = [
    Case(
        type="lab",
        facts=FACTS,
        people=DIRECTOR,
        answers=ANSWERS,
        money=money(),
        months=36,
        breaks={
            "host": also("own_money", unit(kind="social")),
            "founded": unit(registered_date=lambda call: date(call.year - 2, 1, 2)),
            "rd_spend": fact("rd_spend", 2_999_999),
            "integrity": record,
            "researchers": answer(staff=staff("19")),
            "floor_area": answer(floor_area="999"),
            "instruments": answer(instruments=instruments("999.9999")),
            "open_use": answer(instruments=instruments(shared="399")),
            "outside_members": answer(council=council(3, 2)),
            "long_enough": lasts(22),
            "duration": lasts(36),
            "director": lead(unit={"region": "110108"}),
            "director_birth": lead(birth="19510615"),
            "director_time": lead(months="8.9"),
            "half_equipment": budget(
                {("operations", "fiscal"): 300, **money(0, "599.9999"), ("building", "own"): 1}
            ),
            "own_money": budget(money(own="599.9999")),
            "call-cap": budget(money("300.0001", "601")),
            "no-fiscal-building": budget({**money("299", "600"), ("building", "fiscal"): "0.01"}),
            "no-fiscal-wages": budget({**money("299", "600"), ("wages", "fiscal"): "0.01"}),
        },
        holds=[
            lasts(23),
            answer(council=council(3, 3)),
            budget({("operations", "fiscal"): 300, ("equipment", "own"): 600}),
        ],
    ),
    Case(
        type="centre",
        facts=FACTS,
        people=DIRECTOR,
        answers={**ANSWERS, "staff": staff("30")},
        money=money("500", "1000"),
        months=24,
        breaks={
            "lead_kind": also("own_money", unit(kind="university")),
            "researchers": answer(staff=staff("29")),
            "call-cap": budget(money("500.0001", "1001")),
        },
        holds=[answer(council=council(2, 2)), lasts(35)],
    ),
    Case(
        type="new_rd",
        unit={"kind": "new_rd", "registered_date": lambda call: date(call.year - 1, 1, 1)},
        facts=FACTS,
        people=DIRECTOR,
        answers={**ANSWERS, "all_staff": "66", "investors": investors("90")},
        money=money("1000", "1000"),
        months=30,
        breaks={
            "founded": unit(registered_date=lambda call: date(call.year - 1, 1, 2)),
            "institution": answer(investors=investors("90.0001")),
            "researchers": answer(all_staff="67"),
            "call-cap": budget(money("1000.0001", "2001")),
        },
    ),
]
