"""A demand once it is handed in: argued, listed, returned, withdrawn; by whom and from which state."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.roles import Role, UnitRole
from core.workflow import Refused
from exchange import actions, rules
from exchange.models import Demand, DemandScheme
from exchange.states import DemandState
from grants import actions as grants
from grants.models import Sourcing, Topic
from notifications.models import Deadline, Message
from tests.factories.accounts import (
    OrganisationFactory,
    UserFactory,
    member_of,
    officer,
)
from tests.factories.exchange import DemandFactory, argued, submitted
from tests.factories.reviews import CallFactory, bid_call, manager_of, publish
from tests.factories.standing import attempt

pytestmark = pytest.mark.django_db
S = DemandState


# ---- handing in ----


def test_handing_in_opens_the_departments_deadline_with_its_clause():
    at = datetime(2026, 5, 11, 2, tzinfo=UTC)
    call = CallFactory(sourcing=Sourcing.DEMAND, closes_at=None, bid_days=20, opens_at=at - timedelta(days=9))
    DemandScheme.objects.create(call=call, argument_days=5, clause="第六条")
    demand = DemandFactory(call=publish(call))

    actions.submit(demand=demand, by=demand.created_by, at=at)

    deadline = Deadline.objects.get()
    assert deadline.kind == "demand_argument"
    assert deadline.explanation == "自 2026-05-11 提交起 5 个工作日内论证，依据第六条"
    assert timezone.localtime(deadline.due_at).date().isoformat() == "2026-05-18"
    assert deadline.department == call.programme.department
    assert list(Deadline.objects.owed_by(manager_of(call))) == [deadline]
    assert list(Deadline.objects.owed_by(officer(Role.PROGRAMME_MANAGER))) == []


def test_handing_in_lists_every_problem_with_its_field():
    unit = OrganisationFactory()
    user = member_of(unit)
    call = bid_call()
    demand = actions.post(call=call, organisation=unit, by=user, at=timezone.now())
    actions.save(
        demand=demand,
        values={
            "title": "密封件",
            "field": "海洋装备",
            "problem": "甲",
            "amount": Decimal(100),
            "offered_amount": Decimal(200),
            "deadline_date": timezone.localdate(),
            "indicators": [{"name": "寿命", "target": "", "unit": ""}],
        },
        typed={"contact_phone": "12"},
        by=user,
        at=timezone.now(),
    )

    with pytest.raises(rules.Incomplete) as incomplete:
        actions.submit(demand=demand, by=user, at=timezone.now())

    assert [problem.field for problem in incomplete.value.problems] == [
        "contact_phone",
        "public_summary",
        "ip_ownership",
        "offered_amount",
        "deadline_date",
        "indicators",
    ]
    assert Demand.objects.get().state == S.DRAFT
    assert not Deadline.objects.exists()


def test_handing_in_twice_is_refused_and_leaves_one_deadline():
    demand = submitted()

    with pytest.raises(Refused):
        actions.submit(demand=demand, by=demand.created_by, at=timezone.now())

    assert Deadline.objects.count() == 1


# ---- the bureau ----


def test_the_manager_argues_and_the_unit_hears_of_it():
    demand = submitted()
    admin = member_of(demand.organisation, role=UnitRole.ADMIN)
    manager = manager_of(demand.call)

    actions.argue(demand=demand, opinion="指标可行", accept=True, by=manager, at=timezone.now())

    assert (demand.state, demand.argued_by, demand.argument_opinion) == (S.ARGUED, manager, "指标可行")
    assert Deadline.objects.get().state == "met"
    told = Message.objects.order_by("recipient_id")
    assert [(m.recipient, m.template) for m in told] == [
        (demand.created_by, "exchange/argued"),
        (admin, "exchange/argued"),
    ]


def test_an_argument_against_ends_the_demand():
    demand = submitted()

    actions.argue(
        demand=demand, opinion="与产业无关", accept=False, by=manager_of(demand.call), at=timezone.now()
    )

    assert demand.state == S.REJECTED
    assert Message.objects.get().template == "exchange/rejected"


def test_a_returned_demand_is_written_again_and_handed_in_again():
    demand = submitted()
    at = timezone.now()

    actions.return_demand(demand=demand, reason="指标不清", by=manager_of(demand.call), at=at)
    actions.save(demand=demand, values={"title": "更清楚的名称"}, by=demand.created_by, at=at)
    actions.submit(demand=demand, by=demand.created_by, at=at)

    assert (demand.state, demand.title) == (S.SUBMITTED, "更清楚的名称")
    assert list(Deadline.objects.order_by("id").values_list("state", flat=True)) == ["met", "open"]
    assert Message.objects.get().context["note"] == "指标不清"


def test_listing_makes_a_topic_of_the_public_words_alone():
    demand = argued()
    at = datetime(2026, 5, 11, 2, tzinfo=UTC)

    topic = actions.list_demand(demand=demand, by=manager_of(demand.call), at=at)

    assert (demand.state, demand.topic) == (S.LISTED, topic)
    assert (topic.title, topic.content, topic.amount) == (
        demand.title,
        "提高深海密封件的寿命",
        Decimal(1_500_000),
    )
    assert (topic.owner, topic.owner_is_public) == (demand.organisation, False)
    assert timezone.localtime(topic.bids_close_at).date().isoformat() == "2026-05-31"
    said = " ".join(str(getattr(topic, field.name)) for field in Topic._meta.concrete_fields)
    assert "机密甲" not in said


def test_a_number_used_before_is_refused_and_nothing_is_listed():
    first = argued()
    manager = manager_of(first.call)
    actions.list_demand(demand=first, number="QD-001", by=manager, at=timezone.now())
    other = DemandFactory(call=first.call)
    actions.submit(demand=other, by=other.created_by, at=timezone.now())
    actions.argue(demand=other, opinion="可", accept=True, by=manager, at=timezone.now())

    with pytest.raises(Refused) as refused:
        actions.list_demand(demand=other, number="QD-001", by=manager, at=timezone.now())

    assert refused.value.field == "number"
    assert Demand.objects.get(pk=other.pk).state == S.ARGUED


def test_an_argued_demand_may_still_not_be_listed():
    demand = argued()

    actions.refuse_listing(demand=demand, reason="预算用完", by=manager_of(demand.call), at=timezone.now())

    assert (demand.state, Topic.objects.count()) == (S.REJECTED, 0)


MOVES = {
    "argue": {"opinion": "可", "accept": True},
    "return_demand": {"reason": "不清"},
    "list_demand": {},
    "refuse_listing": {"reason": "不列"},
}


def test_only_managers_of_the_department_handle_demands(subtests):
    waiting, listable = submitted(), argued()
    others = {
        "member": waiting.created_by,
        "stranger": UserFactory(),
        "other_manager": officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        **{
            role: officer(role)
            for role in (Role.LEADER, Role.FINANCE, Role.SUPERVISION, Role.AUDITOR, Role.EXPERT)
        },
    }
    for move, terms in MOVES.items():
        demand = waiting if move in ("argue", "return_demand") else listable
        before = demand.state
        for name, by in others.items():
            with subtests.test(f"{move} {name}"), pytest.raises(Refused):
                getattr(actions, move)(demand=demand, by=by, at=timezone.now(), **terms)
        assert Demand.objects.get(pk=demand.pk).state == before


ALLOWED = {
    "submit": {S.DRAFT, S.RETURNED},
    "withdraw": {S.DRAFT, S.SUBMITTED, S.RETURNED},
    "argue": {S.SUBMITTED},
    "return_demand": {S.SUBMITTED},
    "list_demand": {S.ARGUED},
    "refuse_listing": {S.ARGUED},
}


@pytest.mark.parametrize("state", list(S))
def test_each_move_is_possible_from_its_states_only(subtests, state):
    key = DemandFactory().pk
    _put(Demand.objects.get(pk=key), state)
    for move, allowed in ALLOWED.items():
        with attempt(subtests, move):
            demand = Demand.objects.get(pk=key)
            by = demand.created_by if move in ("submit", "withdraw") else manager_of(demand.call)
            terms = {"reason": "改主意"} if move == "withdraw" else MOVES.get(move, {})
            if state in allowed:
                getattr(actions, move)(demand=demand, by=by, at=timezone.now(), **terms)
                assert demand.state != state
            else:
                with pytest.raises(Refused):
                    getattr(actions, move)(demand=demand, by=by, at=timezone.now(), **terms)
                assert Demand.objects.get(pk=key).state == state


def _put(demand, state):
    at, manager = timezone.now(), manager_of(demand.call)
    if state == S.WITHDRAWN:
        actions.withdraw(demand=demand, reason="", by=demand.created_by, at=at)
        return
    if state == S.DRAFT:
        return
    actions.submit(demand=demand, by=demand.created_by, at=at)
    if state == S.RETURNED:
        actions.return_demand(demand=demand, reason="不清", by=manager, at=at)
    if state in (S.ARGUED, S.LISTED, S.REJECTED):
        actions.argue(demand=demand, opinion="可", accept=state != S.REJECTED, by=manager, at=at)
    if state == S.LISTED:
        actions.list_demand(demand=demand, by=manager, at=at)


def test_withdrawing_what_was_handed_in_needs_a_reason_and_cancels_the_deadline():
    demand = submitted()

    with pytest.raises(Refused) as refused:
        actions.withdraw(demand=demand, reason=" ", by=demand.created_by, at=timezone.now())
    actions.withdraw(demand=demand, reason="自行解决", by=demand.created_by, at=timezone.now())

    assert refused.value.field == "reason"
    assert (demand.state, Deadline.objects.get().state) == (S.WITHDRAWN, "cancelled")


@pytest.mark.parametrize("move", ["return_demand", "refuse_listing"])
def test_nobody_says_no_without_a_reason(move):
    demand = submitted() if move == "return_demand" else argued()

    with pytest.raises(Refused) as refused:
        getattr(actions, move)(demand=demand, reason="  ", by=manager_of(demand.call), at=timezone.now())

    assert refused.value.field == "reason"


def test_the_unit_hears_when_its_topic_is_listed_again():
    demand, at = submitted(), timezone.now()
    manager = manager_of(demand.call)
    actions.argue(demand=demand, opinion="可", accept=True, by=manager, at=at)
    topic = actions.list_demand(demand=demand, by=manager, at=at)
    grants.topic_unfilled(topic=topic, by=manager, at=at)
    closes = at + timedelta(days=30)
    told = Message.objects.filter(template="exchange/listed")
    before = told.count()

    grants.relist_topic(topic=topic, bids_close_at=closes, by=manager, at=at)

    assert told.count() == before * 2 > 0
    assert told.latest("id").context["bids_close_at"] == closes.isoformat()
