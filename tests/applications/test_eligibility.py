"""One line per rule: what comes out, and on what evidence."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts.models import FactKind
from applications import actions, eligibility, queries
from applications.models import Application, RuleStatus
from grants.models import Automation, BudgetCategory, Call, Dictionary, DictionaryEntry, RuleScope, Severity
from seeds.codes import make_credit_code, make_id_number
from tests.factories.accounts import IntegrityRecordFactory, OrganisationFactFactory, OrganisationFactory
from tests.factories.applications import ApplicationFactory, fill, filled, submitted
from tests.factories.grants import CallFactory, TopicFactory

pytestmark = pytest.mark.django_db


def rule(expression="", **kwargs):
    return {
        "code": "X1",
        "text": "条文",
        "clause": "第三条",
        "scope": RuleScope.UNIT,
        "automation": Automation.AUTO,
        "expression": expression,
    } | kwargs


def call_with(*rules, **kwargs):
    return CallFactory(parts__rules=rules, **kwargs)


def line_of(application, code="X1"):
    return {line.code: line for line in eligibility.evaluate(application)}[code]


def test_an_english_reader_reads_the_hint_in_english():
    given = rule("unit.region == '110000'", hint="请核对区域。", hint_en="Please check the region.")
    application = ApplicationFactory(call=call_with(given), organisation__region="370212")
    assert line_of(application).hint == "请核对区域。"
    with translation.override("en"):
        assert line_of(application).hint == "Please check the region."


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (rule("unit.region == '370212'"), RuleStatus.PASSED),
        (rule("unit.region == '110000'"), RuleStatus.FAILED),
        (rule("unit.region == '110000'", severity=Severity.WARNING), RuleStatus.WARNING),
        (rule("unit.region == '110000'", severity=Severity.PREFERENCE), RuleStatus.NOT_APPLICABLE),
        (rule("unit.staff >= 10.0", severity=Severity.PREFERENCE), RuleStatus.NOT_APPLICABLE),
        (rule("unit.region == '370212'", severity=Severity.PREFERENCE), RuleStatus.PASSED),
        (rule("unit.staff >= 10.0"), RuleStatus.REQUIRES_DATA),
        (rule("pi.name == 'x'"), RuleStatus.REQUIRES_DATA),
        (rule("unit.size == 'small'"), RuleStatus.REQUIRES_DATA),
        (rule("unit.size != 'small'"), RuleStatus.REQUIRES_DATA),
        (rule("unit.region == '110000'", applies_when="unit.size == 'small'"), RuleStatus.REQUIRES_DATA),
        (rule("unit.size == null || unit.size == 'small'"), RuleStatus.PASSED),
        (rule("unit.size != null && unit.region == '370212'"), RuleStatus.FAILED),
        (rule("unit.size == 'small' && unit.region == '110000'"), RuleStatus.FAILED),
        (rule("unit.region == '110000'", applies_when="unit.high_tech"), RuleStatus.NOT_APPLICABLE),
        (rule(automation=Automation.MANUAL), RuleStatus.MANUAL),
        (rule(automation=Automation.NEEDS_DATA), RuleStatus.REQUIRES_DATA),
        (rule(automation=Automation.ENFORCED_ELSEWHERE), RuleStatus.SYSTEM_MANAGED),
        (rule("unit.region + 1 == 2"), RuleStatus.MANUAL),
        (rule("members.size() <= params.most", params={"most": 3}), RuleStatus.PASSED),
    ],
)
def test_each_kind_of_rule_comes_out_as_it_should(given, status):
    application = ApplicationFactory(call=call_with(given), organisation__region="370212")
    assert line_of(application).status == status


def test_a_line_carries_rule_clause_and_evidence():
    call = call_with(rule("unit.high_tech && answers.trl > 3", hint="请先认定。"))
    application = filled(call=call)
    line = line_of(application)
    assert (line.clause, line.text, line.hint, line.blocks) == ("第三条", "条文", "请先认定。", True)
    assert line.evidence == {"高新技术企业": "否", "技术成熟度": "4"}


def test_codes_are_shown_by_their_names_read_once_for_all_lines():
    regions = Dictionary.objects.create(code="regions", name="行政区划", valid_from=date(2020, 1, 1))
    DictionaryEntry.objects.bulk_create(
        DictionaryEntry(dictionary=regions, code=code, name=name, parent=parent)
        for code, name, parent in (("370200", "青岛市", ""), ("370212", "崂山区", "370200"))
    )
    lines = (rule("unit.region.startsWith('3702')"), rule("unit.region != ''", code="X2"))
    plain, named = call_with(*(row | {"expression": "unit.kind != ''"} for row in lines)), call_with(*lines)
    found = []
    for call in (plain, named):
        application = ApplicationFactory(call=call, organisation__region="370212")
        with CaptureQueriesContext(connection) as asked:
            line = line_of(application)
        found.append((line, len(asked)))
    (_plain, before), (line, after) = found
    assert line.evidence == {"单位所在区域": "青岛市 崂山区（370212）"}
    # The version of the day, its stamp, and, the first time, its entries.
    assert after - before <= 3
    unknown = ApplicationFactory(call=named, organisation__region="990000")
    assert line_of(unknown).evidence == {"单位所在区域": "990000"}


def test_facts_count_as_of_the_day_on_which_the_call_opens():
    application = ApplicationFactory(call=call_with(rule("unit.high_tech")))
    opens = timezone.localdate(application.call.opens_at)
    fact = OrganisationFactFactory(
        organisation=application.organisation, kind=FactKind.HIGH_TECH, valid_from=opens + timedelta(days=1)
    )
    assert line_of(application).status == RuleStatus.FAILED
    fact.valid_from = opens
    fact.save()
    assert line_of(application).status == RuleStatus.PASSED


def test_a_dishonesty_record_counts():
    application = ApplicationFactory(call=call_with(rule("unit.integrity_clean")))
    assert line_of(application).status == RuleStatus.PASSED
    IntegrityRecordFactory(organisation=application.organisation)
    assert line_of(application).status == RuleStatus.FAILED


def test_rules_on_people_compare_birth_dates_not_ages():
    call = call_with(rule("pi.birth_date >= date('1985-01-01') && pi.sex == 'male'", scope=RuleScope.PI))
    application = filled(call=call)
    assert line_of(application).status == RuleStatus.PASSED
    person = {
        "role": "pi",
        "name": "周",
        "organisation_name": "甲",
        "credit_code": make_credit_code(900),
        "id_number": make_id_number(1, "19841231"),
    }
    actions.set_participants(
        application=application, participants=[person], by=application.created_by, at=timezone.now()
    )
    assert line_of(application).status == RuleStatus.FAILED
    assert application.participants.get().birth_date == date(1984, 12, 31)


def test_clauses_for_the_demand_side_are_not_asked_of_bids():
    call = call_with(rule("false", params={"applies_to": "demand"}))
    codes = [line.code for line in eligibility.evaluate(ApplicationFactory(call=call))]
    assert "X1" not in codes


def test_history_counts_the_units_other_applications():
    call = call_with(rule("history.unit_in_call < 1", scope=RuleScope.PROJECT))
    first = submitted(call=call)
    second = ApplicationFactory(call=call, organisation=first.organisation)
    assert line_of(first).status == RuleStatus.PASSED
    assert line_of(second).status == RuleStatus.FAILED


def test_history_counts_the_leaders_other_applications_by_id_number():
    call = call_with(rule("history.pi_in_call == 0"))
    submitted(call=call)
    assert line_of(filled(call=call)).status == RuleStatus.FAILED


# ---- money rules of the call ----


def test_an_amount_above_the_cap_fails_and_says_by_how_much():
    application = filled()
    assert line_of(application, "call-cap").status == RuleStatus.PASSED
    fill(application, fiscal=Decimal("1000000.01"), own=Decimal(2_000_000))
    line = line_of(application, "call-cap")
    assert (line.status, line.clause) == (RuleStatus.FAILED, "第五条")
    assert line.hint == "申请 100.000001 万元，超过上限 100 万元，多 0.000001 万元。"


def test_own_money_below_the_ratio_fails_with_the_sentence():
    application = filled(call=CallFactory(own_per_fiscal=Decimal("1.5")))
    line = line_of(application, "own-ratio")
    assert (line.status, line.clause) == (RuleStatus.FAILED, "第七条")
    assert line.text == "自筹资金与财政资金之比不低于 1.5:1（自筹 ≥ 财政 × 1.5）。"
    assert line.hint == ("自筹资金与财政资金之比应不低于 1.5:1：自筹 50 万元，财政 50 万元，还差 25 万元。")
    fill(application, own=Decimal(750_000))
    assert line_of(application, "own-ratio").status == RuleStatus.PASSED


def test_a_call_without_cap_or_ratio_has_no_such_line():
    application = filled(call=CallFactory(cap=None, own_per_fiscal=None))
    assert [line.code for line in eligibility.evaluate(application)] == ["U1", "P1"]


def test_the_amount_on_the_list_is_a_limit_too():
    topic = TopicFactory(amount=Decimal(400_000))
    application = filled(call=topic.call, topic=topic)
    assert line_of(application, "topic-amount").status == RuleStatus.FAILED


def test_closed_categories_take_no_fiscal_money():
    call = CallFactory(draft=True)
    BudgetCategory.objects.filter(call=call, code="equipment").update(
        is_fiscal_allowed=False, clause="第十条"
    )
    Call.objects.filter(pk=call.pk).update(state="published", published_at=call.opens_at)
    call.refresh_from_db()
    application = filled(call=call)
    line = line_of(application, "no-fiscal-equipment")
    assert (line.status, line.clause) == (RuleStatus.FAILED, "第十条")
    assert line.hint == "“设备费”列了财政资金 50 万元，请改为其他来源。"


# ---- unrelated parties ----


@pytest.mark.parametrize("kind", ["parent", "subsidiary", "sister", "representative"])
def test_a_bidder_related_to_the_demand_side_fails(kind):
    parent = OrganisationFactory()
    owner = OrganisationFactory(legal_representative="王海")
    bidder = OrganisationFactory(legal_representative="李校")
    if kind == "parent":
        bidder.parent = owner
    elif kind == "subsidiary":
        owner.parent = bidder
    elif kind == "sister":
        bidder.parent = owner.parent = parent
    else:
        bidder.legal_representative = owner.legal_representative
    bidder.save()
    owner.save()
    topic = TopicFactory(call=CallFactory(demand=True), owner=owner)
    application = ApplicationFactory(call=topic.call, topic=topic, organisation=bidder)
    line = line_of(application, "unrelated")
    assert line.status == RuleStatus.FAILED
    assert queries.relation(bidder, owner) == kind
    assert owner.name not in line.hint


def test_a_partner_related_to_the_demand_side_fails_too():
    owner = OrganisationFactory()
    topic = TopicFactory(call=CallFactory(demand=True), owner=owner)
    application = filled(call=topic.call, topic=topic)
    assert line_of(application, "unrelated").status == RuleStatus.PASSED
    person = {"role": "member", "name": "吴", "organisation_name": "乙", "credit_code": owner.credit_code}
    actions.set_participants(
        application=application, participants=[person], by=application.created_by, at=timezone.now()
    )
    assert line_of(application, "unrelated").status == RuleStatus.FAILED


def test_evaluating_costs_the_same_whatever_the_number_of_rules(django_assert_num_queries):
    few = filled(call=call_with(rule("unit.high_tech")))
    many = filled(call=call_with(*(rule("unit.high_tech", code=f"X{n}") for n in range(30))))
    for application in (few, many):
        rows = Application.objects.select_related("call__programme", "organisation", "topic")
        application = rows.get(pk=application.pk)
        with django_assert_num_queries(13):
            eligibility.evaluate(application)
