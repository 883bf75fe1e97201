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
