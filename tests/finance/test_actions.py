import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from awards.models import Agreement, Decision, Outcome
from awards.states import AgreementState
from core.calendar import due, local_date
from core.models import Event
from core.workflow import Lost, Refused
from finance import actions, queries, rules
from finance.models import Appropriation, Commitment, Condition, Instalment, InstalmentTemplate, Payment
from finance.states import INSTALMENT, InstalmentState
from grants import signals as grants
from grants.models import Call, Instrument
from milestones import actions as milestones
from notifications.models import Deadline, DeadlineKind, Message
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import (
    AT,
    PARTIES,
    agreement,
    draft_agreement,
    hand_in,
    milestone_of,
    payee,
    people_of,
    project_call,
)
from tests.factories.reviews import ApplicationFactory, CallFactory
from tests.factories.standing import attempt, others

HALF = Decimal(500_000)


def project(**kwargs):
    found = agreement(owner=OrganisationFactory(), **kwargs)
    return found, people_of(found)


def instalment_of(found, name="首笔") -> Instalment:
    return Instalment.objects.get(agreement=found, name=name)


def pay(instalment, *, by, at=AT, **kwargs) -> Payment:
    payee(instalment.agreement)
    return actions.record_payment(
        instalment=instalment,
        **{
            "amount": instalment.unpaid,
            "paid_date": local_date(at),
            "voucher": f"V{instalment.pk}",
            **kwargs,
        },
        by=by,
        at=at,
    )


def accept(found, people, code, *, at=AT):
    report = hand_in(milestone_of(found, code), at=at)
    if report.milestone.needs_demander_opinion:
        milestones.give_opinion(report=report, opinion="accept", text="", by=people["demander"], at=at)
    milestones.conclude(report=report, outcome="accepted", note="", by=people["manager"], at=at)


def payment_deadline(instalment) -> Deadline | None:
    return Deadline.objects.open().filter(object_id=instalment.pk, kind=DeadlineKind.PAYMENT).first()


# ---- committing ----


def decide(application, amount=HALF, by=None) -> Decision:
    return Decision.objects.create(
        application=application,
        outcome=Outcome.FUND,
        amount=amount,
        reason="符合",
        by=by or application.created_by,
        at=AT,
    )


def budget(call, amount) -> Appropriation:
    return Appropriation.objects.create(programme=call.programme, year=call.year, amount=amount)


@pytest.mark.django_db
def test_without_a_budget_nothing_is_committed():
    application = ApplicationFactory()
    with pytest.raises(Refused, match="2026 年度还没有预算安排") as refused:
        actions.commit(decision=decide(application), by=None, at=AT)
    assert refused.value.field == "amount"


@pytest.mark.django_db
def test_a_commitment_counts_and_the_sentence_says_what_is_left():
    call = project_call()
    held = budget(call, Decimal(800_000))
    first = ApplicationFactory(call=call)
    actions.commit(decision=decide(first), by=None, at=AT)
    held.refresh_from_db()
    assert (held.committed, held.left) == (HALF, Decimal(300_000))
    with pytest.raises(Refused, match="还可安排 30 万元，本项拟资助 50 万元") as refused:
        actions.commit(decision=decide(ApplicationFactory(call=call)), by=None, at=AT)
    assert (refused.value.field, refused.value.code) == ("amount", "overcommitted")
    actions.release(application=first, by=None, at=AT)
    actions.release(application=first, by=None, at=AT)
    held.refresh_from_db()
    assert held.committed == 0


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_cannot_share_the_same_money():
    call = project_call()
    budget(call, Decimal(800_000))
    decisions = [decide(ApplicationFactory(call=call)) for _ in range(2)]
    results = at_once(*(lambda d=d: actions.commit(decision=d, by=None, at=AT) for d in decisions))
    assert sorted(type(result).__name__ for result in results) == ["Commitment", "Refused"]
    assert Appropriation.objects.get().committed == HALF
    assert Commitment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ending_frees_what_was_not_paid_whoever_pays_or_decides_at_once():
    """The payment is counted or refused; two decisions cannot share what became free."""
    found, people = project()
    application = found.award.application
    budget(application.call, HALF)
    actions.commit(decision=decide(application), by=None, at=AT)
    first = instalment_of(found)
    payee(found)
    people["finance"], people["leader"]
    asked = {"end": "terminated", "ground": "other", "reason": "x", "files": []}
    termination = milestones.ask_termination(agreement=found, **asked, by=people["manager"], at=AT)
    terms = {"opinion": "同意", "clause": "第十八条", "by": people["leader"], "at": AT}
    at_once(
        lambda: milestones.terminate(termination=termination, **terms),
        lambda: pay(first, by=people["finance"], amount=Decimal(100_000)),
    )
    held, kept = Appropriation.objects.get(), instalment_of(found).paid
    assert kept in (0, 100_000)
    assert (held.committed, Commitment.objects.get().kept) == (kept, kept)
    assert instalment_of(found).state == InstalmentState.CANCELLED
    decisions = [decide(ApplicationFactory(call=application.call), Decimal(300_000)) for _ in range(2)]
    results = at_once(*(lambda d=d: actions.commit(decision=d, by=None, at=AT) for d in decisions))
    assert sorted(type(result).__name__ for result in results) == ["Commitment", "Refused"]
    held.refresh_from_db()
    assert held.committed == kept + 300_000


def at_once(*functions) -> list:
    """What each gave or raised, all started together in threads of their own."""
    gate, results = threading.Barrier(len(functions)), []

    def run(function):
        try:
            gate.wait()
            results.append(function())
        except Refused as refused:
            results.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# ---- planning ----


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        ("1000000", ("60", "40"), ["600000.00", "400000.00"]),
        ("1000000", ("33.33", "33.33", "33.34"), ["333300.00", "333300.00", "333400.00"]),
        ("1000000.01", ("50", "50"), ["500000.01", "500000.00"]),
        ("0.05", ("33.33", "33.33", "33.34"), ["0.02", "0.01", "0.02"]),
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


@pytest.mark.django_db
def test_the_plan_names_its_milestones():
    found = draft_agreement()
    rows = Instalment.objects.filter(agreement=found).order_by("order")
    assert [(row.name, row.amount, row.state, row.milestone and row.milestone.code) for row in rows] == [
        ("首笔", Decimal(300_000), "planned", None),
        ("尾款", Decimal(200_000), "planned", "final"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("instrument", "condition", "milestone"),
    [(Instrument.GRANT, "signed", None), (Instrument.EX_POST, "milestone", "final")],
)
def test_a_notice_without_a_plan_pays_in_one_sum(instrument, condition, milestone):
    found = draft_agreement(call=project_call(plan=(), instrument=instrument))
    row = Instalment.objects.get(agreement=found)
    assert (row.name, row.amount, row.condition) == ("一次拨付", HALF, condition)
    assert (row.milestone and row.milestone.code) == milestone


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_on_signing_the_first_instalment_is_due_within_twenty_working_days():
    found, people = project()
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


@pytest.mark.django_db
def test_an_accepted_milestone_makes_its_instalment_due():
    found, people = project()
    accept(found, people, "prototype")
    assert instalment_of(found, "尾款").state == InstalmentState.PLANNED
    accept(found, people, "final")
    last = instalment_of(found, "尾款")
    assert (last.state, last.due_at) == (InstalmentState.DUE, due(AT, 20))


@pytest.mark.django_db
def test_a_failed_milestone_holds_its_money():
    found, people = project()
    report = hand_in(milestone_of(found, "final"))
    milestones.conclude(report=report, outcome="failed", note="未达标", by=people["manager"], at=AT)
    last = instalment_of(found, "尾款")
    assert last.state == InstalmentState.PLANNED
    with pytest.raises(Refused, match="条件未成就"):
        pay(last, by=people["finance"])


@pytest.mark.django_db
def test_funding_that_falls_away_cancels_what_is_not_paid():
    found, people = project()
    actions.release(application=found.award.application, by=people["manager"], at=AT)
    assert set(Instalment.objects.values_list("state", flat=True)) == {"cancelled"}
    assert not Deadline.objects.open().filter(kind=DeadlineKind.PAYMENT).exists()


# ---- paying ----


@pytest.mark.django_db
def test_only_finance_pays(subtests):
    found, people = project()
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


@pytest.mark.django_db
def test_part_by_part_until_nothing_is_left():
    found, people = project()
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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"amount": Decimal("1.001")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": "much"}, "amount"),
        ({"amount": Decimal(300_001)}, "amount"),
        ({"paid_date": local_date(AT) + timedelta(days=1)}, "paid_date"),
        ({"voucher": "  "}, "voucher"),
        ({"payee_account": "6222 0210 0112 3456 780"}, "payee_account"),
    ],
)
def test_a_wrong_payment_gets_a_sentence(change, field):
    found, people = project()
    first = instalment_of(found)
    with pytest.raises(Refused) as refused:
        pay(first, by=people["finance"], **change)
    assert refused.value.field == field
    assert not Payment.objects.exists()


@pytest.mark.django_db
def test_a_voucher_is_used_once():
    found, people = project()
    first = instalment_of(found)
    pay(first, by=people["finance"], amount=Decimal(1), voucher="记-001")
    with pytest.raises(Refused, match="凭证号“记-001”已经登记过") as refused:
        pay(first, by=people["finance"], amount=Decimal(1), voucher=" 记-001 ")
    assert refused.value.field == "voucher"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("amount", "paid"), [(300_000, 300_000), (200_000, 200_000), (150_000, 300_000)])
def test_two_payments_at_once_never_exceed_the_instalment(amount, paid):
    found, people = project()
    payee(found)  # before the two: they register no account each

    def one(voucher):
        return lambda: pay(
            instalment_of(found), by=people["finance"], amount=Decimal(amount), voucher=voucher
        )

    results = at_once(one("A"), one("B"))
    refused = [result for result in results if isinstance(result, Refused)]
    assert len(refused) == (0 if amount == 150_000 else 1)
    first = instalment_of(found)
    assert first.paid == paid
    assert first.state == (InstalmentState.PAID if paid == 300_000 else InstalmentState.DUE)
    assert sum(Payment.objects.values_list("amount", flat=True)) == paid


# ---- reversing ----


@pytest.mark.django_db
def test_only_finance_reverses(subtests):
    found, people = project()
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


@pytest.mark.django_db
def test_a_reversal_says_why():
    found, people = project()
    payment = pay(instalment_of(found), by=people["finance"])
    with pytest.raises(Refused, match="理由") as refused:
        actions.reverse_payment(payment=payment, reason=" ", by=people["finance"], at=AT)
    assert refused.value.field == "reason"


@pytest.mark.django_db(transaction=True)
def test_two_reversals_at_once_reverse_once():
    found, people = project()
    payment = pay(instalment_of(found), by=people["finance"], amount=Decimal(1000))
    reverse = lambda: actions.reverse_payment(payment=payment, reason="误", by=people["finance"], at=AT)  # noqa: E731
    results = at_once(reverse, reverse)
    assert sorted(type(result).__name__ for result in results) in (
        ["Lost", "Payment"],
        ["Payment", "Refused"],
    )
    assert instalment_of(found).paid == 0
    assert isinstance(Lost("", code="lost"), Refused)


# ---- the end ----


@pytest.mark.django_db
def test_when_everything_is_accepted_and_paid_the_agreement_is_completed():
    found, people = project()
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


@pytest.mark.django_db
def test_the_last_acceptance_completes_when_the_money_is_out():
    plan = [{"name": "首笔", "share": 100, "condition": Condition.SIGNED}]
    found, people = project(call=project_call(plan=plan))
    pay(instalment_of(found), by=people["finance"])
    accept(found, people, "prototype")
    accept(found, people, "final")
    assert Agreement.objects.get(pk=found.pk).state == AgreementState.COMPLETED


# ---- who sees, what the database holds ----


@pytest.mark.django_db
def test_the_parties_see_the_money_and_few_the_account():
    found, people = project()
    payment = pay(instalment_of(found), by=people["finance"])
    assert {n for n, u in people.all().items() if Instalment.objects.visible_to(u).exists()} == PARTIES
    assert {n for n, u in people.all().items() if Payment.objects.visible_to(u).exists()} == PARTIES
    whole = {n for n, u in people.all().items() if rules.can_see_account(u, payment)}
    assert whole == {"finance", "unit_admin", "unit_finance"}


@pytest.mark.django_db
def test_the_budget_is_for_the_bureau():
    found, people = project()
    budget(found.award.application.call, HALF)
    seen = {n for n, u in people.all().items() if Appropriation.objects.visible_to(u).exists()}
    assert seen == {"manager", "leader", "finance", "auditor"}


@pytest.mark.django_db
def test_short_accounts_are_hidden_whole():
    assert Payment(payee_account="12345678").masked_account == "****"


@pytest.mark.django_db
def test_money_is_sealed():
    found, people = project()
    held = budget(found.award.application.call, HALF)
    actions.commit(decision=decide(found.award.application), by=None, at=AT)
    first = instalment_of(found)
    payment = pay(first, by=people["finance"])
    attacks = [
        lambda: Appropriation.objects.filter(pk=held.pk).update(amount=1),
        lambda: Appropriation.objects.filter(pk=held.pk).update(committed=HALF + 1),
        lambda: Commitment.objects.update(amount=1),
        lambda: Commitment.objects.all()._raw_delete("default"),
        lambda: Instalment.objects.filter(pk=first.pk).update(amount=1),
        lambda: Instalment.objects.filter(pk=first.pk)._raw_delete("default"),
        lambda: Instalment.objects.filter(pk=first.pk).update(paid=first.amount + 1),
        lambda: Instalment.objects.filter(pk=first.pk).update(paid=-1),
        lambda: Instalment.objects.filter(name="尾款").update(state="paid"),
        lambda: Instalment.objects.filter(name="尾款").update(state="due"),
        lambda: Payment.objects.update(amount=1),
        lambda: Payment.objects.all()._raw_delete("default"),
        lambda: Payment.objects.create(
            instalment=first,
            amount=-1,
            paid_date=payment.paid_date,
            voucher="X",
            payee_account="1",
            payee_bank="1",
            recorded_by=people["finance"],
            recorded_at=AT,
        ),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("amount", [Decimal(1), Decimal("499999.99"), Decimal("500000.01")])
def test_instalments_that_do_not_add_up_are_refused_at_commit(amount):
    call = project_call(plan=())
    with pytest.raises(DatabaseError, match="do not add up to the award"):
        _with_one_more(call, amount)
    assert not Instalment.objects.exists()


@transaction.atomic
def _with_one_more(call, amount):
    Instalment.objects.create(
        agreement=draft_agreement(call=call), order=2, name="多出", amount=amount, condition=Condition.SIGNED
    )


def test_every_state_names_who_may_write_and_no_move_is_forgotten():
    assert set(INSTALMENT.owners) == set(InstalmentState.values)
    moves = {(old, new) for old, news in INSTALMENT.transitions.items() for new in news}
    assert moves == {
        ("planned", "due"),
        ("paid", "cancelled"),
        ("planned", "cancelled"),
        ("due", "paid"),
        ("due", "cancelled"),
        ("paid", "due"),
    }
