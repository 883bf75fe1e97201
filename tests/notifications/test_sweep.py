import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.roles import Role, UnitRole
from notifications import actions
from notifications.actions import Owes
from notifications.models import (
    AT_ONCE,
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Obligor,
    Reminder,
    ReminderPolicy,
)
from notifications.sweep import sweep
from tests.factories.accounts import MembershipFactory, OrganisationFactory, UserFactory, member_of, officer
from tests.factories.notifications import open_deadline

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTES = 24 * 60


def policy(*days, kind=DeadlineKind.MILESTONE, **kwargs):
    ReminderPolicy.objects.filter(kind=kind).update(
        lead_minutes=[int(day * MINUTES) for day in days],
        **{"manager_overdue_minutes": None, "leader_overdue_minutes": None, "channels": ["email"], **kwargs},
    )


def told() -> list[tuple[int, int]]:
    return list(Reminder.objects.order_by("id").values_list("recipient_id", "lead_minutes"))


@pytest.mark.django_db
def test_nothing_is_due_before_the_first_lead():
    policy(7, 1)
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=8 * DAY)
    assert sweep(at=AT) == 0
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_a_lead_is_told_at_its_moment_once():
    policy(7, 1)
    user = UserFactory()
    deadline = open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=8 * DAY)
    assert sweep(at=AT + DAY - timedelta(seconds=1)) == 0
    assert sweep(at=AT + DAY) == 1
    assert sweep(at=AT + DAY) == 0
    assert sweep(at=AT + 2 * DAY) == 0
    reminder = Reminder.objects.get()
    assert (reminder.deadline, reminder.recipient, reminder.lead_minutes) == (deadline, user, 7 * MINUTES)
    assert reminder.message.template == "notifications/reminder"
    assert reminder.message.url == deadline.url
    assert reminder.message.context == {
        "kind": "milestone",
        "title": deadline.title,
        "due_at": deadline.due_at.isoformat(),
        "explanation": "任务书第三条",
        "is_overdue": False,
    }
    delivery = Delivery.objects.get()
    assert (delivery.message, delivery.channel, delivery.state, delivery.next_try_at) == (
        reminder.message,
        "email",
        "queued",
        AT + DAY,
    )


@pytest.mark.django_db
def test_after_an_outage_only_the_latest_missed_lead_is_told():
    policy(60, 30, 14, 7, 1)
    user = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=70 * DAY)
    assert sweep(at=AT + 65 * DAY) == 1
    assert told() == [(user.pk, 7 * MINUTES)]
    assert sweep(at=AT + 69 * DAY) == 1
    assert told() == [(user.pk, 7 * MINUTES), (user.pk, MINUTES)]


@pytest.mark.django_db
def test_overdue_leads_are_negative_and_say_so():
    policy(1, -1, -7)
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=2 * DAY)
    assert [sweep(at=AT + days * DAY) for days in (1, 2, 3, 4, 9, 10)] == [1, 0, 1, 0, 1, 0]
    assert list(Message.objects.order_by("id").values_list("context__is_overdue", flat=True)) == [
        False,
        True,
        True,
    ]


@pytest.mark.django_db
def test_at_once_tells_as_soon_as_the_deadline_is_opened():
    ReminderPolicy.objects.filter(kind=DeadlineKind.MILESTONE).update(lead_minutes=[AT_ONCE, MINUTES])
    user = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=30 * DAY)
    assert sweep(at=AT) == 1
    assert told() == [(user.pk, AT_ONCE)]


@pytest.mark.django_db
def test_a_moved_deadline_is_told_afresh():
    policy(7)
    subject = OrganisationFactory()
    deadline = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=5 * DAY, subject=subject)
    assert sweep(at=AT) == 1
    actions.move_deadline(
        subject=subject, kind=deadline.kind, due_at=deadline.due_at + DAY, explanation="延期一天"
    )
    assert sweep(at=AT) == 1
    assert list(Message.objects.order_by("id").values_list("context__explanation", flat=True)) == [
        "任务书第三条",
        "延期一天",
    ]
    actions.move_deadline(
        subject=subject, kind=deadline.kind, due_at=deadline.due_at + 60 * DAY, explanation="延期"
    )
    assert sweep(at=AT) == 0


@pytest.mark.django_db
def test_closed_deadlines_are_silent():
    policy(7)
    for close in (actions.meet_deadline, actions.cancel_deadline):
        subject = OrganisationFactory()
        deadline = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], subject=subject)
        close(subject=subject, kind=deadline.kind, by=None, at=AT)
    assert sweep(at=AT) == 0


@pytest.mark.django_db
def test_a_new_policy_counts_from_the_next_sweep():
    policy()
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=2 * DAY)
    assert sweep(at=AT) == 0
    policy(3)
    assert sweep(at=AT) == 1
    policy(3, 5, 2.5)
    assert sweep(at=AT) == 1
    policy(3, 5, 2.5, channels=[])
    assert sweep(at=AT) == 0
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
def test_without_channels_the_inbox_is_enough():
    policy(7, channels=[])
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    assert sweep(at=AT) == 1
    assert (Message.objects.count(), Delivery.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_the_kinds_have_their_own_leads():
    policy(7)
    policy(1, kind=DeadlineKind.PAYMENT)
    user = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=user)])
    open_deadline(at=AT, owed_by=[Owes(user=user)], kind=DeadlineKind.PAYMENT)
    assert sweep(at=AT) == 1
    assert Message.objects.get().context["kind"] == "milestone"


@pytest.fixture
def crowd():
    """One of everybody who could be meant, and a stranger."""
    unit, department = OrganisationFactory(region="370212"), OrganisationFactory(region="370200")
    people = {
        "admin": member_of(unit, UnitRole.ADMIN),
        "member": member_of(unit),
        "finance": member_of(unit, UnitRole.FINANCE),
        "manager": officer(Role.PROGRAMME_MANAGER, organisation=department),
        "other_manager": officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "district": officer(Role.RECOMMENDER, region="370212"),
        "other_district": officer(Role.RECOMMENDER, region="370203"),
        "appointed": officer(Role.RECOMMENDER, organisation=unit),
        "money": officer(Role.FINANCE),
        "leader": officer(Role.LEADER),
        "root": UserFactory(is_superuser=True),
        "stranger": UserFactory(),
        "left": member_of(unit, UnitRole.ADMIN, is_active=False),
    }
    MembershipFactory(user=people["stranger"], organisation=unit, role=UnitRole.ADMIN, is_active=False)
    MembershipFactory(user=people["admin"], organisation=unit, role=UnitRole.MEMBER)
    return people, unit, department


def owed(case, people, unit, department) -> Owes:
    return {
        "person": Owes(user=people["member"]),
        "person who left": Owes(user=people["left"]),
        "unit": Owes(organisation=unit),
        "unit members": Owes(organisation=unit, unit_role=UnitRole.MEMBER),
        "unit admins": Owes(organisation=unit, unit_role=UnitRole.ADMIN),
        "unit finance": Owes(organisation=unit, unit_role=UnitRole.FINANCE),
        "department": Owes(role=Role.PROGRAMME_MANAGER, organisation=department),
        "managers": Owes(role=Role.PROGRAMME_MANAGER),
        "recommender": Owes(role=Role.RECOMMENDER, organisation=unit),
        "finance office": Owes(role=Role.FINANCE),
        "leader of a department": Owes(role=Role.LEADER, organisation=department),
        "system": Owes(role=Role.SYSADMIN),
    }[case]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("person", {"member"}),
        ("person who left", set()),
        ("unit", {"admin", "member", "finance"}),
        ("unit members", {"admin", "member", "finance"}),
        ("unit admins", {"admin"}),
        ("unit finance", {"finance"}),
        ("department", {"manager"}),
        ("managers", {"manager", "other_manager"}),
        ("recommender", {"district", "appointed"}),
        ("finance office", {"money"}),
        ("leader of a department", {"leader"}),
        ("system", {"root"}),
    ],
)
def test_everybody_who_owes_is_told_and_nobody_else(crowd, case, expected):
    people, _unit, _department = crowd
    policy(7)
    open_deadline(at=AT, owed_by=[owed(case, *crowd)])
    assert sweep(at=AT) == len(expected)
    names = {user.pk: name for name, user in people.items()}
    assert {names[recipient] for recipient, _lead in told()} == expected
    covered = {name for name, user in people.items() if Obligor.objects.covering(user).exists()}
    assert covered - {"left"} == expected


@pytest.mark.django_db
def test_who_owes_in_two_ways_is_told_once():
    policy(7)
    unit = OrganisationFactory()
    user = member_of(unit, UnitRole.ADMIN)
    open_deadline(at=AT, owed_by=[Owes(user=user), Owes(organisation=unit)])
    assert sweep(at=AT) == 1


@pytest.mark.django_db
def test_what_stays_overdue_climbs_to_managers_and_leaders(crowd):
    people, _unit, department = crowd
    policy(-1, -7, -30, manager_overdue_minutes=7 * MINUTES, leader_overdue_minutes=30 * MINUTES)
    open_deadline(at=AT, owed_by=[Owes(user=people["member"])], due_in=0 * DAY, department=department)
    names = {user.pk: name for name, user in people.items()}
    rungs = []
    for days in (1, 7, 30):
        before = Reminder.objects.count()
        sweep(at=AT + days * DAY)
        rungs.append({names[recipient] for recipient, _lead in told()[before:]})
    assert rungs == [{"member"}, {"member", "manager"}, {"member", "manager", "leader"}]


@pytest.mark.django_db
def test_what_was_looked_at_rests_until_its_next_lead_or_a_day():
    policy(7, 1)
    soon = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=1.5 * DAY)
    later = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=5 * DAY)
    ReminderPolicy.objects.filter(kind=DeadlineKind.PAYMENT).delete()
    silent = open_deadline(at=AT, kind=DeadlineKind.PAYMENT)
    sweep(at=AT)
    looks = [Deadline.objects.get(pk=deadline.pk).look_at for deadline in (soon, later, silent)]
    assert looks == [AT + 0.5 * DAY, AT + DAY, AT + DAY]


@pytest.mark.django_db
def test_only_a_changed_due_moment_or_policy_is_looked_at_afresh():
    policy(7)
    subject = OrganisationFactory()
    deadline = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], subject=subject)
    other = open_deadline(at=AT, kind=DeadlineKind.PAYMENT)

    def waits():
        return {row.pk for row in Deadline.objects.filter(look_at__lt=AT)}

    sweep(at=AT)
    assert waits() == set()
    same = {"subject": subject, "kind": deadline.kind, "explanation": "不变"}
    actions.move_deadline(**same, due_at=deadline.due_at)
    assert waits() == set()
    actions.move_deadline(**same, due_at=deadline.due_at + DAY)
    assert waits() == {deadline.pk}
    sweep(at=AT)
    policy(7, 6)
    assert waits() == {deadline.pk}
    policy(7, kind=DeadlineKind.PAYMENT)
    assert waits() == {deadline.pk, other.pk}


@pytest.mark.django_db
def test_many_chunks_are_one_sweep():
    policy(7)
    for _ in range(7):
        open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    assert sweep(at=AT, chunk=3) == 7
    assert sweep(at=AT, chunk=3) == 0


@pytest.mark.django_db
def test_a_new_colleague_hears_of_what_is_running():
    policy(7)
    unit = OrganisationFactory()
    member_of(unit)
    open_deadline(at=AT, owed_by=[Owes(organisation=unit)])
    assert sweep(at=AT) == 1
    newcomer = member_of(unit)
    assert sweep(at=AT + DAY) == 1
    assert Reminder.objects.latest("id").recipient == newcomer


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("chunk", [7, 20_000])
def test_four_sweeps_at_once_tell_everybody_once(chunk):
    policy(7)
    units = [OrganisationFactory() for _ in range(5)]
    for unit in units:
        for _ in range(4):
            member_of(unit)
    for number in range(60):
        open_deadline(at=AT, owed_by=[Owes(organisation=units[number % 5])])
    gate, results = threading.Barrier(4), []

    def run():
        try:
            gate.wait()
            results.append(sweep(at=AT, chunk=chunk))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert sum(results) == 240
    assert Reminder.objects.count() == Message.objects.count() == Delivery.objects.count() == 240
    assert Reminder.objects.values("deadline", "recipient").distinct().count() == 240
    assert Reminder.objects.filter(message__recipient_id__isnull=True).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 30])
def test_a_sweep_is_one_statement(django_assert_num_queries, rows):
    policy(7)
    for _ in range(rows):
        open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    with django_assert_num_queries(1):
        assert sweep(at=AT) == rows
    assert Deadline.objects.open().count() == rows
