from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.roles import Role
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
        lambda: ReminderPolicy.objects.create(kind=DeadlineKind.PAYMENT, lead_minutes=[]),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()
    assert set(DEADLINE.owners) == set(DeadlineState.values)


def test_every_kind_of_deadline_is_reminded_of_after_every_migration():
    assert set(ReminderPolicy.objects.values_list("kind", flat=True)) == set(DeadlineKind.values)
    assert set(actions.DEFAULT_POLICIES) == set(DeadlineKind)
    ReminderPolicy.objects.filter(kind=DeadlineKind.PAYMENT).delete()
    ReminderPolicy.objects.filter(kind=DeadlineKind.MILESTONE).update(lead_minutes=[5])
    install_policies(sender=None)
    assert ReminderPolicy.objects.filter(kind=DeadlineKind.PAYMENT).exists()
    assert ReminderPolicy.objects.get(kind=DeadlineKind.MILESTONE).lead_minutes == [5]


def test_where_the_table_is_gone_nothing_is_installed(django_assert_num_queries):
    class Nothing:
        @staticmethod
        def get_models():
            return []

    with django_assert_num_queries(0):
        install_policies(sender=None, apps=Nothing)


def test_a_milestone_is_reminded_of_as_the_table_says():
    days = [minutes / 1440 for minutes in ReminderPolicy.objects.get(kind="milestone").lead_minutes]
    assert days == [60, 30, 14, 7, 1, -1, -7, -15, -30]


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
