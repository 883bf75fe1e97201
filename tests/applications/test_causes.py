"""Causes of returns and rejections at the formal check, counted."""

import io

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.roles import Role
from applications import actions
from applications.models import CheckDecision, CheckedLine
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import ApplicationFactory, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

PAGE = "admin:applications_application_causes"


@pytest.fixture
def application():
    """Returned once for P1, which the machine could not judge, and once for another reason; then rejected."""
    application = submitted(call=CallFactory(parts__stages=("formal_check", "expert_review", "decision")))
    by, at = officer(Role.PROGRAMME_MANAGER, application.call.programme.department), timezone.now()
    line = application.rule_results.select_related("rule").get(rule__code="P1")
    actions.officer_mark(rule_result=line, status="failed", note="方向不符", by=by, at=at)
    actions.return_for_supplement(application=application, reason="改方向", by=by, at=at)
    actions.submit(application=application, by=application.created_by, at=at)
    actions.return_for_supplement(application=application, reason="缺章", by=by, at=at)
    actions.submit(application=application, by=application.created_by, at=at)
    application.rule_results.filter(rule__code="P1").update(status="failed")
    actions.reject(application=application, reason="仍不符", clause="第二条", by=by, at=at)
    application.manager = by
    return application


def test_rules_clauses_and_shares_are_counted_over_every_version(client, application):
    client.force_login(application.manager)
    context = client.get(reverse(PAGE)).context
    assert context["call"] == application.call
    assert context["totals"] == {"passed": 0, "returned": 2, "rejected": 1, "other": 1}
    (cause,) = [found for found in context["causes"] if found.code == "P1"]
    assert (cause.returned, cause.rejected, cause.machine, cause.overruled) == (1, 1, 1, 0)
    assert cause.found_by_officer == 1
    assert [round(bar["share"], 2) for bar in context["bars"]] == [0.67, 0.33]
    assert context["clauses"] == [{"clause": "第二条", "n": 1}]


def test_filters_by_kind_region_and_every_kind_of_recommender(client, application):
    client.force_login(application.manager)
    unit, bank = application.organisation, OrganisationFactory(name="甲银行")
    region, other = unit.region[:2], OrganisationFactory()
    officer(Role.RECOMMENDER, OrganisationFactory(name="市局"), region=region)
    offices = client.get(reverse(PAGE)).context["form"].fields["recommender"].choices
    assert offices == [("", "不限"), ("区域的推荐单位", [(region, "市局")])]
    chosen = ApplicationFactory(call=application.call, recommender=bank)
    CheckDecision.objects.create(application=chosen, version=1, outcome="returned", at=timezone.now())
    by_name = client.get(reverse(PAGE)).context["form"].fields["recommender"].choices[-1]
    assert by_name == ("上级主管部门、申报人选择的推荐单位", [(f"unit-{bank.pk}", "甲银行")])
    # What comes to the bank by name is not the region's; whoever recommended nothing is no choice.
    for chosen, returned, rejected in ((region, 2, 1), (f"unit-{bank.pk}", 1, 0), (f"unit-{other.pk}", 3, 1)):
        totals = client.get(reverse(PAGE), {"recommender": chosen}).context["totals"]
        assert (totals["returned"], totals["rejected"]) == (returned, rejected), chosen
    for query, counted in (
        ({"kind": unit.kind}, 1),
        ({"kind": "enterprise"}, 0),
        ({"region": unit.region}, 1),
        ({"region": "nonsense", "call": "x"}, 1),
    ):
        assert client.get(reverse(PAGE), query).context["totals"]["rejected"] == counted, query


def test_the_officer_who_overrules_the_machine_is_counted(client, application):
    decision = CheckDecision.objects.create(
        application=application, version=3, outcome="passed", by=application.manager, at=timezone.now()
    )
    rule = application.rule_results.get(rule__code="P1").rule
    CheckedLine.objects.create(decision=decision, rule=rule, by_machine="failed", by_officer="passed")
    client.force_login(application.manager)
    context = client.get(reverse(PAGE)).context
    assert [found.overruled for found in context["causes"] if found.code == "P1"] == [1]


def test_the_table_for_excel_holds_numbers(client, application):
    client.force_login(application.manager)
    book = load_workbook(io.BytesIO(client.get(reverse(PAGE), {"export": "xlsx"}).content))
    assert book.sheetnames == ["合计", "逐条原因"]
    head, *rows = book["逐条原因"].iter_rows(values_only=True)
    assert head[1] == "代码"
    assert [row[3:5] for row in rows if row[1] == "P1"] == [(1, 1)]


def test_who_reads_them(client, application):
    department = application.call.programme.department
    for user, status, shown in (
        (officer(Role.DIVISION_HEAD, department), 200, True),
        (officer(Role.LEADER), 200, True),
        (officer(Role.PROGRAMME_MANAGER, OrganisationFactory()), 200, False),
        (officer(Role.FINANCE), 403, False),
        (application.created_by, 302, False),
    ):
        client.force_login(user)
        response = client.get(reverse(PAGE))
        assert response.status_code == status
        if status == 200:
            assert (response.context["call"] is not None) is shown


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_costs_the_same(client, application, number, django_assert_num_queries):
    for _n in range(number - 1):
        CheckDecision.objects.create(
            application=application, version=1, outcome="returned", at=timezone.now()
        )
    client.force_login(application.manager)
    client.get(reverse(PAGE))
    with django_assert_num_queries(15):
        client.get(reverse(PAGE))
