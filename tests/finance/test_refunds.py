"""Money that is to come back, the account that is missing, the close of the year."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts import actions as accounts
from accounts.models import BankAccount
from core import calendar
from core.calendar import end_of_day, local_date
from core.workflow import Refused
from finance import actions, money_clocks, queries, refund_rules, rules
from finance.models import Commitment, Instalment, Refund, RefundReceipt, Settlement
from finance.states import REFUND, RefundState
from milestones import actions as projects
from notifications import sweep
from notifications.models import Deadline, DeadlineKind, Message
from tests.factories.milestones import AT, PARTIES, PEOPLE, payee
from tests.factories.notifications import drifts
from tests.finance.helpers import budget, decide

DUE = local_date(AT) + timedelta(days=60)
ON = local_date(AT)

pytestmark = pytest.mark.django_db


def clock(subject, kind):
    return Deadline.objects.open().filter(
        content_type__model=type(subject)._meta.model_name, object_id=subject.pk, kind=kind
    )


@pytest.fixture
def paid(project):
    """A project of which the first instalment, 30 万元, is paid."""
    found, people = project
    first = Instalment.objects.get(agreement=found, order=1)
    payee(found)
    payment = actions.record_payment(
        instalment=first, amount=Decimal(300_000), paid_date=ON, voucher="拨-1", by=people["finance"], at=AT
    )
    return found, people, payment


def demand(found, *, by, at=AT, **terms):
    usual = {"amount": Decimal(200_000), "cause": "improper", "due_date": DUE, "clause": "第十六条"}
    return actions.demand_refund(agreement=found, **usual | {"reason": "超范围列支"} | terms, by=by, at=at)


def end(found, people):
    """The leader ends the project on its manager's proposal."""
    asked = {"end": "terminated", "ground": "other", "reason": "x", "files": []}
    termination = projects.ask_termination(agreement=found, **asked, by=people["manager"], at=AT)
    projects.terminate(termination=termination, opinion="同意", clause="第十八条", by=people["leader"], at=AT)
    found.refresh_from_db()


def receive(refund, amount, *, by, voucher="退-1", at=AT):
    return actions.receive_refund(
        refund=refund, amount=Decimal(amount), received_date=ON, voucher=voucher, by=by, at=at
    )


def test_a_demand_is_paid_in_parts_and_closes_when_whole(paid):
    found, people, _payment = paid
    refund = demand(found, by=people["manager"])
    deadline = clock(refund, DeadlineKind.REFUND).get()
    assert deadline.due_at == end_of_day(DUE)
    assert "第十六条" in str(deadline.explanation)
    assert Message.objects.filter(template="finance/refund", recipient=people["team"]).exists()
    assert not drifts("refund", at=AT)
    receive(refund, 50_000, by=people["finance"])
    assert clock(refund, DeadlineKind.REFUND).exists()
    spent = queries.spending_in(found.award.application.call.programme_id, ON.year)
    assert (spent.paid, spent.refunded, spent.net) == (300_000, 50_000, 250_000)
    with pytest.raises(Refused, match="还应退 15 万元"):
        receive(refund, 150_001, by=people["finance"], voucher="退-2")
    with pytest.raises(Refused, match="已经登记过"):
        receive(refund, 1, by=people["finance"])
    receive(refund, 150_000, by=people["finance"], voucher="退-2")
    assert (refund.state, refund.left) == (RefundState.SETTLED, 0)
    assert not clock(refund, DeadlineKind.REFUND).exists()
    with pytest.raises(Refused):
        receive(refund, 1, by=people["finance"], voucher="退-3")


def test_overdue_the_unit_and_the_officers_hear_of_it_every_week(paid):
    found, people, _payment = paid
    refund = demand(found, by=people["finance"])
    for days in (-30, -7, 7, 14, 70):
        people["manager"], people["unit_finance"]
        before = Message.objects.filter(recipient=people["unit_finance"], context__kind="refund").count()
        sweep.sweep(at=end_of_day(refund.due_date) + timedelta(days=days, hours=-1))
        after = Message.objects.filter(recipient=people["unit_finance"], context__kind="refund").count()
        assert after == before + 1, days
    assert Message.objects.filter(recipient=people["manager"], context__kind="refund").count() == 3


def test_what_was_written_off_can_be_demanded_again_and_nothing_beyond_what_was_paid(paid):
    found, people, payment = paid
    refund = demand(found, by=people["manager"])
    with pytest.raises(Refused, match="还有 10 万元"):
        demand(found, by=people["manager"], amount=Decimal(100_001))
    with pytest.raises(Refused, match="已于 2026-09-01 要求退回 20 万元"):
        actions.reverse_payment(payment=payment, reason="错付", by=people["finance"], at=AT)
    receive(refund, 50_000, by=people["finance"])
    with pytest.raises(Refused, match="理由"):
        actions.write_off(refund=refund, reason=" ", by=people["leader"], at=AT)
    actions.write_off(refund=refund, reason="单位破产", by=people["leader"], at=AT)
    assert not clock(refund, DeadlineKind.REFUND).exists()
    assert refund_rules.demandable(found) == Decimal(250_000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_date": ON},
        {"reason": " "},
        {"clause": ""},
        {"amount": Decimal(0)},
        {"cause": "ended"},
        {"cause": "x"},
    ],
)
def test_a_demand_says_when_why_and_by_what(paid, wrong):
    found, people, _payment = paid
    with pytest.raises(Refused) as refused:
        demand(found, by=people["manager"], **wrong)
    assert refused.value.field in wrong


def test_who_may_do_what(paid):
    found, people, _payment = paid
    people.all()
    assert {n for n in PEOPLE if refund_rules.can_demand(people[n], found)} == {"manager", "finance"}
    refund = demand(found, by=people["manager"])
    assert {n for n in PEOPLE if refund_rules.can_receive(people[n], refund)} == {"finance"}
    assert {n for n in PEOPLE if refund_rules.can_write_off(people[n], refund)} == {"leader"}
    assert {n for n in PEOPLE if Refund.objects.visible_to(people[n]).exists()} == PARTIES


def test_the_database_holds_the_cap_and_the_record(paid):
    found, people, _payment = paid
    refund = demand(found, by=people["manager"])
    receipt = receive(refund, 50_000, by=people["finance"])
    fields = {"agreement": found, "due_date": DUE, "reason": "x", "clause": "x", "demanded_at": AT}
    attacks = [
        lambda: Refund.objects.create(**fields, amount=Decimal(100_001), demanded_by=people["manager"]),
        lambda: Refund.objects.filter(pk=refund.pk).update(amount=1),
        lambda: Refund.objects.filter(pk=refund.pk).update(state="settled", ended_at=AT),
        lambda: Refund.objects.filter(pk=refund.pk).update(state="written_off", ended_at=AT),
        lambda: Refund.objects.filter(pk=refund.pk).update(returned=Decimal(200_001)),
        lambda: Refund.objects.filter(pk=refund.pk).delete(),
        lambda: RefundReceipt.objects.filter(pk=receipt.pk).update(amount=1),
        lambda: Instalment.objects.filter(agreement=found, order=1).update(
            paid=Decimal(199_999), state="due"
        ),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    assert REFUND.final_states() == {"settled", "written_off"}


def test_pages_of_the_office_and_of_the_project(paid, client):
    found, people, _payment = paid
    first = Instalment.objects.get(agreement=found, order=1)
    client.force_login(people["finance"])
    page = reverse("admin:finance_instalment_demand", args=[first.pk])
    typed = {"amount": "900000", "due_date": "2099-01-01", "reason": "超支", "clause": "第十六条"}
    typed |= {"cause": "surplus"}
    answer = client.post(page, typed)
    assert answer.status_code == 422
    assert "还有 30 万元" in answer.content.decode()
    assert client.post(page, typed | {"amount": "200000"}).status_code == 302
    refund = Refund.objects.get()
    desk = reverse("admin:finance_refund_change", args=[refund.pk])
    assert client.get(reverse("admin:finance_refund_changelist") + "?refund=overdue").status_code == 200
    assert "登记退款" in client.get(desk).content.decode()
    done = client.post(
        reverse("admin:finance_refund_receive", args=[refund.pk]),
        {"amount": "50000", "received_date": "2026-09-01", "voucher": "退-1"},
    )
    assert done.status_code == 302
    desk = client.get(desk).content.decode()
    assert ("5 万元" in desk, "-5 万元" in desk) == (True, False), "a refund is no negative payment"
    assert client.get(reverse("admin:finance_refund_write_off", args=[refund.pk])).status_code == 403
    client.force_login(people["team"])
    shown = client.get(f"/projects/{found.pk}/").content.decode()
    assert "应退 20 万元" in shown
    assert "收到退款 5 万元" in shown


def test_an_ended_project_is_settled_and_the_rest_comes_back(paid, client):
    found, people, _payment = paid
    first = Instalment.objects.get(agreement=found, order=1)
    application = found.award.application
    budget(application.call, Decimal(500_000))
    actions.commit(decision=decide(application), by=None, at=AT)
    demand(found, by=people["manager"], amount=Decimal(20_000))
    assert not refund_rules.can_settle(people["finance"], found), "it runs"
    end(found, people)
    assert clock(found, DeadlineKind.SETTLEMENT).exists()
    assert not drifts("settlement", at=AT)
    assert {n for n in ("finance", "manager", "leader") if refund_rules.can_settle(people[n], found)} == {
        "finance"
    }
    client.force_login(people["finance"])
    page = reverse("admin:finance_instalment_settle", args=[first.pk])
    typed = {"recognised": "300001", "due_date": "2099-01-01", "note": "按审计报告"}
    answer = client.post(page, typed)
    assert answer.status_code == 422
    assert "已付的 30 万元" in answer.content.decode()
    answer = client.post(page, typed | {"recognised": "180000", "due_date": ""})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["due_date"])
    assert client.post(page, typed | {"recognised": "180000"}).status_code == 302
    settlement = Settlement.objects.get()
    assert settlement.to_return == Decimal(120_000)
    commitment = Commitment.objects.get()
    assert (commitment.kept, commitment.appropriation.committed) == (300_000, 300_000), "paid"
    refund = Refund.objects.get(cause="ended")
    assert (refund.amount, refund.clause) == (Decimal(100_000), "第十八条"), "2 万元 were demanded before"
    receive(refund, 40_000, by=people["finance"])
    commitment.appropriation.refresh_from_db()
    assert commitment.appropriation.committed == 260_000, "less what came back"
    for attack in ({"kept": -1}, {"kept": 500_001}, {"released_at": None}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Commitment.objects.update(**attack)
    assert not clock(found, DeadlineKind.SETTLEMENT).exists()
    assert Message.objects.filter(template="finance/settled", recipient=people["team"]).exists()
    assert not drifts("settlement", at=AT)
    for attack in (lambda: Settlement.objects.update(recognised=0), lambda: settlement.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    client.force_login(people["team"])
    assert "按审计报告" in client.get(f"/projects/{found.pk}/").content.decode()


def test_a_payment_reversed_after_the_end_leaves_nothing_to_settle(paid):
    found, people, payment = paid
    end(found, people)
    actions.reverse_payment(payment=payment, reason="错付", by=people["finance"], at=AT)
    assert not clock(found, DeadlineKind.SETTLEMENT).exists()
    assert not drifts("settlement", at=AT)


def test_without_an_account_the_unit_is_reminded_until_it_registers_one(project):
    found, people = project
    unit = found.award.application.organisation
    deadline = clock(unit, DeadlineKind.BANK_ACCOUNT).get()
    first = Instalment.objects.get(agreement=found, order=1)
    assert deadline.due_at == calendar.due(first.due_at, -5), "finance still has its days"
    assert Deadline.objects.owed_by(people["unit_finance"]).filter(pk=deadline.pk).exists()
    assert not drifts("bank_account", at=AT)
    accounts.record_account(
        organisation=unit,
        holder=unit.name,
        bank="青岛银行",
        number="6222000011112222",
        valid_from=ON,
        by=people["unit_admin"],
        at=AT,
    )
    assert not clock(unit, DeadlineKind.BANK_ACCOUNT).exists()
    assert not drifts("account", at=AT)


def test_nothing_is_paid_before_finance_has_confirmed_the_account(project, client):
    found, people = project
    unit = found.award.application.organisation
    people["unit_finance"], people["leader"], people["manager"]
    typed = {"organisation": unit, "holder": unit.name, "bank": "青岛银行", "number": "6222000011112222"}
    typed |= {"valid_from": ON, "by": people["unit_admin"], "at": AT}
    replaced, account = accounts.record_account(**typed), accounts.record_account(**typed)
    replaced.refresh_from_db()
    assert replaced.state == "superseded"
    deadline = clock(account, DeadlineKind.ACCOUNT_CHECK).get()
    assert deadline.due_at == calendar.due(AT, 5)
    assert Deadline.objects.owed_by(people["finance"]).filter(pk=deadline.pk).exists()
    first = Instalment.objects.get(agreement=found, order=1)
    money = {"instalment": first, "amount": Decimal(1), "paid_date": ON, "voucher": "拨-9"}
    money |= {"by": people["finance"], "at": AT}
    with pytest.raises(Refused, match="还没有确认"):
        actions.record_payment(**money)
    assert {n for n in ("finance", "leader", "manager") if rules.can_check_account(people[n], account)} == {
        "finance"
    }
    desk = reverse("admin:accounts_bankaccount_change", args=[account.pk])
    for name, status, whole in (("manager", 404, False), ("leader", 200, False), ("finance", 200, True)):
        client.force_login(people[name])
        answer = client.get(desk)
        assert (answer.status_code, "6222000011112222" in answer.content.decode()) == (status, whole), name
    assert "6222000011112222" not in client.get("/admin/accounts/bankaccount/").content.decode()
    back = reverse("admin:accounts_bankaccount_send_back", args=[account.pk])
    assert client.post(back, {"reason": ""}).status_code == 422
    assert client.post(back, {"reason": "户名不一致"}).status_code == 302
    assert clock(unit, DeadlineKind.BANK_ACCOUNT).exists(), "to be registered anew"
    told = Message.objects.filter(template="finance/account", context__reason="户名不一致")
    assert {message.recipient for message in told} == {people["unit_admin"], people["unit_finance"]}
    with pytest.raises(Refused, match="已退回"):
        actions.record_payment(**money)
    first.refresh_from_db()
    for late, due_at in ((2, calendar.due(first.due_at, -1)), (0, calendar.due(first.due_at, 1))):
        again = accounts.record_account(**typed | {"at": calendar.due(first.due_at, -late)})
        deadline = clock(again, DeadlineKind.ACCOUNT_CHECK).get()
        assert (deadline.due_at, "须在" in str(deadline.explanation)) == (due_at, True)
    for attack in ({"number": "1234567890"}, {"state": "confirmed"}, {"state": "returned"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            BankAccount.objects.filter(pk=again.pk).update(**attack)
    assert client.post(reverse("admin:accounts_bankaccount_confirm", args=[again.pk])).status_code == 302
    page = client.get(reverse("admin:finance_instalment_pay", args=[first.pk])).content.decode()
    assert "6222000011112222" in page
    actions.record_payment(**money)
    assert not drifts("account", at=AT)


def test_what_is_due_is_paid_before_the_year_closes(project):
    found, people = project
    first = Instalment.objects.get(agreement=found, order=1)
    deadline = clock(first, DeadlineKind.YEAR_CLOSE).get()
    assert deadline.due_at == end_of_day(date(2026, 12, 31))
    people["finance"]
    for month, day in ((11, 1), (12, 10), (12, 20)):
        before = Message.objects.filter(recipient=people["finance"], context__kind="year_close").count()
        sweep.sweep(at=end_of_day(date(2026, month, day)))
        after = Message.objects.filter(recipient=people["finance"], context__kind="year_close").count()
        assert after == before + 1
    new_year = end_of_day(date(2027, 1, 1))
    assert (money_clocks.carry_over(at=AT), money_clocks.carry_over(at=new_year)) == (0, 1)
    assert clock(first, DeadlineKind.YEAR_CLOSE).get().due_at == end_of_day(date(2027, 12, 31))
    assert money_clocks.carry_over(at=new_year) == 0
    payee(found)
    actions.record_payment(
        instalment=first, amount=first.amount, paid_date=ON, voucher="拨-1", by=people["finance"], at=AT
    )
    assert not clock(first, DeadlineKind.YEAR_CLOSE).exists()
    unit = found.award.application.organisation
    assert not clock(unit, DeadlineKind.BANK_ACCOUNT).exists()
    assert not drifts("year", at=AT)
