from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from finance import actions
from finance.models import Payment, Refund, Settlement
from tests.factories.milestones import ACCOUNT, AT, PARTIES, PEOPLE, draft_agreement, payee
from tests.finance.helpers import HALF, budget, instalment_of, pay

pytestmark = pytest.mark.django_db


def caller(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def typed(**changes):
    return {
        "amount": "300000.00",
        "paid_date": "2026-09-01",
        "voucher": "记-001",
        "payee_account": ACCOUNT,
        **changes,
    }


@pytest.mark.parametrize("who", PEOPLE)
def test_lists_follow_the_matrix(project, who):
    found, people = project
    budget(found.award.application.call, HALF)
    pay(instalment_of(found), by=people["finance"])
    client = caller(people[who])
    seen = who in PARTIES
    assert len(client.get("/api/v1/instalments/").json()["results"]) == (2 if seen else 0)
    payments = client.get("/api/v1/payments/").json()["results"]
    refund = demanded(found, people)
    for name in ("refunds", "refund-receipts"):
        rows = client.get(f"/api/v1/{name}/").json()["results"]
        assert len(rows) == seen, name
        assert [row["amount"] for row in rows] == ["50000.00"] * seen
    assert client.get(f"/api/v1/refunds/{refund.pk}/").status_code == (200 if seen else 404)
    whole = who in ("finance", "unit_admin", "unit_finance")
    account = "6222021001123456789" if whole else "6222***********6789"
    assert [row["payee_account"] for row in payments] == ([account] if seen else [])
    budgets = client.get("/api/v1/appropriations/").json()["results"]
    assert len(budgets) == (1 if who in ("manager", "leader", "finance", "auditor") else 0)


@pytest.mark.parametrize("who", PEOPLE)
def test_only_finance_pays(project, who):
    found, people = project
    payee(found)
    address = f"/api/v1/instalments/{instalment_of(found).pk}/pay/"
    response = caller(people[who]).post(address, typed(), format="json")
    expected = 201 if who == "finance" else 422 if who in PARTIES else 404
    assert response.status_code == expected
    assert Payment.objects.count() == (expected == 201)


def test_a_refusal_names_field_and_clause(project):
    found, people = project
    payee(found)
    address = f"/api/v1/instalments/{instalment_of(found).pk}/pay/"
    response = caller(people["finance"]).post(address, typed(amount="300000.01"), format="json")
    assert response.json()["error"] == {
        "code": "overpaid",
        "message": "付款超出拨款“首笔”：还剩 30 万元 未付，本次 30.000001 万元。",
        "field": "amount",
        "clause": "第十三条",
    }


def test_reversing_answers_with_the_negative_payment(project):
    found, people = project
    payment = pay(instalment_of(found), by=people["finance"])
    address = f"/api/v1/payments/{payment.pk}/reverse/"
    assert caller(people["team"]).post(address, {"reason": "x"}).status_code == 422
    response = caller(people["finance"]).post(address, {"reason": "账号有误"})
    assert (response.status_code, response.json()["amount"]) == (201, "-300000.00")
    assert caller(people["finance"]).post(address, {"reason": "再来"}).status_code == 409
    assert sum(Payment.objects.values_list("amount", flat=True)) == Decimal(0)


def demanded(found, people, *, amount=Decimal(50_000), voucher="退-1") -> Refund:
    """5 万元 were demanded back and came."""
    terms = {"cause": "improper", "due_date": date(2026, 12, 1), "reason": "超范围列支", "clause": "第十六条"}
    money = {"amount": amount, "by": people["finance"], "at": AT}
    refund = actions.demand_refund(agreement=found, **terms, **money)
    actions.receive_refund(refund=refund, received_date=date(2026, 9, 1), voucher=voucher, **money)
    return refund


def settled(found, people) -> Settlement:
    return Settlement.objects.create(
        agreement=found,
        paid=Decimal(300_000),
        recognised=Decimal(180_000),
        note="按审计报告",
        settled_by=people["finance"],
        settled_at=AT,
    )


def test_a_refund_is_received_through_the_api_by_finance_alone(project):
    found, people = project
    pay(instalment_of(found), by=people["finance"])
    refund = demanded(found, people)
    address = f"/api/v1/refunds/{refund.pk}/receive/"
    typed = {"amount": "0.00", "received_date": "2026-09-01", "voucher": "退-2"}
    assert caller(people["team"]).post(address, typed).status_code == 422
    assert caller(people["stranger"]).post(address, typed).status_code == 404
    again = actions.demand_refund(
        agreement=found,
        amount=Decimal(100),
        cause="surplus",
        due_date=date(2026, 12, 1),
        reason="x",
        clause="x",
        by=people["finance"],
        at=AT,
    )
    address = f"/api/v1/refunds/{again.pk}/receive/"
    assert caller(people["finance"]).post(address, typed).json()["error"]["field"] == "amount"
    answer = caller(people["finance"]).post(address, typed | {"amount": "100.00"})
    assert (answer.status_code, answer.json()["amount"]) == (201, "100.00")
    assert caller(people["team"]).get(f"/api/v1/refunds/{again.pk}/").json()["state"] == "settled"


@pytest.mark.parametrize("rows", [1, 30])
def test_lists_cost_the_same_for_any_number(project, django_assert_num_queries, rows):
    found, people = project
    others = [draft_agreement(call=found.award.application.call) for _ in range(rows - 1)]
    for number in range(rows):
        pay(instalment_of(found), by=people["finance"], amount=Decimal(1_000), voucher=f"V{number}")
        demanded(found, people, amount=Decimal(1_000), voucher=f"退{number}")
    for one in (found, *others):
        settled(one, people)
    client = caller(people["finance"])
    client.get("/api/v1/payments/")
    for name in ("payments", "refunds", "refund-receipts", "settlements"):
        with django_assert_num_queries(1):
            assert len(client.get(f"/api/v1/{name}/").json()["results"]) == rows
    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/instalments/").json()["results"]) == min(2 * rows, 50)
    assert client.get("/api/v1/settlements/").json()["results"][0]["to_return"] == "120000.00"
