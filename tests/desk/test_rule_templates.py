"""Templates of rules: every one can be filled in, is readable by the engine and says what it asks."""

from datetime import date
from decimal import Decimal

import pytest

from core import expressions
from desk.packs.context import known
from desk.rule_templates import BY_CODE, TEMPLATES, Param, ParamKind
from desk.rule_templates.kind import IN_EXPRESSION, default_of, readable
from grants.models import Automation

EXAMPLES = {
    ParamKind.DATE: date(2026, 1, 1),
    ParamKind.WHOLE: 2,
    ParamKind.NUMBER: Decimal("1.5"),
    ParamKind.PERCENT: Decimal(3),
    ParamKind.WAN: Decimal(500),
    ParamKind.TEXT: "2025",
    ParamKind.TEXTS: ["3702", "3706"],
    ParamKind.KINDS: ["enterprise"],
    ParamKind.QUESTION: "q1",
    ParamKind.CATEGORY: "equipment",
}


def test_there_are_more_than_thirty_and_no_code_twice():
    assert len(TEMPLATES) == len(BY_CODE) > 30


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.code)
def test_every_template_makes_a_rule_that_the_engine_reads(template):
    values = {param.name: EXAMPLES[param.kind] for param in template.params}
    rule = template.fill(values, {"q1": "成熟度", "equipment": "设备费"})
    for source in (rule["expression"], rule["applies_when"]):
        if source:
            expressions.check(source, known({"q1"}, rule["params"]))
    assert bool(rule["expression"]) is (template.automation == Automation.AUTO)
    assert "{" not in rule["text"] + rule["text_en"] + rule["hint"] + rule["expression"]
    names = {param.name for param in template.params}
    assert template.names() <= names
    used = rule["expression"] + rule["applies_when"]
    assert all(f"params.{p.name}" in used for p in template.params if p.kind not in IN_EXPRESSION)


def test_values_stand_in_sentences_and_in_params_as_people_and_rules_read_them():
    rule = BY_CODE["rd_intensity"].fill({"share": Decimal("3.5")})
    assert rule["text"] == "申报单位上年度研发投入占营业收入的比例不低于3.5%。"
    assert rule["params"] == {"share": 0.035}
    rule = BY_CODE["registered_before"].fill({"before": date(2025, 1, 1)})
    assert rule["text"] == "申报单位应于2025年1月1日（含）前注册成立。"
    assert rule["params"] == {"before": "2025-01-01"}
    assert (
        readable(Param("k", ParamKind.KINDS, "", ""), ["enterprise", "hospital"], {}) == "企业、医疗卫生机构"
    )


def test_defaults_follow_the_year_of_the_call():
    assert default_of(Param("d", ParamKind.DATE, "", "", "{year-60}-01-01"), 2026) == "1966-01-01"
    assert default_of(Param("d", ParamKind.TEXT, "", "", "{year}"), 2026) == "2026"


# ---- what the clauses say of a project ----

NOW = {
    "plan": "fund",
    "year": 2026,
    "status": "applying",
    "role": "pi",
    "in_call": True,
    "topic": "1",
    "title": "乙",
}
REJECTED = NOW | {"status": "rejected", "in_call": False}
SAME = REJECTED | {"title": "甲"}
LEAD = NOW | {"role": "lead"}
ENDED = NOW | {"status": "terminated", "year": 2020, "in_call": False}
FIRM, INSTITUTE = {"kind": "enterprise", "size": "small"}, {"kind": "institute", "size": None}


def firm(**more):
    return FIRM | {"records": [], "fiscal": 70.0, "total": 100.0} | more


def institute(**more):
    return INSTITUTE | {"records": [], "fiscal": 30.0, "total": 30.0} | more


def situation(**changes):
    """What the rules read of an application that keeps every clause; `changes` replace single facts."""
    facts = {
        "unit": {**firm(), "region": "370202"},
        "pi": {"records": [], "title": "讲师"},
        "participants": [{"records": []}],
        "partners": [institute()],
        "budget": {
            "fiscal": 100.0,
            "own": 100_000.0,
            "total": 300_000.0,
            "lead_fiscal": 70.0,
            "lead_total": 100.0,
        },
        "project": {
            "title": "甲",
            "months": 12,
            "starts_date": date(2026, 5, 1),
            "submitted_date": date(2026, 2, 28),
        },
        "topic": {"number": "1"},
        "call": {"slug": "fund", "year": 2026},
        "answers": {"q1": "370211"},
    }
    for name, value in changes.items():
        facts[name] = {**facts[name], **value} if isinstance(value, dict) else value
    return facts


def of_pi(*records):
    return {"pi": {"records": list(records)}}


def of_unit(*records):
    return {"unit": {"records": list(records)}}


YEARS_BACK = [REJECTED | {"year": 2025}, REJECTED | {"year": 2024}]
SAID = [
    # template, what is filled in, what breaks it, what comes close and keeps it
    ("pi_plans_running", {"plans": ["fund"]}, of_pi(NOW | {"status": "overdue"}), of_pi(NOW)),
    (
        "pi_ended_badly",
        {"after": date(2021, 1, 1)},
        of_pi(ENDED | {"ended_date": date(2021, 1, 1)}),
        of_pi(ENDED | {"ended_date": date(2020, 12, 31)}),
    ),
    ("pi_ended_badly", {"after": date(2021, 1, 1)}, of_pi(ENDED | {"ended_date": None}), of_pi(REJECTED)),
    (
        "pi_revoked",
        {"after": date(2021, 1, 1)},
        of_pi(ENDED | {"status": "revoked", "ended_date": date(2021, 1, 1)}),
        of_pi(ENDED | {"ended_date": date(2025, 1, 1)}),
    ),
    (
        "pi_awarded_recently",
        {"years": 3},
        of_pi(ENDED | {"year": 2023, "status": "completed"}),
        of_pi(ENDED | {"year": 2022, "status": "completed"}, *YEARS_BACK),
    ),
    ("pi_paused", {}, of_pi(*YEARS_BACK), of_pi(YEARS_BACK[0], YEARS_BACK[0], REJECTED | {"year": 2023})),
    ("pi_other_programme", {"plans": ["other"]}, of_pi(NOW | {"plan": "other"}), of_pi(NOW)),
    ("pi_year_total", {"most": 2}, of_pi(NOW, REJECTED), of_pi(NOW, NOW | {"year": 2025})),
    (
        "pi_plans_year_total",
        {"plans": ["fund", "other"], "most": 2},
        of_pi(NOW, NOW | {"plan": "other"}),
        of_pi(NOW, NOW | {"plan": "third"}, REJECTED, NOW | {"year": 2025}, NOW | {"role": "member"}),
    ),
    (
        "unit_plans_year_total",
        {"plans": ["fund", "other"], "most": 2},
        of_unit(LEAD, LEAD | {"plan": "other"}),
        of_unit(LEAD, LEAD | {"role": "partner"}, LEAD | {"year": 2025}),
    ),
    (
        "pi_date_within",
        {"question": "q1", "most": 24},
        {"answers": {"q1": date(2024, 2, 27)}},
        {"answers": {"q1": date(2024, 2, 29)}},
    ),
    (
        "members_year_total",
        {"most": 2},
        {"participants": [{"records": []}, {"records": [NOW, NOW]}]},
        {"participants": [{"records": [NOW]}, {"records": [NOW]}]},
    ),
    ("pi_same_title", {}, of_pi(ENDED | {"title": "甲"}), of_pi(SAME, ENDED)),
    ("resubmissions", {"most": 1}, of_pi(*[SAME] * 2), of_pi(SAME)),
    (
        "unit_awarded_recently",
        {"years": 3},
        of_unit(LEAD | {"status": "running", "year": 2025}),
        of_unit(LEAD | {"status": "running", "year": 2022}, LEAD),
    ),
    ("unit_leads_in_call", {"most": 1}, of_unit(LEAD), of_unit(NOW | {"role": "partner"})),
    ("unit_parts_in_call", {"most": 2}, of_unit(LEAD, NOW | {"role": "partner"}), of_unit(LEAD)),
    ("one_per_topic", {"most": 1}, of_unit(LEAD), of_unit(LEAD | {"topic": "2"})),
    (
        "partners_parts_in_call",
        {"kinds": ["enterprise"], "most": 2},
        {"partners": [firm(records=[NOW, NOW])]},
        {"partners": [institute(records=[NOW, NOW]), firm(records=[NOW])]},
    ),
    (
        "unit_overdue_plans",
        {"plans": ["fund"]},
        of_unit(LEAD | {"status": "overdue"}),
        of_unit(LEAD | {"status": "overdue", "plan": "other"}),
    ),
    (
        "pi_title_or_degree",
        {"titles": ["教授"], "question": "q1", "degrees": ["doctor"]},
        {"answers": {"q1": "master"}},
        {"answers": {"q1": "doctor"}},
    ),
    (
        "size_among",
        {"sizes": ["small"]},
        {"unit": {"size": "large"}, "partners": [institute(), firm(size="large")]},
        {"unit": {"size": None}, "partners": [institute(), firm()]},
    ),
    ("another_claims", {}, {"partners": [institute(fiscal=0.0)]}, {"partners": []}),
    (
        "kinds_share",
        {"kinds": ["institute"], "share": Decimal(30)},
        {"budget": {"total": 99.0}},
        {"budget": {"total": 100.0}},
    ),
    (
        "kinds_share",
        {"kinds": ["institute", "enterprise"], "share": Decimal(30)},
        {"budget": {"total": 400.0}},
        {"budget": {"total": 434.0}},
    ),
    ("lead_share", {"share": Decimal(70)}, {"budget": {"fiscal": 101.0}}, {}),
    (
        "intensity_by_size",
        {"small": Decimal(70), "medium": Decimal(60), "large": Decimal(50)},
        {"partners": [firm(size="medium", fiscal=60.5)]},
        {"partners": [firm(size="medium", fiscal=60.0), institute()]},
    ),
    (
        "intensity_by_size",
        {"small": Decimal(70), "medium": Decimal(60), "large": Decimal(50)},
        {"unit": {"size": None}},
        {"unit": {"kind": "university"}},
    ),
    ("duration_between", {"least": 6, "most": 12}, {"project": {"months": 5}}, {}),
    (
        "starts_between",
        {"first": date(2026, 1, 1), "last": date(2026, 5, 1)},
        {"project": {"starts_date": date(2026, 5, 2)}},
        {},
    ),
    ("place", {"question": "q1", "regions": ["3702"]}, {"answers": {"q1": "370600"}}, {}),
    (
        "attachment_over",
        {"over": Decimal("0.0099"), "question": "q1"},
        {"answers": {"q1": None}},
        {"answers": {"q1": None}, "budget": {"fiscal": 99.0}},
    ),
    ("own_least", {"least": Decimal(8)}, {"budget": {"own": 79_999.0}}, {}),
    ("total_between", {"least": Decimal(20), "most": Decimal(30)}, {"budget": {"total": 300_000.01}}, {}),
    (
        "total_by_duration",
        {"shortest": 6, "longest": 18, "least": Decimal(20), "most": Decimal(30)},
        {"budget": {"total": 400_000.0}},
        {"budget": {"total": 400_000.0}, "project": {"months": 19}},
    ),
    (
        "fiscal_by_choice",
        {"question": "q1", "values": ["370211"], "most": Decimal("0.01")},
        {"budget": {"fiscal": 100.01}},
        {"budget": {"fiscal": 100.01}, "answers": {"q1": "other"}},
    ),
]  # fmt: skip


def keeps(rule, facts) -> bool:
    facts = facts | {"params": rule["params"]}
    applies = rule["applies_when"]
    if applies and not expressions.compile(applies).holds(facts):
        return True
    return expressions.compile(rule["expression"]).holds(facts)


@pytest.mark.parametrize(("code", "values", "broken", "kept"), SAID)
def test_a_clause_refuses_what_it_forbids_and_nothing_that_comes_close(code, values, broken, kept):
    rule = BY_CODE[code].fill(values)
    assert keeps(rule, situation(**broken)) is False
    assert keeps(rule, situation(**kept)) is True
