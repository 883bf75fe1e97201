from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from finance.models import Payment
from tests.factories.milestones import PARTIES, PEOPLE, agreement
from tests.finance.test_actions import ACCOUNT, HALF, budget, instalment_of, pay

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
        "payee_bank": "中国银行青岛分行",
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
    whole = who in ("finance", "unit_admin", "unit_finance")
    account = "6222021001123456789" if whole else "6222***********6789"
    assert [row["payee_account"] for row in payments] == ([account] if seen else [])
    budgets = client.get("/api/v1/appropriations/").json()["results"]
    assert len(budgets) == (1 if who in ("manager", "leader", "finance", "auditor") else 0)


@pytest.mark.parametrize("who", PEOPLE)
def test_only_finance_pays(project, who):
    found, people = project
    address = f"/api/v1/instalments/{instalment_of(found).pk}/pay/"
    response = caller(people[who]).post(address, typed(), format="json")
    expected = 201 if who == "finance" else 422 if who in PARTIES else 404
    assert response.status_code == expected
    assert Payment.objects.count() == (expected == 201)


def test_a_refusal_names_field_and_clause(project):
    found, people = project
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


@pytest.mark.parametrize("rows", [1, 15])
def test_lists_cost_the_same_for_any_number(project, django_assert_num_queries, rows):
    first, people = project
    others = [agreement(call=first.award.application.call) for _ in range(rows - 1)]
    for found in (first, *others):
        pay(instalment_of(found), by=people["finance"])
    client = caller(people["finance"])
    client.get("/api/v1/payments/")
    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/payments/").json()["results"]) == rows
    with django_assert_num_queries(1):
        assert len(client.get("/api/v1/instalments/").json()["results"]) == 2 * rows
