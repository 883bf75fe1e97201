"""Who decides, how much, how many; what a decision leaves behind."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.roles import Role
from applications import actions as applications
from applications.models import Application
from applications.states import ApplicationState
from awards import actions
from awards.models import Award, Decision, Outcome
from core.workflow import Lost, Refused
from finance.models import Commitment
from grants.models import Call, Instrument, ProjectType, Quota, StageKind
from reviews.models import DemanderChoice
from tests.factories.accounts import member_of, officer
from tests.factories.applications import put, submitted
from tests.factories.awards import (
    NOW,
    beside,
    budget,
    decide,
    leader,
    to_decide,
)
from tests.factories.grants import CallFactory
from tests.factories.reviews import ApplicationFactory, TopicFactory, bid_call, manager_of, panel_call
from tests.factories.standing import attempt

pytestmark = pytest.mark.django_db
S = ApplicationState


def test_managers_of_the_department_and_leaders_decide(subtests):
    application = to_decide()
    for by in (manager_of(application.call), leader(), officer(Role.SYSADMIN)):
        with attempt(subtests, str(by)):
            decision = decide(application, by=by)
            assert (decision.amount, decision.cap, decision.by) == (Decimal(500_000), Decimal(1_000_000), by)
            assert Application.objects.get().state == S.DECISION
            assert Commitment.objects.get().amount == Decimal(500_000)


def test_nobody_else_decides(subtests):
    application = to_decide()
    names = ("other_manager", "finance", "supervision", "auditor", "expert", "admin", "stranger")
    for name, by in beside(application, *names).items():
        with subtests.test(name), pytest.raises(Refused):
            decide(application, by=by)
    assert not Decision.objects.exists()


def test_only_what_stands_for_decision_is_decided(subtests):
    application = ApplicationFactory(reached=S.DECISION)
    for state in sorted(set(S) - {S.DECISION, S.RESERVED, S.DRAFT}):
        with subtests.test(state.value):
            with pytest.raises(Refused) as refused:
                decide(put(application, state))
            assert refused.value.code == "not_allowed"


@pytest.mark.parametrize(
    ("amount", "limit", "clause"),
    [
        ("1000000.01", "cap", "第三条"),
        ("800000.01", "topic", "T-1"),
        ("600000.01", "requested", ""),
        ("0", "", "第三条"),
    ],
)
def test_the_amount_keeps_within_every_limit(amount, limit, clause):
    call = bid_call()
    topic = TopicFactory(call=call, number="T-1")
    requested = Decimal(600_000) if limit == "requested" else Decimal(5_000_000)
    application = to_decide(call=call, topic=topic, requested_amount=requested)

    with pytest.raises(Refused) as refused:
        decide(application, amount=Decimal(amount))

    assert (refused.value.field, refused.value.clause) == ("amount", clause)
    assert not Decision.objects.exists()
    assert not Commitment.objects.exists()


def test_the_amount_may_reach_the_limit_to_the_cent():
    application = to_decide(requested_amount=Decimal(5_000_000))

    assert decide(application, amount=Decimal(1_000_000)).amount == Decimal(1_000_000)


def test_a_call_without_cap_is_limited_by_the_request_alone():
    application = to_decide(call=panel_call(cap=None), requested_amount=Decimal(90_000_000))

    assert decide(application, amount=Decimal(90_000_000)).cap is None


def test_a_call_without_public_money_is_won_for_nothing_and_needs_no_budget():
    application = ApplicationFactory(
        reached=S.DECISION, call=panel_call(instrument=Instrument.NONE), requested_amount=Decimal(0)
    )

    with pytest.raises(Refused) as refused:
        decide(application, amount=Decimal(1))
    decision = decide(application, amount=Decimal(0))

    assert refused.value.message == "这个通知不安排财政资金，拟资助额应为 0。"
    assert (decision.amount, decision.cap) == (0, 0)
    assert not Commitment.objects.exists()


@pytest.mark.parametrize("cap", [None, Decimal(1)])
def test_the_database_refuses_an_empty_award_where_money_is_granted(cap):
    application = to_decide()
    by = leader()

    with pytest.raises(IntegrityError, match="decision_fund_has_amount"), transaction.atomic():
        Decision.objects.create(
            application=application, outcome=Outcome.FUND, amount=0, cap=cap, reason="好", by=by, at=NOW
        )
    with pytest.raises(IntegrityError, match="award_positive"), transaction.atomic():
        Award.objects.create(application=application, number="1", amount=0, cap=cap, awarded_at=NOW)


def test_without_budget_the_decision_is_refused_and_not_written():
    application = ApplicationFactory(reached=S.DECISION)
    budget(application.call, Decimal(100))

    with pytest.raises(Refused) as refused:
        decide(application)

    assert refused.value.field == "amount"
    assert not Decision.objects.exists()


def test_a_second_decision_is_lost():
    application = to_decide()
    decide(application)

    with pytest.raises(Lost):
        decide(application, by=leader())

    assert Decision.objects.count() == 1


def test_a_rejection_needs_a_reason_and_ends_the_application():
    application = to_decide()
    manager = manager_of(application.call)

    with pytest.raises(Refused) as refused:
        actions.decide(
            application=application, outcome=Outcome.REJECT, amount=Decimal(0), reason=" ", by=manager, at=NOW
        )
    decide(application, outcome=Outcome.REJECT)

    assert refused.value.field == "reason"
    assert Application.objects.get().state == S.REJECTED
    assert not Commitment.objects.exists()


def test_a_reserve_stays_and_may_be_funded_later_but_is_no_reserve_twice():
    application = to_decide()
    decide(application, outcome=Outcome.RESERVE, amount=Decimal(999_999_999))

    with pytest.raises(Refused):
        decide(application, outcome=Outcome.RESERVE)
    decide(application)

    outcomes = Decision.objects.order_by("id").values_list("outcome", "amount")
    assert list(outcomes) == [("reserve", Decimal(0)), ("fund", Decimal(500_000))]


def bids(count=2, **topic):
    call = bid_call()
    topic = TopicFactory(call=call, **topic)
    budget(call)
    return topic, [ApplicationFactory(call=call, topic=topic, reached=S.DECISION) for _n in range(count)]


def choose(topic, application):
    DemanderChoice.objects.create(
        topic=topic, application=application, reason="路线合适", by=member_of(topic.owner), at=NOW
    )


def test_the_demanders_choice_is_a_veto():
    topic, (chosen, other) = bids()
    choose(topic, chosen)

    with pytest.raises(Refused) as refused:
        decide(other)
    decide(chosen)

    assert refused.value.code == "not_chosen"
    assert Decision.objects.get().application == chosen


def test_the_next_bid_may_be_funded_when_the_chosen_one_fell_away():
    topic, (chosen, other) = bids()
    choose(topic, chosen)
    decide(chosen, outcome=Outcome.REJECT)

    assert decide(other).outcome == Outcome.FUND


def test_no_more_bids_are_proposed_than_the_topic_plans():
    _topic, (first, second) = bids()
    decide(first)

    with pytest.raises(Refused) as refused:
        decide(second)

    assert refused.value.message == "榜单任务计划立项 1 个，已经有拟立项的揭榜书。"


def test_no_more_are_funded_than_the_notice_says_in_all_and_of_each_type():
    call = panel_call()
    Call.objects.filter(pk=call.pk).update(state="draft", published_at=None)
    big, small = (
        ProjectType.objects.create(call=call, code=code, name=code, order=n)
        for n, code in enumerate(("big", "small"))
    )
    for kind, most in ((big, 1), (None, 2)):
        Quota.objects.create(
            call=call, of="award", project_type=kind, number=most, clause="第六条", order=most
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Quota.objects.create(call=call, of="award", project_type=small, formula="1", order=3)
    Call.objects.filter(pk=call.pk).update(state="published", published_at=NOW)
    call.refresh_from_db()
    first, second, *others = (
        to_decide(call=call, project_type=kind) for kind in (big, big, small, small, small)
    )
    budget(call)
    decide(first)
    with pytest.raises(Refused) as refused:
        decide(second)
    assert (refused.value.clause, refused.value.message) == (
        "第六条",
        "“big”最多立项 1 项，已经满额；可以先列为备选。",
    )
    decide(second, outcome=Outcome.RESERVE)
    decide(others[0])
    with pytest.raises(Refused) as refused:
        decide(others[1])
    assert refused.value.code == "full"
    first.refresh_from_db()
    applications.withdraw(application=first, reason="另有安排", by=first.created_by, at=NOW)
    assert decide(second).outcome == Outcome.FUND
    with pytest.raises(Refused):
        decide(others[2])


def test_a_withdrawal_after_the_decision_frees_the_money():
    application = to_decide()
    decide(application)
    application.refresh_from_db()

    applications.withdraw(application=application, reason="另有安排", by=application.created_by, at=NOW)

    assert Commitment.objects.get().released_at == NOW


def test_what_the_notice_asks_again_at_the_decision_has_to_hold_then():
    """A leader handed in twice while nothing was funded; only one of the two can be."""
    once = {
        "code": "funded_once",
        "text": "同一负责人只资助一项。",
        "hint": "负责人已有一项获得资助。",
        "clause": "第三条",
        "scope": "pi",
        "automation": "auto",
        "at_decision": True,
        "expression": "!pi.records.exists(r, r.in_call && r.status == 'running')",
    }
    call = CallFactory(parts__stages=(StageKind.DECISION, StageKind.AGREEMENT), parts__rules=[once])
    first, second = (put(submitted(call=call), S.DECISION) for _number in range(2))
    budget(call)
    decide(first)
    with pytest.raises(Refused, match="已有一项") as refused:
        decide(second)
    assert (refused.value.clause, refused.value.field) == ("第三条", "outcome")
    decide(second, outcome=Outcome.REJECT)


def test_what_another_office_proposes_counts_before_its_public_notice_is_over():
    """Two notices would fund one leader; whoever decides first does, though nothing is awarded yet."""
    once = {
        "code": "funded_once",
        "text": "同一负责人只资助一项。",
        "hint": "负责人已有一项获得资助。",
        "clause": "第三条",
        "scope": "pi",
        "automation": "auto",
        "at_decision": True,
        "expression": "!pi.records.exists(r, r.status == 'running') && history.pi_running == 0",
    }
    stages = (StageKind.DECISION, StageKind.PUBLICITY, StageKind.AGREEMENT)
    first, second = (
        put(submitted(call=CallFactory(parts__stages=stages, parts__rules=[once])), S.DECISION) for _n in "ab"
    )
    for application in (first, second):
        budget(application.call)
    decide(first)
    for state in (S.DECISION, S.PUBLICITY):
        put(first, state)
        with pytest.raises(Refused, match="已有一项"):
            decide(second)
    put(first, S.REJECTED)
    decide(second)
