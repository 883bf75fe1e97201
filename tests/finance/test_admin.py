from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from accounts.models import BankAccount
from core.calendar import local_date
from core.workflow import Refused
from finance import actions, queries, rules
from finance.models import Appropriation, Instalment, Payment
from finance.states import InstalmentState
from tests.factories.accounts import BankAccountFactory
from tests.factories.milestones import ACCOUNT, AT, agreement, payee
from tests.finance.helpers import budget, decide, instalment_of, pay

pytestmark = pytest.mark.django_db
LIST = "admin:finance_instalment_changelist"


def address(subject, name="change"):
    return reverse(f"admin:finance_{subject._meta.model_name}_{name}", args=[subject.pk])


def typed(**changes):
    return {
        "amount": "",
        "paid_date": "2026-09-01",
        "voucher": "记-001",
        "note": "",
        **changes,
    }


def test_what_is_due_comes_first(client, project):
    _found, people = project
    client.force_login(people["finance"])
    rows = client.get(reverse(LIST)).context["cl"].result_list
    assert [row.state for row in rows] == [InstalmentState.DUE, InstalmentState.PLANNED]
    rows = client.get(reverse(LIST), {"pay": "due"}).context["cl"].result_list
    assert [row.name for row in rows] == ["首笔"]


def test_without_a_confirmed_account_nothing_is_paid_and_the_page_says_who_mends_it(client, project):
    found, people = project
    first, unit = instalment_of(found), found.award.application.organisation
    said = []
    for state in (None, "returned", "registered"):
        if state:
            checked = {"checked_by": people["leader"], "checked_at": AT} if state == "returned" else {}
            BankAccountFactory(
                organisation=unit, number="62220000", state=state, reason="户名不一致", **checked
            )
        client.force_login(people["finance"])
        pages = [
            client.get(address(first, "pay")),
            client.post(address(first, "pay"), typed()),
            client.get(f"/projects/{found.pk}/"),
        ]
        assert [page.status_code for page in pages] == [200, 422, 200]
        with pytest.raises(Refused) as refused:
            rules.account_to_pay(unit, on=local_date(AT))
        said.append(refused.value.message)
        assert [state for page in pages if said[-1] not in unescape(page.content.decode())] == []
        client.force_login(people["unit_finance"])
        assert "登记收款账户" in client.get(f"/projects/{found.pk}/").content.decode()
    assert ["还没有登记" in said[0], "已退回" in said[1], "经费管理人员" in said[2]] == [True] * 3
    assert not Payment.objects.exists()
    later = BankAccountFactory(organisation=unit, number=ACCOUNT, valid_from=date(2099, 1, 1))
    assert queries.account_of(unit, on=local_date(AT)).number == "62220000"
    BankAccount.objects.waiting().exclude(pk=later.pk).update(state="superseded")
    with pytest.raises(Refused, match="自 2099-01-01 起启用"):
        rules.account_to_pay(unit, on=local_date(AT))


def test_finance_pays_all_that_is_left(client, project):
    found, people = project
    first = instalment_of(found)
    payee(found)
    client.force_login(people["finance"])
    assert ACCOUNT in client.get(address(first, "pay")).content.decode()
    response = client.post(address(first, "pay"), typed(), follow=True)
    assert response.status_code == 200
    payment = Payment.objects.get()
    assert (payment.amount, payment.recorded_by) == (Decimal(300_000), people["finance"])
    assert instalment_of(found).state == InstalmentState.PAID
    assert "已登记付款 30 万元" in response.content.decode()
    assert client.get(address(first, "pay")).status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "300000.01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "1e99"}, "amount"),
        ({"amount": "abc"}, "amount"),
        ({"paid_date": "2999-01-01"}, "paid_date"),
        ({"paid_date": "soon"}, "paid_date"),
        ({"voucher": ""}, "voucher"),
    ],
)
def test_a_mistake_is_named_and_what_was_typed_stays(client, project, changes, field):
    found, people = project
    payee(found)
    client.force_login(people["finance"])
    data = typed(**changes)
    response = client.post(address(instalment_of(found), "pay"), data)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert {name: response.context["form"][name].value() for name in data} == data
    assert not Payment.objects.exists()


@pytest.mark.parametrize("who", ["manager", "leader", "auditor", "expert", "team", "stranger"])
def test_nobody_else_pays_or_reverses(client, project, who):
    found, people = project
    client.force_login(people[who])
    assert client.post(address(instalment_of(found), "pay"), typed()).status_code in (302, 403, 404)
    assert not Payment.objects.exists()
    payment = pay(instalment_of(found), by=people["finance"])
    assert client.post(address(payment, "reverse"), {"reason": "x"}).status_code in (302, 403, 404)
    assert Payment.objects.count() == 1


def test_a_payment_is_reversed_not_edited(client, project):
    found, people = project
    payment = pay(instalment_of(found), by=people["finance"])
    client.force_login(people["finance"])
    assert client.get(address(payment)).status_code == 200
    client.post(address(payment), {"amount": "1"})
    assert Payment.objects.get().amount == Decimal(300_000)
    assert client.post(address(payment, "reverse"), {"reason": ""}).status_code == 422
    assert client.post(address(payment, "reverse"), {"reason": "账号有误"}).status_code == 302
    assert instalment_of(found).state == InstalmentState.DUE
    assert client.post(address(payment, "delete")).status_code == 403


@pytest.mark.parametrize(("who", "is_whole"), [("finance", True), ("manager", False), ("leader", False)])
def test_accounts_are_whole_for_finance_only(client, project, who, is_whole):
    found, people = project
    payment = pay(instalment_of(found), by=people["finance"])
    client.force_login(people[who])
    for page in (
        address(payment),
        address(instalment_of(found)),
        reverse("admin:finance_payment_changelist"),
    ):
        body = client.get(page).content.decode()
        assert ("6222021001123456789" in body) == (is_whole and page == address(payment))


def test_a_budget_never_falls_below_what_is_committed(client, project):
    found, people = project
    held = budget(found.award.application.call, Decimal(800_000))
    actions.commit(decision=decide(found.award.application), by=None, at=AT)
    client.force_login(people["finance"])
    inlines = {
        "commitments-TOTAL_FORMS": "0",
        "commitments-INITIAL_FORMS": "0",
        "commitments-MIN_NUM_FORMS": "0",
        "commitments-MAX_NUM_FORMS": "0",
    }
    response = client.post(address(held), {"amount": "400000", **inlines})
    assert response.status_code == 200
    assert "预算不能低于已承诺的 50 万元" in response.content.decode()
    assert client.post(address(held), {"amount": "600000", **inlines}).status_code == 302
    assert Appropriation.objects.get().amount == Decimal(600_000)


@pytest.mark.parametrize("rows", [1, 15])
def test_the_list_costs_the_same_for_any_number(client, project, django_assert_num_queries, rows):
    found, people = project
    for _ in range(rows - 1):
        agreement(call=found.award.application.call)
    client.force_login(people["finance"])
    client.get(reverse(LIST))
    with django_assert_num_queries(7):
        response = client.get(reverse(LIST))
    assert response.context["cl"].result_count == 2 * rows == Instalment.objects.count()
