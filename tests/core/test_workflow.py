"""The one door for state changes: every move of a table, races, and a history nobody can rewrite."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, transaction

from accounts.models import JoinRequest
from accounts.states import JOIN_REQUEST, JoinState
from core.models import Event
from core.workflow import Lost, Refused, move, record
from tests.factories.accounts import JoinRequestFactory, OrganisationFactory, UserFactory
from tests.threads import at_once

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def decided(person):
    return {"by": person, "at": AT, "decided_by": person, "decided_at": AT}


@pytest.mark.parametrize("new", [JoinState.APPROVED, JoinState.REFUSED, JoinState.WITHDRAWN])
def test_an_allowed_move_changes_state_and_fields_and_writes_an_event(db, new):
    request, person = JoinRequestFactory(), UserFactory()
    event = move(request, new, note="可\0以", data={"n": 1, "of": ["\0甲"]}, **decided(person))
    assert (request.state, request.decided_by, request.decided_at) == (new, person, AT)
    stored = JoinRequest.objects.get()
    assert (stored.state, stored.decided_by, stored.decided_at) == (new, person, AT)
    assert list(Event.objects.about(request)) == [event]
    assert (event.verb, event.from_state, event.to_state) == ("moved", "requested", new)
    assert (event.by, event.at, event.note, event.data) == (person, AT, "可以", {"n": 1, "of": ["甲"]})
    assert event.what() == f"待审核 → {JoinState(new).label}"
    assert str(event) == f"moved requested→{new}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (old, new)
        for old in JoinState
        for new in JoinState
        if new not in JOIN_REQUEST.transitions.get(old, frozenset())
    ],
)
def test_a_forbidden_move_changes_nothing(db, old, new):
    person = UserFactory()
    done = {} if old == JoinState.REQUESTED else {"decided_by": person, "decided_at": AT}
    request = JoinRequestFactory(state=old, **done)
    with pytest.raises(Refused) as caught:
        move(request, new, **decided(person))
    assert caught.value.code == "not_allowed"
    assert caught.value.message == (
        f"现在的状态是“{JoinState(old).label}”，不能变为“{JoinState(new).label}”。"
    )
    assert JoinRequest.objects.get().state == old
    assert Event.objects.count() == 0


def test_who_comes_second_is_told_so(db):
    request, person = JoinRequestFactory(), UserFactory()
    stale = JoinRequest.objects.get()
    move(request, JoinState.APPROVED, **decided(person))
    with pytest.raises(Lost) as caught:
        move(stale, JoinState.REFUSED, **decided(person))
    assert caught.value.message == "别人刚刚处理了这一项，请刷新后再看。"
    assert caught.value.code == "lost"
    assert JoinRequest.objects.get().state == JoinState.APPROVED
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins():
    request, person = JoinRequestFactory(), UserFactory()
    mine, theirs = (JoinRequest.objects.get(pk=request.pk) for _number in range(2))
    results = at_once(
        lambda: move(mine, JoinState.APPROVED, **decided(person)),
        lambda: move(theirs, JoinState.REFUSED, **decided(person)),
    )
    assert sorted(type(result).__name__ for result in results) == ["Event", "Lost"]
    assert Event.objects.filter(verb="moved").count() == 1


def test_a_move_and_its_event_stand_or_fall_together(db):
    request, person = JoinRequestFactory(), UserFactory()
    with pytest.raises(DatabaseError), transaction.atomic():
        move(request, JoinState.APPROVED, by=person, at=None, decided_by=person, decided_at=AT)
    assert JoinRequest.objects.get().state == JoinState.REQUESTED


@pytest.mark.parametrize("attack", [lambda rows: rows.update(note="x"), lambda rows: rows.delete()])
def test_an_event_can_never_be_changed(db, attack):
    event = record(OrganisationFactory(), "registered", by=None, at=AT)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        attack(Event.objects.filter(pk=event.pk))
    assert Event.objects.get().note == ""


def test_history_is_read_with_its_people_in_one_query(db, django_assert_num_queries):
    unit, person = OrganisationFactory(), UserFactory()
    for _n in range(5):
        record(unit, "registered", by=person, at=AT)
    record(OrganisationFactory(), "registered", by=person, at=AT)
    with django_assert_num_queries(1):
        assert [event.by.name for event in Event.objects.about(unit)] == [person.name] * 5


def test_verbs_have_words(db):
    unit = OrganisationFactory()
    assert record(unit, "registered", by=None, at=AT).what() == "登记单位"
    assert record(unit, "something", by=None, at=AT).what() == "something"
    request = JoinRequestFactory()
    assert record(request, "requested", by=None, at=AT, to_state="requested").what() == "提交 → 待审核"


def test_the_machine_answers():
    assert JOIN_REQUEST.allows("requested", "approved") is True
    assert JOIN_REQUEST.allows("approved", "requested") is False
    assert JOIN_REQUEST.final_states() == {"approved", "refused", "withdrawn"}
    assert JOIN_REQUEST.public_label("requested") == "待审核"
    assert set(JOIN_REQUEST.owners) == set(JoinState.values)
