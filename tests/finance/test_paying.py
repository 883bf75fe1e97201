"""The plan of payments, what becomes due, is paid, is reversed; the end of it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from awards.models import Agreement, ConditionCheck
from awards.states import AgreementState
from core.calendar import due, local_date
from core.models import Event
from core.workflow import Refused
from finance import actions, queries, rules
from finance.models import Condition, Instalment, InstalmentTemplate, Payment
from finance.states import InstalmentState
from grants import signals as grants
from grants.models import Call, EligibilityRule, Instrument
from milestones import actions as milestones
from notifications import obligations
from notifications.models import Deadline, DeadlineKind, Message
from tests.factories.grants import in_order
from tests.factories.milestones import (
    AT,
    draft_agreement,
    hand_in,
    milestone_of,
    project_call,
)
from tests.factories.reviews import CallFactory, publish
from tests.factories.standing import attempt, others
from tests.finance.helpers import HALF, accept, fresh, instalment_of, pay, payment_deadline

pytestmark = pytest.mark.django_db


# ---- planning ----


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        ("1000000", ("60", "40"), ["600000.00", "400000.00"]),
        ("1000000", ("33.33", "33.33", "33.34"), ["333300.00", "333300.00", "333400.00"]),
        ("1000000.01", ("50", "50"), ["500000.01", "500000.00"]),
        ("0.05", ("33.33", "33.33", "33.34"), ["0.02", "0.01", "0.02"]),
        ("0.05", ("1", "99"), ["0.05"]),
    ],
)
def test_an_award_is_split_to_the_cent(amount, shares, parts):
    plan = [
        {"name": f"第{n}笔", "share": Decimal(share), "condition": Condition.SIGNED}
        for n, share in enumerate(shares, start=1)
    ]
    found = draft_agreement(call=project_call(plan=plan), amount=Decimal(amount))
    rows = list(Instalment.objects.filter(agreement=found).order_by("order").values_list("amount", flat=True))
    assert [str(row) for row in rows] == parts
    assert sum(rows) == Decimal(amount)


def test_the_plan_names_its_milestones():
    found = draft_agreement()
    rows = Instalment.objects.filter(agreement=found).order_by("order")
    assert [(row.name, row.amount, row.state, row.milestone and row.milestone.code) for row in rows] == [
        ("首笔", Decimal(300_000), "planned", None),
        ("尾款", Decimal(200_000), "planned", "final"),
    ]


@pytest.mark.parametrize(
    ("instrument", "condition", "milestone"),
    [(Instrument.GRANT, "signed", None), (Instrument.EX_POST, "milestone", "final")],
)
def test_a_notice_without_a_plan_pays_in_one_sum(instrument, condition, milestone):
    found = draft_agreement(call=project_call(plan=(), instrument=instrument))
    row = Instalment.objects.get(agreement=found)
    assert (row.name, row.amount, row.condition) == ("一次拨付", HALF, condition)
    assert (row.milestone and row.milestone.code) == milestone


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ([{"share": 60}, {"share": 30}], "应为 100%，现在是 90%"),
        ([{"share": 60}, {"share": 60}], "现在是 120%"),
        ([{"share": 100, "condition": Condition.MILESTONE, "milestone_code": "nowhere"}], "“nowhere”不在"),
    ],
)
def test_a_plan_that_is_not_whole_is_not_published(plan, words):
    call = CallFactory()
    for order, row in enumerate(plan, start=1):
        InstalmentTemplate.objects.create(
            call=call, order=order, name=f"第{order}笔", clause="第十条", **{"condition": "signed", **row}
        )
    with pytest.raises(Refused, match=words) as refused:
        grants.publishing.send(sender=Call, call=call, by=None, at=AT)
    assert refused.value.clause == "第十条"


# ---- becoming due ----


def test_on_signing_the_first_instalment_is_due_within_twenty_working_days(project):
    found, people = project
    first, last = instalment_of(found), instalment_of(found, "尾款")
    assert (first.state, first.due_at) == (InstalmentState.DUE, due(AT, 20))
    assert (last.state, last.due_at) == (InstalmentState.PLANNED, None)
    deadline = payment_deadline(first)
    assert (deadline.due_at, deadline.explanation) == (
        due(AT, 20),
        f"自 {local_date(AT)} 条件成就起 20 个工作日内拨付，依据第十三条",
    )
    owing = {
        name for name, user in people.all().items() if Deadline.objects.owed_by(user).filter(pk=deadline.pk)
    }
    assert owing == {"finance"}
    assert payment_deadline(last) is None


def test_an_accepted_milestone_makes_its_instalment_due(project):
    found, people = project
    accept(found, people, "prototype")
    assert instalment_of(found, "尾款").state == InstalmentState.PLANNED
    accept(found, people, "final")
    last = instalment_of(found, "尾款")
    assert (last.state, last.due_at) == (InstalmentState.DUE, due(AT, 20))


def test_a_failed_milestone_holds_its_money(project):
    found, people = project
    report = hand_in(milestone_of(found, "final"))
    milestones.conclude(report=report, outcome="failed", note="未达标", by=people["manager"], at=AT)
    last = instalment_of(found, "尾款")
    assert last.state == InstalmentState.PLANNED
    with pytest.raises(Refused, match="条件未成就"):
        pay(last, by=people["finance"])


def test_funding_that_falls_away_cancels_what_is_not_paid(project):
    found, people = project
    actions.release(application=found.award.application, by=people["manager"], at=AT)
    assert set(Instalment.objects.values_list("state", flat=True)) == {"cancelled"}
    assert not Deadline.objects.open().filter(kind=DeadlineKind.PAYMENT).exists()


# ---- paying ----


def test_only_finance_pays(project, subtests):
    found, people = project
    first = instalment_of(found)
    for who in others(people, "finance"):
        with attempt(subtests, who):
            assert not rules.can_pay(people[who], first)
            with pytest.raises(Refused, match="经费管理人员"):
                pay(first, by=people[who])
    assert not Payment.objects.exists()
    assert rules.can_pay(people["finance"], first)
    payment = pay(first, by=people["finance"])
    first.refresh_from_db()
    assert (first.state, first.paid) == (InstalmentState.PAID, Decimal(300_000))
    assert (payment.payee_account, payment.masked_account) == ("6222021001123456789", "6222***********6789")
    assert payment_deadline(first) is None
    heard = {message.recipient for message in Message.objects.filter(template="finance/paid")}
    assert heard == {people["team"], people["unit_admin"], people["unit_finance"]}
    assert [event.verb for event in Event.objects.about(first)] == ["moved", "paid", "moved"]


def test_part_by_part_until_nothing_is_left(project):
    found, people = project
    first = instalment_of(found)
    pay(first, by=people["finance"], amount=Decimal("100000.01"))
    assert (first.state, first.unpaid) == (InstalmentState.DUE, Decimal("199999.99"))
    assert payment_deadline(first)
    with pytest.raises(Refused, match=r"还剩 19\.999999 万元 未付") as refused:
        pay(first, by=people["finance"], amount=Decimal(200_000), voucher="V2")
    assert (refused.value.field, refused.value.clause) == ("amount", "第十三条")
    pay(first, by=people["finance"], voucher="V2")
    assert first.state == InstalmentState.PAID
    with pytest.raises(Refused, match="已拨付"):
        pay(first, by=people["finance"], amount=Decimal(1), voucher="V3")


def test_a_wrong_payment_gets_a_sentence(subtests, project):
    found, people = project
    first = instalment_of(found)
    wrong = [
        ("amount", typed) for typed in (Decimal(0), Decimal(-5), Decimal("1.001"), Decimal("NaN"), "much")
    ]
    wrong += [
        ("amount", Decimal(300_001)),
        ("paid_date", local_date(AT) + timedelta(days=1)),
        ("voucher", "  "),
        ("payee_account", "6222 0210 0112 3456 780"),
    ]
    for field, typed in wrong:
        with subtests.test(f"{field} {typed}"):
            with pytest.raises(Refused) as refused:
                pay(first, by=people["finance"], **{field: typed})
            assert refused.value.field == field
    assert not Payment.objects.exists()


def test_a_voucher_is_used_once(project):
    found, people = project
    first = instalment_of(found)
    pay(first, by=people["finance"], amount=Decimal(1), voucher="记-001")
    with pytest.raises(Refused, match="凭证号“记-001”已经登记过") as refused:
        pay(first, by=people["finance"], amount=Decimal(1), voucher=" 记-001 ")
    assert refused.value.field == "voucher"


# ---- reversing ----


def test_only_finance_reverses(project, subtests):
    found, people = project
    first = instalment_of(found)
    payment = pay(first, by=people["finance"])
    later = AT + timedelta(days=3)
    for who in others(people, "finance"):
        with attempt(subtests, who), pytest.raises(Refused, match="经费管理人员"):
            actions.reverse_payment(payment=payment, reason="账号有误", by=people[who], at=later)
    assert Payment.objects.count() == 1
    negative = actions.reverse_payment(payment=payment, reason="账号有误", by=people["finance"], at=later)
    first.refresh_from_db()
    assert (negative.amount, negative.reverses, negative.note) == (-payment.amount, payment, "账号有误")
    assert (first.state, first.paid, first.due_at) == (InstalmentState.DUE, 0, due(later, 20))
    assert payment_deadline(first).due_at == due(later, 20)
    again = pay(first, by=people["finance"], voucher="V9")
    assert again.amount == payment.amount
    with pytest.raises(Refused, match="已经冲销"):
        actions.reverse_payment(payment=payment, reason="再来", by=people["finance"], at=later)
    with pytest.raises(Refused, match="本身是冲销"):
        actions.reverse_payment(payment=negative, reason="再来", by=people["finance"], at=later)


def test_a_reversal_says_why(project):
    found, people = project
    payment = pay(instalment_of(found), by=people["finance"])
    with pytest.raises(Refused, match="理由") as refused:
        actions.reverse_payment(payment=payment, reason=" ", by=people["finance"], at=AT)
    assert refused.value.field == "reason"


# ---- the end ----


def test_when_everything_is_accepted_and_paid_the_agreement_is_completed(project):
    found, people = project
    pay(instalment_of(found), by=people["finance"])
    accept(found, people, "prototype")
    accept(found, people, "final")
    found.refresh_from_db()
    assert found.state == AgreementState.IN_FORCE
    pay(instalment_of(found, "尾款"), by=people["finance"])
    found.refresh_from_db()
    assert found.state == AgreementState.COMPLETED
    assert queries.totals_of(Instalment.objects.filter(agreement=found)) == {
        "amount": HALF,
        "due": Decimal(0),
        "paid": HALF,
    }


def test_the_last_acceptance_completes_when_the_money_is_out():
    plan = [{"name": "首笔", "share": 100, "condition": Condition.SIGNED}]
    found, people = fresh(call=project_call(plan=plan))
    pay(instalment_of(found), by=people["finance"])
    accept(found, people, "prototype")
    accept(found, people, "final")
    assert Agreement.objects.get(pk=found.pk).state == AgreementState.COMPLETED


# ---- clauses that hold before a payment ----


def test_nothing_is_paid_before_the_unit_has_certified_what_the_notice_wants_then(client):
    rule = {
        "code": "employed",
        "text": "负责人仍受雇于本单位。",
        "clause": "第六条",
        "scope": "pi",
        "automation": "auto",
        "expression": "instalment.order < 2 || pi.name == '无'",
        "moment": "payment",
        "is_certified": True,
    }
    call = project_call()
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    in_order(EligibilityRule, [rule], call=call)
    found, people = fresh(call=publish(call))
    first, clause = instalment_of(found), EligibilityRule.objects.get()
    clock = Deadline.objects.open().filter(kind=DeadlineKind.LATER_CONDITION)
    assert clock.get().obligors.get().unit_role == "admin"
    assert list(obligations.check(at=AT)) == []

    with pytest.raises(Refused) as refused:
        pay(first, by=people["finance"])
    assert (refused.value.message, refused.value.clause) == (
        "单位还没有确认“负责人仍受雇于本单位”。",
        "第六条",
    )
    client.force_login(people["unit_admin"])
    page = f"/projects/{found.pk}/conditions/"
    said = {
        "place": first.order,
        "rule": clause.pk,
        "do": "certify",
        f"c{first.order}-{clause.pk}-agree": "on",
    }
    assert client.post(page, said).status_code == 302
    assert not clock.exists()
    assert list(obligations.check(at=AT)) == []
    client.force_login(people["manager"])
    marked = {
        "place": first.order,
        "rule": clause.pk,
        "do": "mark",
        f"m{first.order}-{clause.pk}-status": "passed",
    }
    assert client.post(page, marked).status_code == 302

    pay(first, by=people["finance"])
    assert ConditionCheck.objects.get().settled_at == AT
    # Of the next payment the same clause is asked anew.
    with pytest.raises(Refused):
        actions.certify(instalment=instalment_of(found, "尾款"), rule=clause, by=people["unit_admin"], at=AT)
