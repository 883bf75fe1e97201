"""The demander's own choice, the end of bidding, and what a call's score sheet must be."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from applications.models import Application
from applications.states import ApplicationState
from core.workflow import Lost, Refused
from grants.actions import relist_topic
from grants.models import StageKind, Topic
from grants.signals import publishing
from grants.states import TopicState
from notifications.models import Message
from reviews import actions, queries, receivers, rules, tasks
from reviews.models import Criterion, DemanderChoice, ReviewScheme
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.reviews import (
    ApplicationFactory,
    CallFactory,
    TopicFactory,
    bid_call,
    manager_of,
    panel_call,
)

pytestmark = pytest.mark.django_db
S = ApplicationState
NOW = datetime(2026, 5, 11, 2, tzinfo=UTC)


def bids(count=2, *, reached=S.DEMANDER_CHOICE, **topic):
    call = bid_call()
    topic = TopicFactory(call=call, **topic)
    return topic, [ApplicationFactory(call=call, topic=topic, reached=reached) for _n in range(count)]


def choose(topic, application, *, by=None, reason="路线最合适"):
    return actions.choose(
        topic=topic, application=application, reason=reason, by=by or member_of(topic.owner), at=NOW
    )


# ---- the choice ----


def test_one_bid_is_chosen_and_all_go_on_to_the_decision():
    topic, (first, _second) = bids()

    choice = choose(topic, first)

    assert choice.application == first
    assert set(Application.objects.values_list("state", flat=True)) == {S.DECISION}
    assert Topic.objects.get().state == TopicState.CLOSED


def test_none_is_chosen_and_the_topic_is_unfilled():
    topic, _both = bids()

    choose(topic, None)

    assert set(Application.objects.values_list("state", flat=True)) == {S.REJECTED}
    assert Topic.objects.get().state == TopicState.UNFILLED
    assert DemanderChoice.objects.get().application is None


def test_a_topic_that_is_listed_again_is_chosen_for_again():
    topic, _both = bids()
    choose(topic, None)
    topic.refresh_from_db()
    later = NOW + timedelta(days=30)
    relist_topic(topic=topic, bids_close_at=later + timedelta(days=9), by=manager_of(topic.call), at=later)
    actions.close_bids(topic=topic, by=None, at=later + timedelta(days=10))
    assert Topic.objects.get().state == TopicState.UNFILLED  # nobody new: earlier bids do not count

    topic.refresh_from_db()
    again = later + timedelta(days=11)
    relist_topic(topic=topic, bids_close_at=again + timedelta(days=9), by=None, at=again)
    bid = ApplicationFactory(call=topic.call, topic=topic, reached=S.DEMANDER_CHOICE)
    Topic.objects.update(state=TopicState.CLOSED)
    topic.refresh_from_db()
    assert queries.choice_of(topic) is None
    choice = actions.choose(
        topic=topic, application=bid, reason="合适", by=member_of(topic.owner), at=again + timedelta(days=20)
    )

    assert queries.choice_of(topic) == choice
    assert DemanderChoice.objects.count() == 2
    with pytest.raises(Lost):
        actions.choose(topic=topic, application=bid, reason="再选", by=member_of(topic.owner), at=choice.at)


def test_a_choice_needs_a_reason_and_is_made_once():
    topic, (first, second) = bids()

    with pytest.raises(Refused) as refused:
        choose(topic, first, reason=" ")
    choose(topic, first)
    with pytest.raises(Lost):
        choose(topic, second)

    assert refused.value.field == "reason"
    assert DemanderChoice.objects.get().application == first


@pytest.mark.parametrize("state", [S.FORMAL_CHECK, S.EXPERT_REVIEW, S.RETURNED])
def test_the_choice_waits_for_every_bid(state):
    topic, (first,) = bids(1)
    ApplicationFactory(call=topic.call, topic=topic, reached=state)

    with pytest.raises(Refused) as refused:
        choose(topic, first)

    assert refused.value.code == "not_ready"
    assert not DemanderChoice.objects.exists()


@pytest.mark.parametrize("state", [S.REJECTED, S.WITHDRAWN, S.DRAFT])
def test_bids_that_are_out_of_the_race_are_not_waited_for(state):
    topic, (first,) = bids(1)
    out = ApplicationFactory(call=topic.call, topic=topic, reached=state)

    with pytest.raises(Refused):
        choose(topic, out)
    choose(topic, first)

    assert Application.objects.get(pk=out.pk).state == state


def test_a_choice_before_the_expert_round_leads_to_it():
    stages = (
        StageKind.FORMAL_CHECK,
        StageKind.DEMANDER_CHOICE,
        StageKind.EXPERT_REVIEW,
        StageKind.DECISION,
    )
    call = bid_call(stages=stages)
    topic = TopicFactory(call=call)
    bid = ApplicationFactory(call=call, topic=topic, reached=S.DEMANDER_CHOICE)

    choose(topic, bid)

    assert Application.objects.get().state == S.EXPERT_REVIEW


@pytest.mark.parametrize("who", ["bidder", "manager", "leader", "expert", "other_unit", "stranger"])
def test_only_the_demand_side_chooses(who):
    topic, (first, _second) = bids()
    by = {
        "bidder": lambda: first.created_by,
        "manager": lambda: manager_of(topic.call),
        "leader": lambda: officer(Role.LEADER),
        "expert": lambda: officer(Role.EXPERT),
        "other_unit": lambda: member_of(OrganisationFactory()),
        "stranger": UserFactory,
    }[who]()

    with pytest.raises(Refused):
        choose(topic, first, by=by)

    assert not DemanderChoice.objects.exists()


def test_a_choice_is_sealed_in_the_database():
    topic, (first, second) = bids()
    choose(topic, first)

    with pytest.raises(DatabaseError), transaction.atomic():
        DemanderChoice.objects.update(application=second)
    with pytest.raises(DatabaseError), transaction.atomic():
        DemanderChoice.objects.all().delete()


# ---- its page ----


def page_of(topic):
    return reverse("reviews:choice", args=[topic.pk])


def test_the_owner_compares_and_chooses_on_one_page(client):
    topic, (first, second) = bids()
    user = member_of(topic.owner)
    client.force_login(user)

    page = client.get(page_of(topic))
    empty = client.post(page_of(topic), {"choice": str(first.pk)})
    done = client.post(page_of(topic), {"choice": str(first.pk), "reason": "路线最合适"})

    assert [bid.application.pk for bid in page.context["bids"]] == [first.pk, second.pk]
    text = page.content.decode()
    assert first.organisation.name in text
    assert second.organisation.name in text
    assert empty.status_code == 422
    assert done["Location"] == page_of(topic)
    assert first.number in client.get(page_of(topic)).content.decode()


def test_a_bid_of_another_topic_cannot_be_smuggled_in(client):
    topic, _both = bids()
    _other, (foreign,) = bids(1)
    client.force_login(member_of(topic.owner))

    answer = client.post(page_of(topic), {"choice": str(foreign.pk), "reason": "路线最合适"})

    assert answer.status_code == 422
    assert not DemanderChoice.objects.exists()


def test_before_the_closing_the_owner_reads_when_it_opens_and_no_bid(client):
    topic, (first, _second) = bids(state=TopicState.LISTED, bids_close_at=timezone.now() + timedelta(days=3))
    client.force_login(member_of(topic.owner))

    answer = client.get(page_of(topic))

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "之后才能比较揭榜方案" in text
    assert first.organisation.name not in text
    with pytest.raises(Refused) as refused:
        choose(topic, first)
    assert refused.value.code == "not_open"


def test_nobody_else_finds_the_page(client):
    topic, (first, _second) = bids()

    assert client.get(page_of(topic)).status_code == 302
    for stranger in (first.created_by, manager_of(topic.call), officer(Role.LEADER), UserFactory()):
        client.force_login(stranger)
        assert client.get(page_of(topic)).status_code == 404
        assert client.post(page_of(topic), {"choice": "none", "reason": "无"}).status_code == 404
    assert not DemanderChoice.objects.exists()


def test_the_page_costs_the_same_for_one_bid_and_for_thirty(client, django_assert_num_queries):
    topic, _one = bids(1)
    client.force_login(member_of(topic.owner))
    client.get(page_of(topic))

    for count in (1, 30):
        while Application.objects.count() < count:
            ApplicationFactory(call=topic.call, topic=topic, reached=S.DEMANDER_CHOICE)
        with django_assert_num_queries(17):
            client.get(page_of(topic))


# ---- the end of bidding ----


def test_the_clock_closes_what_is_over_and_leaves_the_rest():
    now = timezone.now()
    over, _bids = bids(1, state=TopicState.LISTED, bids_close_at=now - timedelta(seconds=1))
    empty = TopicFactory(call=bid_call(), state=TopicState.LISTED, bids_close_at=now - timedelta(days=1))
    running = TopicFactory(call=bid_call(), state=TopicState.LISTED, bids_close_at=now + timedelta(hours=1))
    told = member_of(over.owner), member_of(empty.owner)

    first, second = tasks.close_bids(), tasks.close_bids()

    assert (first, second) == (2, 0)
    states = dict(Topic.objects.values_list("pk", "state"))
    assert states == {
        over.pk: TopicState.CLOSED,
        empty.pk: TopicState.UNFILLED,
        running.pk: TopicState.LISTED,
    }
    assert [(m.recipient, m.template) for m in Message.objects.order_by("recipient_id")] == [
        (told[0], "reviews/bids_closed"),
        (told[1], "reviews/no_bids"),
    ]


def test_a_manager_does_not_close_before_the_time_on_the_list():
    topic, _bids = bids(1, state=TopicState.LISTED, bids_close_at=NOW)
    manager = manager_of(topic.call)

    with pytest.raises(Refused) as refused:
        actions.close_bids(topic=topic, by=manager, at=NOW)
    actions.close_bids(topic=topic, by=manager, at=NOW + timedelta(microseconds=1))

    assert refused.value.field == "bids_close_at"
    assert Topic.objects.get().state == TopicState.CLOSED


# ---- before publishing ----


def publish(call):
    publishing.send(sender=type(call), call=call, by=None, at=NOW)


def expert_call(weights):
    call = CallFactory()
    call.stages.create(order=1, kind=StageKind.EXPERT_REVIEW, days=10)
    ReviewScheme.objects.create(call=call, clause="第七条")
    for order, weight in enumerate(weights, start=1):
        Criterion.objects.create(call=call, code=f"c{order}", name=f"指标{order}", weight=weight, order=order)
    return call


@pytest.mark.parametrize("weights", [(), (40, 59), (40, "60.01"), (100, 1)])
def test_a_call_is_not_published_unless_its_weights_add_up_to_100(weights):
    with pytest.raises(Refused) as refused:
        publish(expert_call(weights))

    assert (refused.value.field, refused.value.clause) == ("criteria", "第七条")


@pytest.mark.parametrize("weights", [(100,), ("33.33", "33.33", "33.34")])
def test_a_call_whose_weights_add_up_is_sound(weights):
    rules.check_weights(expert_call(weights))


def test_a_call_without_an_expert_round_needs_no_score_sheet():
    call = CallFactory()
    call.stages.create(order=1, kind=StageKind.DECISION, days=10)

    receivers.check_weights(sender=None, call=call)


def test_the_scheme_is_frozen_with_its_call():
    call = panel_call()

    with pytest.raises(DatabaseError), transaction.atomic():
        ReviewScheme.objects.filter(call=call).update(is_blind=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        Criterion.objects.filter(call=call).update(weight=1)
