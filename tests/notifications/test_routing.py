"""Which deliveries still make sense, which way each goes, and how ways are limited and protected."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise

import pytest
import redis
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role, UnitRole
from notifications import actions, circuits, outbox, rates, routing
from notifications.gateways import Circuit
from notifications.models import Delivery
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, officer
from tests.factories.notifications import DeliveryFactory, GatewayFactory, open_deadline, reminder
from tests.notifications.services import Service, SignedService, WeComService
from tests.threads import until_it_waits

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SECRET = "SEC-of-the-tests"


def at_time(at=AT):
    return lambda: at


def states(*deliveries) -> list[str]:
    for delivery in deliveries:
        delivery.refresh_from_db()
    return [delivery.state for delivery in deliveries]


@pytest.fixture(autouse=True)
def no_rate_of_an_earlier_test(settings):
    client = redis.Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter("notifications.rate:*"):
        client.delete(key)


@pytest.fixture
def group():
    """A department with two managers and a robot."""
    department = OrganisationFactory()
    with WeComService() as service:
        service.department = department
        service.people = [officer(organisation=department) for _ in range(2)]
        service.gateway = GatewayFactory(
            channel="wecom", address=service.address, secret="", organisation=department
        )
        yield service


def told(recipient, *, deadline=None, at=AT, channel="wecom", **kwargs):
    return reminder(
        deadline=deadline or open_deadline(at=at), recipient=recipient, at=at, channel=channel, **kwargs
    )


def test_a_group_hears_a_reminder_once(group):
    deadline = open_deadline(at=AT)
    first, second = (told(person, deadline=deadline) for person in group.people)
    outbox.deliver(clock=at_time())
    assert len(group.accepted) == 1
    assert states(first, second) == ["sent", "merged"]
    assert second.merged_into == first
    third = told(group.people[0], deadline=deadline, lead="h1")
    outbox.deliver(clock=at_time(AT + DAY))
    assert states(third) == ["sent"]
    assert len(group.accepted) == 2


def test_the_database_lets_a_group_hear_once(group):
    rows = {"gateway": group.gateway, "posting": "7.20260302.60"}
    DeliveryFactory(channel="wecom", **rows)
    with pytest.raises(IntegrityError), transaction.atomic():
        DeliveryFactory(channel="wecom", **rows)


def test_if_the_one_who_speaks_leaves_another_speaks(group):
    deadline = open_deadline(at=AT)
    first, second = (told(person, deadline=deadline) for person in group.people)
    group.answers = [(200, {"errcode": -1, "errmsg": "system busy"})]
    outbox.deliver(clock=at_time())
    assert states(first, second) == ["queued", "merged"]
    group.people[0].is_active = False
    group.people[0].save()
    for minutes in (2, 3):
        outbox.deliver(clock=at_time(AT + timedelta(minutes=minutes)))
    assert states(first, second) == ["skipped", "sent"]
    assert len(group.accepted) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_that_joins_the_speaker_while_the_other_drops_it_is_heard(group):
    """Each on a connection of its own: nobody is merged into a delivery that says nothing."""

    def run(action):
        with transaction.atomic():
            action()
        connection.close()

    for joins_first in (True, False):
        deadline = open_deadline(at=AT)
        speaker, member = (told(person, deadline=deadline) for person in group.people)
        assert routing._posts(speaker, group.gateway)
        ways = [
            partial(routing._posts, member, group.gateway),
            partial(routing.skip, speaker, "账号已停用"),
        ]
        first, second = ways if joins_first else reversed(ways)
        worker = threading.Thread(target=run, args=(second,))
        with transaction.atomic():
            first()
            worker.start()
            until_it_waits(worker)
        worker.join()
        assert states(speaker, member) == ["skipped", "queued"]
        assert (member.merged_into, member.posting == "") == (None, joins_first)


def test_the_department_of_the_deadline_comes_first(group):
    other = OrganisationFactory()
    person = officer(organisation=other)
    officer_too = group.people[0]
    actions_of_two = officer_too.role_assignments.create(role=Role.LEADER, organisation=other)
    with WeComService() as service:
        GatewayFactory(channel="wecom", address=service.address, organisation=other)
        told(officer_too, deadline=open_deadline(at=AT, department=other))
        told(officer_too, deadline=open_deadline(at=AT, department=group.department))
        told(person, deadline=open_deadline(at=AT, department=group.department))
        outbox.deliver(clock=at_time())
        assert (len(group.accepted), len(service.accepted)) == (1, 2)
    assert actions_of_two.is_active


def test_who_has_no_office_is_not_for_the_robot_of_everybody():
    with WeComService() as service:
        GatewayFactory(channel="wecom", address=service.address)
        applicant, expert, leader = UserFactory(), officer(Role.EXPERT), officer(Role.LEADER)
        rows = [told(person) for person in (applicant, expert, leader)]
        outbox.deliver(clock=at_time())
        assert states(*rows) == ["skipped", "skipped", "sent"]


def test_a_units_webhook_serves_its_members_and_the_general_one_the_rest():
    member = MembershipFactory(role=UnitRole.ADMIN)
    with SignedService(SECRET) as own, SignedService(SECRET) as general:
        GatewayFactory(address=own.address, secret=SECRET, organisation=member.organisation)
        GatewayFactory(address=general.address, secret=SECRET)
        GatewayFactory(address=general.address, organisation=OrganisationFactory(), is_active=False)
        told(member.user, channel="webhook")
        told(UserFactory(username="somebody"), channel="webhook")
        outbox.deliver(clock=at_time())
        assert [event["recipient"] for event in own.accepted] == [member.user.username]
        assert [event["recipient"] for event in general.accepted] == ["somebody"]


def test_after_an_outage_only_the_latest_of_a_deadline_goes_out():
    deadline, person = open_deadline(at=AT, due_in=7 * DAY), UserFactory()
    week, three, one = (
        told(person, deadline=deadline, at=AT + days * DAY, lead=lead, channel="email")
        for days, lead in ((0, "d7"), (4, "d3"), (6, "d1"))
    )
    elsewhere = told(UserFactory(), deadline=deadline, channel="email")
    outbox.deliver(clock=at_time(AT + 6 * DAY), chunk=2)
    outbox.deliver(clock=at_time(AT + 6 * DAY))
    assert states(week, three, one, elsewhere) == ["merged", "merged", "sent", "sent"]
    assert week.merged_into == three.merged_into == one


def test_what_is_no_longer_true_is_not_sent():
    closed, moved = open_deadline(at=AT), open_deadline(at=AT)
    first, second = (told(UserFactory(), deadline=deadline, channel="email") for deadline in (closed, moved))
    actions.meet_deadline(subject=closed.subject, kind=closed.kind, by=None, at=AT)
    actions.move_deadline(
        subject=moved.subject, kind=moved.kind, due_at=moved.due_at + DAY, explanation="变更"
    )
    outbox.deliver(clock=at_time())
    stopped = open_deadline(at=AT)
    third = told(UserFactory(), deadline=stopped, channel="email")
    type(stopped).objects.filter(pk=stopped.pk).update(suspended_at=AT)
    outbox.deliver(clock=at_time())
    assert states(first, second, third) == ["skipped"] * 3
    reasons = ["发送前事项已办结或取消", "发送前期限已改到别的日期", "发送前期限已中止计时"]
    assert [first.error, second.error, third.error] == reasons


def test_a_way_that_fails_pauses_probes_and_goes_on():
    with SignedService(SECRET) as service:
        gateway = GatewayFactory(address=service.address, secret=SECRET)
        service.answers = [(503, b"")] * (circuits.FAILURES + 1)
        rows = [told(UserFactory(), channel="webhook") for _ in range(8)]
        outbox.deliver(clock=at_time())
        assert service.requests == circuits.FAILURES, "the rest of the chunk is not tried"
        circuit = Circuit.objects.get(route=gateway.route)
        assert timedelta(minutes=1) <= circuit.retry_at - AT <= timedelta(minutes=1.25)
        untried = Delivery.objects.filter(attempts=0, next_try_at__gte=circuit.retry_at)
        assert untried.count() == 3
        Delivery.objects.update(next_try_at=AT)
        outbox.deliver(clock=at_time())
        assert service.requests == circuits.FAILURES, "open: nothing goes out"
        Delivery.objects.update(next_try_at=AT)
        probe = circuit.retry_at
        outbox.deliver(clock=at_time(probe))
        assert service.requests == circuits.FAILURES + 1, "one probe, which fails"
        circuit.refresh_from_db()
        assert timedelta(minutes=2) <= circuit.retry_at - probe <= timedelta(minutes=2.5)
        Delivery.objects.update(next_try_at=AT)
        outbox.deliver(clock=at_time(circuit.retry_at))
        assert set(states(*rows)) == {"sent"}
        circuit.refresh_from_db()
        assert (circuit.failures, circuit.retry_at) == (0, None)


def test_of_two_workers_one_probes():
    Circuit.objects.create(route="webhook:1", failures=5, opened=1, retry_at=AT)
    circuit = Circuit.objects.get()
    first, second = (circuits.Breaker("webhook:1", circuit, at=AT) for _ in range(2))
    assert (first.passes, second.passes) == (True, False)
    dead = circuits.breakers(["webhook:1"], at=AT + circuits.PROBE_WITHIN)["webhook:1"]
    assert dead.passes, "a probe that died does not keep the circuit open for ever"


def test_a_robots_limit_holds_the_rest_back_in_turn(group):
    group.gateway.per_minute = 4
    group.gateway.save()
    rows = [told(group.people[0]) for _ in range(5)]
    outbox.deliver(clock=at_time())
    assert len(group.accepted) == 1
    assert states(*rows) == ["sent", *["queued"] * 4]
    waits = [(row.next_try_at - AT).total_seconds() for row in rows[1:]]
    assert waits == sorted(waits)
    assert [round(later - sooner) for sooner, later in pairwise(waits)] == [20, 20, 20]
    assert {row.attempts for row in rows[1:]} == {0}


def test_the_mail_servers_limit_stands_in_the_settings(settings):
    settings.EMAIL_PER_MINUTE = 8
    rows = [told(UserFactory(), channel="email") for _ in range(4)]
    outbox.deliver(clock=at_time())
    assert states(*rows) == ["sent", "sent", "queued", "queued"]


def test_two_workers_share_one_limit():
    taken = [rates.take("sms:1", wanted=10, per_minute=60).granted for _ in range(3)]
    assert taken == [10, 5, 0]
    assert rates.take("sms:1", wanted=10, per_minute=None).granted == 10


def test_without_redis_nothing_is_held_back(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert rates.take("sms:2", wanted=1000, per_minute=1).granted == 1000
    rates._client.cache_clear()


def test_a_chunk_costs_the_same_queries_for_any_number(django_assert_num_queries):
    with Service() as service:
        GatewayFactory(address=f"http://127.0.0.1:{service.port}/", secret=SECRET)
        for _ in range(3):
            told(UserFactory(), channel="webhook")
        # claim, rows, overtaken, gateways, offices, memberships, circuits; then one for each row sent
        with django_assert_num_queries(7 + 3):
            outbox.deliver(clock=at_time())
        for _ in range(30):
            told(UserFactory(), channel="webhook")
        with django_assert_num_queries(7 + 30):
            outbox.deliver(clock=at_time())
