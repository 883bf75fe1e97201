"""When the sweep looks at a deadline, and that it tells everybody once."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction
from django.urls import reverse

from core import calendar, calendar_table
from notifications import actions
from notifications.actions import Owes
from notifications.models import (
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Reminder,
    ReminderPolicy,
    ReminderStep,
)
from notifications.sweep import sweep
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of
from tests.factories.notifications import open_deadline
from tests.notifications.helpers import policy, told
from tests.threads import at_once

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, nine o'clock in Beijing: the hour at which days are told."""
DAY = timedelta(days=1)


@pytest.mark.django_db
def test_nothing_is_due_before_the_first_lead():
    policy("d7", "d1")
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=8 * DAY)
    assert sweep(at=AT) == 0
    assert not Message.objects.exists()


@pytest.mark.django_db
def test_a_lead_is_told_at_its_moment_once():
    policy("d7", "d1")
    user = UserFactory()
    deadline = open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=8 * DAY)
    assert sweep(at=AT + DAY - timedelta(seconds=1)) == 0
    assert sweep(at=AT + DAY) == 1
    assert sweep(at=AT + DAY) == 0
    assert sweep(at=AT + 2 * DAY) == 0
    reminder = Reminder.objects.get()
    assert (reminder.deadline, reminder.recipient, reminder.lead) == (deadline, user, "d7")
    assert reminder.message.template == "notifications/reminder"
    assert reminder.message.url == reverse("portal:deadline", args=[deadline.pk])
    assert reminder.message.context == {
        "kind": "milestone",
        "title": "青科揭榜-0001 样机",
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
    policy("d60", "d30", "d14", "d7", "d1")
    user = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=70 * DAY)
    assert sweep(at=AT + 65 * DAY) == 1
    assert told() == [(user.pk, "d7")]
    assert sweep(at=AT + 69 * DAY) == 1
    assert told() == [(user.pk, "d7"), (user.pk, "d1")]


@pytest.mark.django_db
def test_overdue_leads_are_negative_and_say_so():
    policy("d1", "d-1", "d-7")
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=2 * DAY)
    assert [sweep(at=AT + days * DAY) for days in (1, 2, 3, 4, 9, 10)] == [1, 0, 1, 0, 1, 0]
    assert list(Message.objects.order_by("id").values_list("context__is_overdue", flat=True)) == [
        False,
        True,
        True,
    ]


@pytest.mark.django_db
def test_a_step_that_repeats_goes_on_until_it_is_done_once_each_time():
    """Also behind half a year, and after an outage once; a step of its own stands for an occurrence."""
    policy("d1", "d-3/7", "d-24", told={"d-24": ["owners", "managers"]})
    person = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=person)], due_in=2 * DAY)
    days = (0, 1, 2, 4, 5, 6, 11, 12, 13, 25, 26, 250, 255, 256, 257, 263)
    heard = {day: sweep(at=AT + day * DAY) + sweep(at=AT + day * DAY) for day in days}
    assert [day for day, count in heard.items() if count] == [1, 5, 12, 25, 26, 250, 257]
    assert [lead for _person, lead in told()] == ["d1", "d-3", "d-10", "d-17", "d-24", "d-248", "d-255"]


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"unit": "w", "amount": -3}, {"amount": 3}, {"amount": -3, "every": 0}])
def test_only_what_is_overdue_by_days_repeats(wrong):
    rule = policy("d1")
    with pytest.raises(IntegrityError), transaction.atomic():
        ReminderStep.objects.create(policy=rule, **{"every": 7} | wrong)


@pytest.mark.django_db
def test_at_once_tells_as_soon_as_the_deadline_is_opened():
    policy("open", "d1")
    user = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=30 * DAY)
    assert sweep(at=AT) == 1
    assert told() == [(user.pk, "open")]


@pytest.mark.django_db
def test_a_moved_deadline_is_told_afresh():
    policy("d7")
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
    policy("d7")
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
    policy("d3")
    assert sweep(at=AT) == 1
    policy("d3", "d5", "h50")
    assert sweep(at=AT) == 1
    policy("d3", "d5", "h50", channels=[])
    assert sweep(at=AT) == 0
    assert Delivery.objects.count() == 2


@pytest.mark.django_db
def test_without_channels_the_inbox_is_enough():
    policy("d7", channels=[])
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    assert sweep(at=AT) == 1
    assert (Message.objects.count(), Delivery.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_the_kinds_have_their_own_leads():
    policy("d7")
    policy("d1", kind=DeadlineKind.PAYMENT)
    user = UserFactory()
    open_deadline(at=AT, owed_by=[Owes(user=user)])
    open_deadline(at=AT, owed_by=[Owes(user=user)], kind=DeadlineKind.PAYMENT)
    assert sweep(at=AT) == 1
    assert Message.objects.get().context["kind"] == "milestone"


@pytest.mark.django_db
def test_what_was_looked_at_rests_until_its_next_step_or_thirty_days():
    policy("d7", "d1")
    soon = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=1.5 * DAY)
    later = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=90 * DAY)
    ReminderPolicy.objects.filter(kind=DeadlineKind.PAYMENT).delete()
    silent = open_deadline(at=AT, kind=DeadlineKind.PAYMENT)
    sweep(at=AT)
    looks = [Deadline.objects.get(pk=deadline.pk).look_at for deadline in (soon, later, silent)]
    assert looks == [AT + 30 * DAY, AT + 30 * DAY, AT + 30 * DAY]
    policy("d7", "d1", "h3")
    sweep(at=AT)
    assert Deadline.objects.get(pk=soon.pk).look_at == AT + 1.5 * DAY - timedelta(hours=3)


@pytest.mark.django_db
def test_only_what_changed_is_looked_at_afresh():
    policy("d7")
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
    assert ReminderPolicy.objects.filter(is_applied=False).count() == 0
    policy("d7", kind=DeadlineKind.PAYMENT)
    changed = ReminderPolicy.objects.filter(is_applied=False)
    assert [rule.kind for rule in changed] == [DeadlineKind.PAYMENT]
    changed.update(is_applied=True)
    ReminderPolicy.objects.filter(kind=DeadlineKind.MILESTONE).update(hour=10)
    assert [rule.kind for rule in changed] == [DeadlineKind.MILESTONE]
    assert other.pk not in waits()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("due", "code", "day"),
    [
        ("2026-02-24", "w1", "2026-02-14"),  # the Saturday before the holiday works
        ("2026-02-24", "w2", "2026-02-13"),
        ("2026-02-23", "w1", "2026-02-14"),  # due on a rest day
        ("2026-02-28", "w1", "2026-02-27"),  # a Saturday that works
        ("2026-10-08", "w1", "2026-09-30"),
        ("2026-02-13", "w-1", "2026-02-14"),
        ("2026-02-14", "w-1", "2026-02-24"),
        ("2026-02-22", "w-2", "2026-02-25"),
        ("2026-02-24", "w0", "2026-02-24"),
        ("2026-02-24", "d3", "2026-02-21"),
    ],
)
def test_steps_in_working_days_know_the_calendar(due, code, day):
    """Spring Festival of 2026: 15 to 23 February off, the 14th and the 28th are worked."""
    calendar_table.seed()
    policy(code)
    moment = datetime.fromisoformat(f"{due}T23:59:59+08:00")
    deadline = open_deadline(at=moment - 60 * DAY, owed_by=[Owes(user=UserFactory())], due_in=60 * DAY)
    told_at = datetime.fromisoformat(f"{day}T09:00:00+08:00")
    sweep(at=told_at - timedelta(days=29))
    assert Deadline.objects.get(pk=deadline.pk).look_at == told_at
    assert sweep(at=told_at - timedelta(seconds=1)) == 0
    assert sweep(at=told_at) == 1


@pytest.mark.django_db
def test_working_day_steps_agree_with_the_calendar_on_every_day_of_three_years():
    calendar_table.seed()
    table, about = calendar.load(), ContentType.objects.get_for_model(Deadline)
    policy("w3")
    first = date(2024, 1, 1)
    wanted, found = {}, {}
    for begin in range(0, 1096, 16):
        # Twelve to 28 days ahead of what is due the step is near enough to be what the sweep waits for.
        at = calendar.end_of_day(first + timedelta(days=begin - 12))
        ends = [calendar.end_of_day(first + timedelta(days=number)) for number in range(begin, begin + 16)]
        rows = Deadline.objects.bulk_create(
            Deadline(
                content_type=about,
                object_id=number,
                kind=DeadlineKind.MILESTONE,
                title="t",
                explanation="e",
                due_at=due,
                opened_at=at,
            )
            for number, due in enumerate(ends)
        )
        keys = {row.pk: due.date() for row, due in zip(rows, ends, strict=True)}
        sweep(at=at)
        for key, look_at in Deadline.objects.filter(pk__in=keys).values_list("pk", "look_at"):
            found[keys[key]] = calendar.local_date(look_at)
            wanted[keys[key]] = table.add_days(keys[key], -3, kind="working")
        Deadline.objects.filter(pk__in=keys).delete()
    assert found == wanted


@pytest.mark.django_db
def test_the_most_specific_rule_holds_alone():
    series = uuid4()
    policy("d7")
    policy("d6", programme="saima")
    policy("d5", programme="saima", series=series)
    places = [{}, {"programme": "other"}, {"programme": "saima"}, {"programme": "saima", "series": series}]
    for place in places:
        open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], due_in=4 * DAY, **place)
    assert sweep(at=AT) == 4
    assert [lead for _user, lead in told()] == ["d7", "d7", "d6", "d5"]


@pytest.mark.django_db
def test_a_clock_that_stands_still_is_silent():
    policy("d7")
    subject = OrganisationFactory()
    deadline = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], subject=subject)
    actions.suspend_deadline(subject=subject, kind=deadline.kind, by=None, at=AT)
    assert sweep(at=AT) == 0
    actions.resume_deadline(subject=subject, kind=deadline.kind, by=None, at=AT)
    assert sweep(at=AT) == 1


@pytest.mark.django_db
def test_many_chunks_are_one_sweep():
    policy("d7")
    for _ in range(7):
        open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    assert sweep(at=AT, chunk=3) == 7
    assert sweep(at=AT, chunk=3) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("chunk", [7, 20_000])
def test_four_sweeps_at_once_tell_everybody_once(chunk):
    policy("d7")
    units = [OrganisationFactory() for _ in range(5)]
    for unit in units:
        for _ in range(4):
            member_of(unit)
    for number in range(60):
        open_deadline(at=AT, owed_by=[Owes(organisation=units[number % 5])])
    results = at_once(*4 * [lambda: sweep(at=AT, chunk=chunk)])
    assert len(results) == 4
    assert sum(results) == 240
    assert Reminder.objects.count() == Message.objects.count() == Delivery.objects.count() == 240
    assert Reminder.objects.values("deadline", "recipient").distinct().count() == 240
    assert Reminder.objects.filter(message__recipient_id__isnull=True).count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 30])
def test_a_sweep_costs_three_statements(django_assert_num_queries, rows):
    policy("d7")
    for _ in range(rows):
        open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    with django_assert_num_queries(3):  # changed rules, is today a working day, the sweep itself
        assert sweep(at=AT) == rows
    assert Deadline.objects.open().count() == rows
