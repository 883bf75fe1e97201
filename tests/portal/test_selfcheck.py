"""“Could we apply?”: what is asked, what comes out, and that nothing is kept."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import cache

from accounts.models import FactKind
from applications.models import Application
from core.models import Event
from grants.models import Automation, QuestionKind, RuleScope, Severity
from grants.states import CallState
from portal import selfcheck
from portal.asking import Asking, SelfCheckForm
from tests.factories.accounts import OrganisationFactFactory, OrganisationFactory, member_of
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db


def rule(code, expression, **values):
    return {
        "code": code,
        "text": f"条件 {code}",
        "clause": f"第{code}条",
        "scope": RuleScope.UNIT,
        "automation": Automation.AUTO,
        "expression": expression,
        **values,
    }


def call_with(*rules, questions=(), **kwargs):
    return CallFactory(parts__rules=rules, parts__questions=questions, parts__budget=False, **kwargs)


def asking(call, organisation=None) -> Asking:
    return Asking(call, selfcheck.rules_of(call, project_type=None), organisation)


def verdicts(call, organisation=None, **typed) -> dict[str, str]:
    found = asking(call, organisation)
    form = SelfCheckForm(found, typed)
    assert form.is_valid(), form.errors
    outcome = selfcheck.judge(found, form.cleaned_data)
    return {finding.line.code: finding.verdict for finding in outcome.findings}


def labels(page: str) -> list[str]:
    return re.findall(r'jb-state-\w+">(符合|不符合|看情况|请注意|不涉及)<', page)


@pytest.fixture(autouse=True)
def no_earlier_visits():
    cache.clear()


def test_only_what_the_rules_read_is_asked():
    call = call_with(
        rule("A", "unit.region.startsWith('3702') && unit.staff >= 10.0"),
        rule("B", "pi.birth_date >= date('1966-01-01') && pi.credit_code == unit.credit_code"),
        rule("C", "answers.degree == 'doctor' && size(answers.tasks) < 5"),
        rule("D", "history.unit_in_call == 0"),
        questions=[
            {
                "code": "degree",
                "kind": QuestionKind.CHOICE,
                "label": "学位",
                "config": {"choices": ["doctor"]},
            },
            {"code": "tasks", "kind": QuestionKind.LIST, "label": "任务"},
            {"code": "other", "kind": QuestionKind.LINE, "label": "别的"},
        ],
    )
    names = list(asking(call).fields())
    assert names == ["unit__region", "unit__staff", "pi__birth_date", "answers__degree", "pi__own"]


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ({"unit__kind": "enterprise", "unit__region": "370212"}, "passed"),
        ({"unit__kind": "university", "unit__region": "370212"}, "failed"),
        ({"unit__kind": "university"}, "failed"),
        ({"unit__kind": "enterprise"}, "depends"),
        ({}, "depends"),
    ],
)
def test_what_was_not_said_makes_a_clause_depend_only_where_it_matters(typed, verdict):
    call = call_with(rule("A", "unit.kind == 'enterprise' && unit.region.startsWith('3702')"))
    assert verdicts(call, **typed) == {"A": verdict}


def test_lists_that_nobody_asked_for_never_pass():
    call = call_with(
        rule("A", "partners.all(p, p.integrity_clean != false)"),
        rule("B", "history.unit_in_call == 0"),
        rule("C", "answers.other == null || size(answers.other) == 0"),
        rule("D", "unit.kind == 'enterprise' || partners.exists(p, p.kind == 'enterprise')"),
        questions=[{"code": "other", "kind": QuestionKind.LIST, "label": "其他"}],
    )
    expected = {"A": "depends", "B": "depends", "C": "depends", "D": "passed"}
    assert verdicts(call, unit__kind="enterprise") == expected


def test_manual_clauses_depend_warnings_are_noted_and_conditions_can_leave_a_clause_out():
    call = call_with(
        rule("A", "", automation=Automation.MANUAL),
        rule("B", "unit.high_tech", severity=Severity.WARNING),
        rule("C", "unit.staff >= 10.0", applies_when="unit.kind == 'enterprise'"),
        rule("D", "", automation=Automation.ENFORCED_ELSEWHERE),
    )
    found = verdicts(call, unit__kind="university", unit__high_tech="false")
    assert found == {"A": "depends", "B": "noted", "C": "skipped", "D": "managed"}


def test_money_is_typed_in_wan_and_the_share_of_research_is_worked_out_by_the_rule():
    call = call_with(
        rule("A", "unit.rd_spend >= times(unit.revenue, 0.05)"), rule("B", "budget.total >= 1000000.0")
    )
    typed = {"unit__rd_spend": "60", "unit__revenue": "1,000"}
    assert verdicts(call, **typed) == {"A": "passed", "B": "depends"}
    assert verdicts(call, **typed | {"unit__rd_spend": "40", "budget__total": "100"}) == {
        "A": "failed",
        "B": "passed",
    }


def test_the_leader_belongs_to_the_unit_or_not():
    call = call_with(rule("A", "pi.credit_code == unit.credit_code"))
    found = [verdicts(call, **typed)["A"] for typed in ({}, {"pi__own": "true"}, {"pi__own": "false"})]
    assert found == ["depends", "passed", "failed"]


def test_clauses_for_whoever_posts_a_challenge_are_a_side_of_their_own(client):
    call = call_with(
        rule("A", "unit.kind == 'enterprise'", params={"applies_to": "demand"}),
        rule("B", "unit.kind == 'university'"),
        demand=True,
    )
    for query, text in (("", "条件 B"), ("?side=demand", "条件 A")):
        page = client.post(f"/calls/{call.pk}/could-we-apply/{query}", {"unit__kind": "bank"})
        assert re.findall(r"条件 [AB]", page.content.decode()) == [text]


def test_a_visitor_gets_every_clause_as_printed_and_nothing_is_stored(client):
    call = CallFactory()
    before = Event.objects.count()
    page = client.post(f"/calls/{call.pk}/could-we-apply/", {"unit__region": "110101"}).content.decode()
    assert labels(page) == ["不符合", "看情况"]
    assert "牵头单位应在青岛市注册。" in page
    assert "单位所在区域不在青岛市。" in page
    assert "第三条" in page
    assert (Application.objects.count(), Event.objects.count()) == (0, before)
    assert 'href="/applications/start' not in page


def test_what_cannot_be_read_is_said_beside_its_field(client):
    call = CallFactory()
    answer = client.post(f"/calls/{call.pk}/could-we-apply/", {"unit__region": "青岛"})
    assert answer.status_code == 422
    assert "区域代码是六位数字。" in answer.content.decode()
    assert labels(answer.content.decode()) == []


def test_a_member_finds_the_record_of_the_unit_filled_in(client):
    call = call_with(rule("A", "unit.high_tech && unit.staff >= 10.0 && unit.by_year['2025'].staff >= 10.0"))
    unit = OrganisationFactory()
    OrganisationFactFactory(organisation=unit, kind=FactKind.HIGH_TECH, valid_from=date(2025, 1, 1))
    OrganisationFactFactory(
        organisation=unit, kind=FactKind.STAFF, text="", number=Decimal(25), valid_from=date(2025, 1, 1)
    )
    stranger = OrganisationFactory()
    client.force_login(member_of(unit))
    page = client.get(f"/calls/{call.pk}/could-we-apply/").content.decode()
    assert re.search(rf'<option value="{unit.pk}" selected>', page)
    assert re.search(r'name="unit__high_tech" value="true"[^>]* checked', page)
    assert re.search(r'name="unit__staff" value="25(\.00)?"', page)
    assert verdicts(call, unit, unit__high_tech="true", unit__staff="25") == {"A": "passed"}
    page = client.get(f"/calls/{call.pk}/could-we-apply/?unit={stranger.pk}").content.decode()
    assert stranger.name not in page


def test_drafts_are_for_their_department_and_old_versions_lead_to_the_one_in_force(client):
    assert client.get(f"/calls/{CallFactory(draft=True).pk}/could-we-apply/").status_code == 404
    old = CallFactory()
    new = CallFactory(series=old.series, version=2, programme=old.programme)
    type(old).objects.filter(pk=old.pk).update(state=CallState.SUPERSEDED)
    answer = client.get(f"/calls/{old.pk}/could-we-apply/")
    assert answer.headers["Location"] == f"/calls/{new.pk}/could-we-apply/"


def test_too_many_checks_wait_and_say_so(client, monkeypatch):
    monkeypatch.setattr("portal.views.CHECKS_PER_PERSON", "1/h")
    address = f"/calls/{CallFactory().pk}/could-we-apply/"
    assert [client.post(address).status_code for _ in range(2)] == [200, 429]
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("rows", [1, 30])
def test_a_check_costs_the_same_however_many_clauses(client, django_assert_num_queries, rows):
    call = call_with(*(rule(f"R{n}", "unit.staff >= 10.0") for n in range(rows)))
    with django_assert_num_queries(4):
        client.post(f"/calls/{call.pk}/could-we-apply/", {"unit__staff": "3"})
