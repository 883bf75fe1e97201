from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.roles import Role
from core import calendar, calendar_table
from core.models import Event
from core.workflow import Refused
from notifications import actions, queries
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind, Delivery, Message, Obligor, ReminderPolicy
from notifications.receivers import install_policies
from notifications.states import DEADLINE, DeadlineState, DeliveryState
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.notifications import DeliveryFactory, MessageFactory, open_deadline
from tests.notifications.test_sweep import AT

pytestmark = pytest.mark.django_db


def test_one_obligation_has_one_open_deadline():
    subject = OrganisationFactory()
    open_deadline(at=AT, subject=subject)
    with pytest.raises(DatabaseError), transaction.atomic():
        open_deadline(at=AT, subject=subject)
    actions.meet_deadline(subject=subject, kind=DeadlineKind.MILESTONE, by=None, at=AT)
    again = open_deadline(at=AT, subject=subject)
    assert Deadline.objects.open().get() == again


@pytest.mark.parametrize(
    ("close", "state"),
    [(actions.meet_deadline, DeadlineState.MET), (actions.cancel_deadline, DeadlineState.CANCELLED)],
)
def test_closing_is_recorded_and_done_once(close, state):
    subject, user = OrganisationFactory(), UserFactory()
    deadline = open_deadline(at=AT, subject=subject)
    close(subject=subject, kind=deadline.kind, by=user, at=AT)
    close(subject=subject, kind=deadline.kind, by=user, at=AT)
    deadline.refresh_from_db()
    assert (deadline.state, deadline.closed_at) == (state, AT)
    event = Event.objects.about(deadline).get()
    assert (event.by, event.from_state, event.to_state) == (user, "open", state)


def test_moving_touches_only_what_is_open():
    subject = OrganisationFactory()
    deadline = open_deadline(at=AT, subject=subject)
    moved = {"subject": subject, "kind": deadline.kind, "due_at": AT, "explanation": "提前"}
    assert actions.move_deadline(**moved) == 1
    actions.cancel_deadline(subject=subject, kind=deadline.kind, by=None, at=AT)
    assert actions.move_deadline(**moved) == 0


def test_the_database_holds_what_a_deadline_is():
    deadline = open_deadline(at=AT, owed_by=[Owes(user=UserFactory())])
    attacks = [
        lambda: Deadline.objects.update(closed_at=AT),
        lambda: Deadline.objects.update(state="met"),
        lambda: Obligor.objects.create(deadline=deadline),
        lambda: Obligor.objects.create(deadline=deadline, unit_role="admin", user=UserFactory()),
        lambda: Delivery.objects.filter(pk=DeliveryFactory().pk).update(state="sent"),
        lambda: ReminderPolicy.objects.create(kind=DeadlineKind.PAYMENT),
        lambda: ReminderPolicy.objects.update(quiet_from=None),
        lambda: Deadline.objects.update(state="met", closed_at=AT, suspended_at=AT),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    assert set(DEADLINE.owners) == set(DeadlineState.values)


def test_every_kind_of_deadline_is_reminded_of_after_every_migration():
    assert set(ReminderPolicy.objects.values_list("kind", flat=True)) == set(DeadlineKind.values)
    ReminderPolicy.objects.filter(kind=DeadlineKind.PAYMENT).delete()
    ReminderPolicy.objects.filter(kind=DeadlineKind.MILESTONE).update(hour=5)
    install_policies(sender=None)
    assert ReminderPolicy.objects.get(kind=DeadlineKind.PAYMENT).steps.count() == 7
    assert ReminderPolicy.objects.get(kind=DeadlineKind.MILESTONE).hour == 5
    assert ReminderPolicy.objects.get(kind=DeadlineKind.MILESTONE).steps.count() == 9


def test_where_the_table_is_gone_nothing_is_installed(django_assert_num_queries):
    class Nothing:
        @staticmethod
        def get_models():
            return []

    with django_assert_num_queries(0):
        install_policies(sender=None, apps=Nothing)


def test_a_milestone_is_reminded_of_as_the_table_says():
    steps = ReminderPolicy.objects.get(kind="milestone").steps.all()
    assert [step.amount for step in steps] == [60, 30, 14, 7, 1, -1, -7, -15, -30]
    assert [step.audience for step in steps][-3:] == [
        ["owners", "managers"],
        ["owners", "managers", "heads"],
        ["owners", "managers", "heads", "leaders"],
    ]


# ---- clocks ----


@pytest.mark.parametrize(
    ("rule", "day"), [("stays", "2026-05-03"), ("later", "2026-05-06"), ("earlier", "2026-04-30")]
)
def test_a_period_that_ends_on_a_rest_day_is_moved_as_the_rule_says(rule, day):
    calendar_table.seed()
    ReminderPolicy.objects.filter(kind=DeadlineKind.MILESTONE).update(on_rest_day=rule)
    due_at = datetime.fromisoformat("2026-05-03T23:59:59+08:00")
    moved = open_deadline(at=due_at - timedelta(days=9), due_in=timedelta(days=9), clock="calendar")
    assert calendar.local_date(moved.due_at).isoformat() == day
    assert ("到期日为休息日" in moved.explanation) == (rule != "stays")
    named = open_deadline(at=due_at - timedelta(days=9), due_in=timedelta(days=9))
    assert named.due_at == due_at


@pytest.mark.parametrize(
    ("clock", "resumed", "day"),
    [
        ("working", "2026-04-28", "2026-05-06"),  # 3 working days were left: 29 and 30 April, 6 May
        ("calendar", "2026-04-28", "2026-05-01"),
        ("working", "2026-04-21", "2026-04-24"),
    ],
)
def test_a_clock_stands_still_and_goes_on(clock, resumed, day):
    calendar_table.seed()
    subject = OrganisationFactory()
    same = {"subject": subject, "kind": DeadlineKind.MILESTONE, "by": None}
    stopped = datetime.fromisoformat("2026-04-21T10:00:00+08:00")
    due_at = datetime.fromisoformat("2026-04-24T23:59:59+08:00")
    deadline = open_deadline(
        at=stopped, due_in=due_at - stopped, subject=subject, clock=clock, owed_by=[Owes(user=UserFactory())]
    )
    actions.suspend_deadline(**same, at=stopped, reason="异议")
    actions.suspend_deadline(**same, at=stopped + timedelta(days=1))
    assert Deadline.objects.get().suspended_at == stopped
    goes_on = datetime.fromisoformat(f"{resumed}T10:00:00+08:00")
    assert actions.resume_deadline(**same, at=goes_on) == 1
    assert actions.resume_deadline(**same, at=goes_on) == 0
    deadline.refresh_from_db()
    assert calendar.local_date(deadline.due_at).isoformat() == day
    assert ("中止计时" in deadline.explanation) == (resumed != "2026-04-21")
    verbs = Event.objects.about(deadline).values_list("verb", flat=True)
    assert list(verbs) == ["suspended", "resumed"]


def test_what_is_handed_over_is_owed_by_others():
    first, second = UserFactory(), UserFactory()
    subject = OrganisationFactory()
    deadline = open_deadline(at=AT, subject=subject, owed_by=[Owes(user=first)])
    actions.hand_over(subject=subject, kind=deadline.kind, owed_by=[Owes(user=second)])
    assert [row.user for row in deadline.obligors.all()] == [second]


def test_rights_lapse_and_duties_do_not():
    for kind in (DeadlineKind.SECOND_STEP, DeadlineKind.MILESTONE):
        open_deadline(at=AT, kind=kind)
    actions.lapse_rights(at=AT)
    assert Deadline.objects.open().count() == 2
    actions.lapse_rights(at=AT + timedelta(days=9))
    assert [row.kind for row in Deadline.objects.open()] == [DeadlineKind.MILESTONE]


def test_reading_is_the_recipients_and_remembers_the_first_time():
    message = MessageFactory()
    with pytest.raises(Refused):
        actions.read(message=message, by=UserFactory(), at=AT)
    actions.read(message=message, by=message.recipient, at=AT)
    actions.read(message=message, by=message.recipient, at=AT + timedelta(days=1))
    message.refresh_from_db()
    assert message.read_at == AT
    assert not Message.objects.unread().exists()


@pytest.mark.parametrize("role", [*Role.values, None])
def test_only_who_runs_the_system_sends_again(role):
    user = officer(role) if role else UserFactory()
    delivery = DeliveryFactory(state=DeliveryState.FAILED, attempts=12, error="550 no such user")
    if role == Role.SYSADMIN:
        actions.resend(delivery=delivery, by=user, at=AT)
        delivery.refresh_from_db()
        assert (delivery.state, delivery.attempts, delivery.next_try_at) == (DeliveryState.QUEUED, 0, AT)
        assert Event.objects.about(delivery).get().note == "550 no such user"
        with pytest.raises(Refused, match="失败"):
            actions.resend(delivery=delivery, by=user, at=AT)
    else:
        with pytest.raises(Refused, match="系统管理员"):
            actions.resend(delivery=delivery, by=user, at=AT)


# ---- rendering ----


def test_a_reminder_says_what_until_when_and_why(settings):
    settings.SITE_URL = "https://jiebang.example"
    message = MessageFactory(recipient__name="周海声", recipient__language="zh-hans")
    subject, body = queries.rendered(message)
    assert subject == "【里程碑】青科揭榜-0001 样机，2026-03-10 23:59 到期"
    assert body == (
        "周海声，您好：\n\n请在到期之前办理下列事项。\n\n事项：里程碑\n内容：青科揭榜-0001 样机\n"
        "到期：2026-03-10 23:59（北京时间）\n期限依据：任务书第三条\n"
        "办理：https://jiebang.example/milestones/1/\n"
    )


def test_text_is_plain_and_a_subject_is_one_line():
    message = MessageFactory()
    message.context["title"] = "<b>甲 & 乙</b>\nBcc: all@example.com"
    subject, body = queries.rendered(message)
    assert "\n" not in subject
    assert "<b>甲 & 乙</b>" in body


@pytest.mark.parametrize(("days", "rung"), [(-1, ""), (0.5, "0"), (2, "1"), (8, "7"), (16, "15"), (40, "30")])
def test_the_ladder(days, rung):
    open_deadline(at=AT, due_in=-timedelta(days=days))
    assert queries.with_rung(Deadline.objects.all(), at=AT).get().rung == rung
