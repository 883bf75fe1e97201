"""Demands of every kind: what each is asked, what the database holds of it, what the public reads."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from exchange import actions, queries, rules
from exchange.models import Demand, DemandScheme
from exchange.states import DemandState
from grants.models import DemandKind, EligibilityRule, FormKind, Question, QuestionKind, Section
from tests.factories.accounts import UserFactory
from tests.factories.exchange import DemandFactory
from tests.factories.reviews import CallFactory, manager_of, publish

pytestmark = pytest.mark.django_db
K = DemandKind
FINANCING = {
    "indicators": [],
    "amount": Decimal(3_000_000),
    "offered_amount": None,
    "deadline_date": None,
    "ip_ownership": "",
    "purpose": "采购质谱关键部件",
    "term_months": 12,
}
SCENARIO = {
    "indicators": [],
    "amount": None,
    "offered_amount": None,
    "deadline_date": None,
    "ip_ownership": "",
    "place": "港区三号堆场",
    "term_months": 6,
    "conditions": "开放吊机接口和一名调度员",
}
OF_KIND = {K.TECHNICAL: {}, K.FINANCING: FINANCING, K.SCENARIO: SCENARIO}


def call_of(kind, **scheme):
    """A published call for demands of one kind, with three questions of its own."""
    call = CallFactory(sourcing="demand", closes_at=None, bid_days=20)
    section = Section.objects.create(
        call=call, code="more", title="更多", title_en="More", order=1, form=FormKind.DEMAND
    )
    rows = [
        ("borrowed", QuestionKind.YES_NO, {}, {}),
        ("lender", QuestionKind.LINE, {}, {"visible_when": "answers.borrowed"}),
        (
            "latest",
            QuestionKind.DATE,
            {},
            {"label_en": "Needed by", "valid_when": "value >= date('2026-01-01')", "valid_message": "太早"},
        ),
    ]
    for order, (code, what, config, more) in enumerate(rows, start=1):
        Question.objects.create(
            call=call, section=section, code=code, kind=what, label=code, config=config, order=order, **more
        )
    DemandScheme.objects.create(call=call, kind=kind, **scheme)
    return publish(call)


def demand_of(kind, call=None, **changed) -> Demand:
    call = call or call_of(kind)
    answers = {"borrowed": False, "latest": "2027-03-01"}
    return DemandFactory(call=call, kind=kind, **OF_KIND[kind] | {"answers": answers} | changed)


def hand_in(demand, **changed):
    Demand.objects.filter(pk=demand.pk).update(
        state=DemandState.SUBMITTED, submitted_at=timezone.now(), submitted_by=demand.created_by, **changed
    )


@pytest.mark.parametrize("kind", K.values)
def test_a_demand_takes_the_kind_of_its_call(kind):
    call = call_of(kind)
    unit = demand_of(K.TECHNICAL).organisation
    member = Demand.objects.get().created_by

    demand = actions.post(call=call, organisation=unit, by=member, at=timezone.now())

    assert demand.kind == kind


@pytest.mark.parametrize("kind", K.values)
def test_each_kind_is_handed_in_listed_and_found_on_the_board(kind, client):
    demand = demand_of(kind)
    now = timezone.now()
    actions.submit(demand=demand, by=demand.created_by, at=now)
    manager = manager_of(demand.call)
    actions.argue(demand=demand, opinion="可以", accept=True, by=manager, at=now)

    topic = actions.list_demand(demand=demand, by=manager, at=now)

    assert topic.demand_kind == kind
    found = {
        other: [row.pk for row in client.get("/board/", {"kind": other}).context["listing"].rows]
        for other in K.values
    }
    assert found == {other: [topic.pk] if other == kind else [] for other in K.values}


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (K.TECHNICAL, {"indicators": []}),
        (K.TECHNICAL, {"amount": None}),
        (K.TECHNICAL, {"offered_amount": 3_000_000}),
        (K.TECHNICAL, {"ip_ownership": ""}),
        (K.FINANCING, {"amount": None}),
        (K.FINANCING, {"amount": 0}),
        (K.FINANCING, {"purpose": ""}),
        (K.FINANCING, {"term_months": None}),
        (K.FINANCING, {"offered_amount": 1}),
        (K.SCENARIO, {"place": ""}),
        (K.SCENARIO, {"conditions": ""}),
        (K.SCENARIO, {"term_months": None}),
        (K.SCENARIO, {"offered_amount": 0}),
    ],
)
def test_the_database_holds_what_each_kind_must_say(kind, missing):
    demand = demand_of(kind)

    with pytest.raises(DatabaseError), transaction.atomic():
        hand_in(demand, **missing)

    hand_in(demand)
    with pytest.raises(DatabaseError), transaction.atomic():
        Demand.objects.filter(pk=demand.pk).update(answers={})
    with pytest.raises(DatabaseError), transaction.atomic():
        Demand.objects.filter(pk=demand.pk).update(kind=K.TECHNICAL if kind != K.TECHNICAL else K.SCENARIO)


def test_what_is_missing_is_named_as_its_kind_calls_it():
    demand = demand_of(K.FINANCING, purpose="", term_months=None, answers={"borrowed": True})

    with pytest.raises(rules.Incomplete) as refused:
        actions.submit(demand=demand, by=demand.created_by, at=timezone.now())

    assert [problem.message for problem in refused.value.problems] == [
        "请填写“融资期限（个月）”。",
        "请填写“资金用途”。",
        "lender：必填。",
        "latest：必填。",
    ]


def test_rules_about_what_a_demand_says_are_judged_when_it_is_handed_in():
    call = CallFactory(sourcing="demand", closes_at=None, bid_days=20)
    EligibilityRule.objects.create(
        call=call,
        code="period",
        text="试点期不超过12个月",
        clause="第四条",
        scope="project",
        automation="auto",
        expression="demand.term_months <= 12",
        params={"applies_to": "demand"},
        order=1,
    )
    DemandScheme.objects.create(call=call, kind=K.SCENARIO)
    call = publish(call)
    demand = demand_of(K.SCENARIO, call=call, term_months=13, answers={})

    before = queries.eligibility(call, demand.organisation, at=timezone.now())
    with pytest.raises(rules.Incomplete) as refused:
        actions.submit(demand=demand, by=demand.created_by, at=timezone.now())

    assert [line.holds for line in before] == [None]
    assert refused.value.problems[0].clause == "第四条"


def test_only_what_the_call_makes_public_leaves_the_unit():
    demand = demand_of(
        K.FINANCING,
        call=call_of(K.FINANCING, public=["term_months", "latest"]),
        bidder_conditions="只要国有银行",
    )
    now = timezone.now()
    actions.submit(demand=demand, by=demand.created_by, at=now)
    manager = manager_of(demand.call)
    actions.argue(demand=demand, opinion="可以", accept=True, by=manager, at=now)

    topic = actions.list_demand(demand=demand, by=manager, at=now)

    assert (topic.field, topic.bidder_conditions, topic.amount) == ("", "", Decimal(3_000_000))
    assert topic.facts == [
        {"label": "融资期限（个月）", "text": "12", "label_en": "Term (months)", "text_en": "12"},
        {"label": "latest", "text": "2027-03-01", "label_en": "Needed by", "text_en": "2027-03-01"},
    ]


def test_a_member_writes_the_calls_own_questions_and_loses_nothing(client):
    demand = demand_of(K.FINANCING, answers={})
    client.force_login(demand.created_by)
    address = reverse("exchange:edit", args=[demand.pk])

    page = client.get(address).content.decode()
    answer = client.post(
        address,
        {
            "title": "流动资金贷款",
            "a-borrowed": "true",
            "a-lender": "",
            "a-latest": "2025-01-01",
            "do": "save",
        },
    )

    assert 'name="purpose"' in page
    assert 'name="place"' not in page
    assert 'id="question-lender"' in page
    assert answer.status_code == 422
    assert answer.context["own"].errors == {"latest": ["太早"]}
    demand.refresh_from_db()
    assert demand.answers == {"borrowed": True, "lender": None, "latest": "2025-01-01"}
    assert demand.title == "流动资金贷款"


def test_answers_of_two_writers_are_joined_too(client):
    demand = demand_of(K.FINANCING)
    client.force_login(demand.created_by)
    address = reverse("exchange:edit", args=[demand.pk])
    seen = client.get(address).context["seen"]
    newer = {"lender": "甲银行", "latest": "2027-04-01"}
    actions.save(demand=demand, values={}, answers=newer, by=demand.created_by, at=timezone.now())

    sent = {"seen": seen, "a-borrowed": "true", "a-lender": "", "a-latest": "2027-05-01"}
    page = client.post(address, sent)

    demand.refresh_from_db()
    assert demand.answers == {"borrowed": True, "lender": "甲银行", "latest": "2027-04-01"}
    (conflict,) = page.context["conflicts"]
    assert (conflict["theirs"], conflict["mine"]) == ("2027-04-01", "2027-05-01")
    assert page.context["own"]["latest"].value() == "2027-05-01"


def test_a_stranger_reads_neither_the_demand_nor_its_answers(client):
    demand = demand_of(K.SCENARIO)
    client.force_login(UserFactory())

    assert client.get(reverse("exchange:detail", args=[demand.pk])).status_code == 404
    assert client.get(reverse("exchange:edit", args=[demand.pk])).status_code == 404


def test_the_unit_reads_its_answers_on_the_page_of_the_demand(client):
    demand = demand_of(K.SCENARIO, answers={"borrowed": True, "lender": "甲银行", "latest": "2027-01-01"})
    client.force_login(demand.created_by)

    page = client.get(reverse("exchange:detail", args=[demand.pk])).content.decode()

    assert "甲银行" in page
    assert "港区三号堆场" in page


def test_expressions_read_dates_and_numbers():
    at = datetime(2026, 3, 1, tzinfo=UTC)
    demand = demand_of(K.SCENARIO, saved_at=at)

    context = queries.form_context(demand, queries.questions_of(demand.call))

    assert context["answers"]["latest"] == date(2027, 3, 1)
    assert context["demand"]["term_months"] == 6
