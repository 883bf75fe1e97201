"""Rules and money clauses on the desk: templates, the editor, the sentence read back, trying one out."""

from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Organisation
from accounts.roles import Role
from applications.models import Application
from desk.rule_templates import TEMPLATES
from grants.models import EligibilityRule, MoneyRule
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def at(name, *args):
    return reverse(f"admin:grants_call_{name}", args=args)


@pytest.fixture
def call():
    return CallFactory(draft=True)


@pytest.fixture
def manager(client, call):
    user = officer(Role.PROGRAMME_MANAGER, call.programme.department)
    client.force_login(user)
    return user


RULE = {
    "text": "申报单位职工不少于 10 人。",
    "clause": "第三条",
    "scope": "unit",
    "automation": "auto",
    "severity": "blocking",
    "expression": "unit.staff >= params.least",
    "params": "least = 10",
    "hint": "职工不足。",
}


# ---- templates ----


def test_every_template_opens(client, manager, call):
    assert client.get(at("templates", call.pk)).status_code == 200
    for template in TEMPLATES:
        page = client.get(at("template", call.pk, template.code))
        assert page.status_code == 200
        assert all(param.words() in page.content.decode() for param in template.params)


def test_a_template_makes_a_rule_with_its_sentence(client, manager, call):
    data = {"p_before": "2025-01-01", "clause": "第三条"}
    response = client.post(at("template", call.pk, "registered_before"), data)
    rule = call.rules.get(code="R1")
    assert response.url == at("rule", call.pk, rule.pk)
    assert (rule.text, rule.expression, rule.params, rule.order) == (
        "申报单位应于2025年1月1日（含）前注册成立。",
        "unit.registered_date <= date(params.before)",
        {"before": "2025-01-01"},
        3,
    )


def test_what_a_template_asks_must_be_filled_in(client, manager, call):
    response = client.post(at("template", call.pk, "region"), {"p_regions": "", "clause": ""})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"p_regions", "clause"}
    response = client.post(at("template", call.pk, "region"), {"code": "stamped_scan"})
    assert "code" in response.context["form"].errors
    assert call.rules.count() == 2


def test_a_template_writes_the_chosen_questions_code_into_the_formula(client, manager, call):
    data = {"p_question": "trl", "p_least": "7", "clause": "第三条"}
    client.post(at("template", call.pk, "trl_end"), data)
    assert call.rules.get(code="R1").expression == "answers.trl >= params.least"


# ---- the editor ----


def test_a_rule_is_written_and_its_params_keep_their_types(client, manager, call):
    params = 'least = 10\nshare = 0.03\nregions = ["3702", "3706"]\ncode = "370202"\nday = 2026-01-01'
    assert client.post(at("rule_add", call.pk), RULE | {"params": params, "do": "stay"}).status_code == 302
    rule = call.rules.get(code="R1")
    assert rule.params == {
        "least": 10,
        "share": 0.03,
        "regions": ["3702", "3706"],
        "code": "370202",
        "day": "2026-01-01",
    }
    page = client.get(at("rule", call.pk, rule.pk)).content.decode()
    assert "code = &quot;370202&quot;" in page
    assert "day = 2026-01-01" in page


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"expression": "unit.staff >="}, "expression", "表达式写法有误"),
        ({"expression": "unit.nothing > 1"}, "expression", "没有名为“unit.nothing”的数据项"),
        ({"expression": "params.most > 1"}, "expression", "没有名为“params.most”的数据项"),
        ({"expression": "project.answers.nix == 1"}, "expression", "表单里没有代码为“nix”的题目。"),
        ({"applies_when": "answers.nix == 1"}, "applies_when", "没有名为“answers.nix”的数据项"),
        ({"expression": ""}, "expression", "自动判断的条件必须有公式。"),
        ({"automation": "manual"}, "expression", "只有“自动判断”的条件才写公式。"),
        ({"params": "least"}, "params", "第 1 行：请写成“名称 = 值”，名称用拉丁字母。"),
        ({"code": "U1"}, "code", "代码“U1”已经用过。"),
        ({"code": "stamped_scan"}, "code", "代码“stamped_scan”留给系统在发布时写的条件（盖章扫描件）"),
        ({"code": "第三"}, "code", None),
    ],
)
def test_a_slip_is_said_at_its_field_and_nothing_is_saved(client, manager, call, change, field, sentence):
    response = client.post(at("rule_add", call.pk), RULE | change)
    assert response.status_code == 422
    errors = response.context["form"].errors
    assert field in errors
    assert sentence is None or sentence in " ".join(errors[field])
    assert call.rules.count() == 2


def test_rules_are_reordered_copied_and_dropped(client, manager, call):
    first, second = call.rules.order_by("order")
    client.post(at("part", call.pk, "rules"), {"item": [second.pk, first.pk]})
    assert list(call.rules.order_by("order").values_list("code", flat=True)) == ["P1", "U1"]
    client.post(at("rule_row", call.pk, "rules", second.pk, "copy"))
    assert list(call.rules.order_by("order").values_list("code", flat=True)) == ["P1", "P2", "U1"]
    client.post(at("rule_row", call.pk, "rules", first.pk, "delete"))
    assert list(call.rules.order_by("order").values_list("code", flat=True)) == ["P1", "P2"]


# ---- trying ----


def test_a_rule_is_tried_on_a_unit_before_it_is_saved(client, manager, call):
    unit = OrganisationFactory(name="海谱仪器", region="370211", registered_date=date(2020, 5, 1))
    before = Application.objects.count()
    data = RULE | {
        "expression": "unit.registered_date <= date(params.before)",
        "params": "before = 2019-12-31",
        "organisation": unit.name,
        "do": "try",
    }
    response = client.post(at("rule_add", call.pk), data)
    assert response.status_code == 200
    assert response.context["result"].status == "failed"
    body = response.content.decode()
    assert "职工不足。" in body
    assert "2020-05-01" in body
    passed = client.post(at("rule_add", call.pk), data | {"params": "before = 2020-05-01"})
    assert passed.context["result"].status == "passed"
    assert call.rules.count() == 2
    assert Application.objects.count() == before


def test_a_rule_is_tried_on_a_past_application(client, manager, call):
    past = submitted(call=CallFactory(programme=call.programme, title="去年的通知"))
    Application.objects.filter(pk=past.pk).update(number="PC-0001")
    data = RULE | {"expression": "answers.trl >= 4", "params": "", "application": "PC-0001", "do": "try"}
    response = client.post(at("rule_add", call.pk), data)
    assert response.context["result"].status == "passed"
    unknown = client.post(at("rule_add", call.pk), data | {"application": "PC-9999"})
    assert unknown.status_code == 422
    assert "没有受理编号为“PC-9999”的申报书。" in unknown.content.decode()


def test_trying_asks_for_somebody(client, manager, call):
    response = client.post(at("rule_add", call.pk), RULE | {"do": "try"})
    assert response.context["trial"].errors == {"organisation": ["请填写单位或申报书。"]}
    response = client.post(at("rule_add", call.pk), RULE | {"do": "try", "organisation": "没有这家"})
    assert response.context["trial"].errors == {"organisation": ["没有找到“没有这家”。"]}
    assert not Organisation.objects.filter(name="没有这家").exists()


# ---- money clauses ----

CLAUSE = {"text": "条文", "clause": "第五条", "severity": "blocking"}


@pytest.mark.parametrize(
    ("fields", "stored", "sentence"),
    [
        ({"kind": "cap", "amount": "100"}, {"amount": 1_000_000}, "申请财政资金 ≤ 100 万元。"),
        (
            {"kind": "ratio", "factor": "2", "sources": ["own"], "against": ["fiscal"], "percent": "5"},
            {"rate": 2, "sources": ["own"], "against": ["fiscal"]},
            "自筹 合计 ≥ 财政资金 合计 × 2。",
        ),
        (
            {"kind": "share", "percent": "30", "base": "budget.total"},
            {"base": "budget.total"},
            "申请财政资金 ≤ 项目总投入 × 30%。",
        ),
        (
            {"kind": "category_share", "percent": "30%", "base": "budget.total", "categories": ["equipment"]},
            {"categories": ["equipment"]},
            "设备费 合计 ≤ 项目总投入 × 30%。",
        ),
        (
            {
                "kind": "tiers",
                "base": "budget.total",
                "tiers": "至 500 万元：30%\n以上：20%",
                "is_marginal": "on",
            },
            {"tiers": [["5000000", "0.3"], [None, "0.2"]]},
            "申请财政资金 ≤ 项目总投入 分档：至 500 万元 30%，以上部分 20%（超额累进，逐档计算）。",
        ),
        (
            {
                "kind": "intensity",
                "base": "budget.total",
                "matrix": "甲 | 小 = 40%、中 = 30%",
                "row": "topic.field",
                "column": "unit.size",
            },
            {"matrix": {"甲": {"小": "0.4", "中": "0.3"}}},
            "申请财政资金 ≤ 项目总投入 × 按“topic.field”和“unit.size”在表中查到的比例。",
        ),
    ],
)
def test_each_kind_has_its_fields_and_reads_back(client, manager, call, fields, stored, sentence):
    response = client.post(at("clause_add", call.pk), CLAUSE | fields | {"do": "stay"})
    assert response.status_code == 302, response.context["form"].errors
    rule = MoneyRule.objects.get(call=call)
    for name, value in stored.items():
        assert getattr(rule, name) == value
    page = client.get(at("clause", call.pk, rule.pk))
    assert page.context["sentence"] == sentence
    again = {name: value for name, value in fields.items() if name != "percent" or fields["kind"] != "ratio"}
    shown = page.context["form"].initial
    assert (
        client.post(at("clause", call.pk, rule.pk), CLAUSE | again | {"code": shown["code"]}).status_code
        == 302
    )
    assert MoneyRule.objects.get(call=call).rate == rule.rate


def test_what_a_kind_does_not_use_has_no_effect(client, manager, call):
    data = CLAUSE | {
        "kind": "cap",
        "amount": "100",
        "base": "budget.total",
        "sources": ["own"],
        "percent": "30",
    }
    client.post(at("clause_add", call.pk), data)
    rule = MoneyRule.objects.get(call=call)
    assert (rule.base, rule.sources, rule.rate) == ("", [], None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "cap"}, "amount"),
        ({"kind": "share", "base": "budget.total"}, "percent"),
        ({"kind": "ratio", "factor": "1", "sources": ["own"], "against": ["own"]}, "against"),
        ({"kind": "tiers", "base": "budget.total", "tiers": "500"}, "tiers"),
        ({"kind": "tiers", "base": "budget.total", "tiers": "至 500 万元：30%\n至 100 万元：20%"}, "tiers"),
        ({"kind": "share", "percent": "30", "base": "budget.nothing"}, "base"),
        ({"kind": "intensity", "base": "budget.total", "matrix": "甲", "row": "unit.size"}, "matrix"),
    ],
)
def test_a_clause_that_lacks_something_is_not_saved(client, manager, call, fields, field):
    response = client.post(at("clause_add", call.pk), CLAUSE | fields)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not MoneyRule.objects.filter(call=call).exists()


def test_a_clause_is_tried_on_an_application(client, manager, call):
    past = submitted(call=CallFactory(programme=call.programme, title="去年的通知"))
    Application.objects.filter(pk=past.pk).update(number="PC-0001")
    data = CLAUSE | {"kind": "cap", "amount": "1", "application": "PC-0001", "do": "try"}
    assert client.post(at("clause_add", call.pk), data).context["result"].status == "failed"
    assert not MoneyRule.objects.filter(call=call).exists()


def test_others_try_and_save_nothing(client, call):
    client.force_login(officer(Role.PROGRAMME_MANAGER, OrganisationFactory()))
    assert client.get(at("templates", call.pk)).status_code == 404
    assert client.post(at("rule_add", call.pk), RULE | {"do": "try"}).status_code == 404
    client.force_login(officer(Role.AUDITOR))
    assert client.get(at("templates", call.pk)).status_code == 403
    assert client.post(at("rule_add", call.pk), RULE).status_code == 403
    assert EligibilityRule.objects.filter(call=call).count() == 2
