"""What reaches people and how they want it: quiet hours, channels, one mail a day, the words."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from notifications import actions
from notifications.actions import Owes
from notifications.models import (
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Preference,
    Reminder,
    ReminderPolicy,
    Subscription,
)
from notifications.queries import rendered
from notifications.sweep import digest, sweep
from notifications.wording import said
from tests.factories.accounts import UserFactory
from tests.factories.notifications import open_deadline
from tests.notifications.helpers import policy

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday, nine o'clock in Beijing: the hour at which days are told."""
DAY = timedelta(days=1)


@pytest.mark.django_db
def test_quiet_hours_hold_back_what_leaves_the_site():
    night = AT + timedelta(hours=13)  # 22:00 in Beijing
    policy("h24", channels=["email", "sms"])
    open_deadline(at=night - DAY, owed_by=[Owes(user=UserFactory())], due_in=1.5 * DAY)
    assert sweep(at=night) == 1
    assert set(Delivery.objects.values_list("channel", "next_try_at")) == {
        ("email", night),
        ("sms", AT + DAY - timedelta(hours=1)),
    }
    # Held back until after the due moment a reminder would be none.
    open_deadline(at=night - DAY, owed_by=[Owes(user=UserFactory())], due_in=DAY + timedelta(hours=4))
    sweep(at=night)
    assert Delivery.objects.filter(channel="sms").latest("id").next_try_at == night


@pytest.mark.django_db
def test_text_messages_wait_for_a_working_day():
    saturday = AT + 5 * DAY
    policy("h72", channels=["email", "sms"])
    open_deadline(at=saturday - DAY, owed_by=[Owes(user=UserFactory())], due_in=3.5 * DAY)
    sweep(at=saturday)
    assert dict(Delivery.objects.values_list("channel", "next_try_at")) == {
        "email": saturday,
        "sms": saturday + 2 * DAY,
    }


@pytest.mark.django_db
def test_people_choose_channels_and_quiet_hours_but_not_for_legal_notices():
    user = UserFactory()
    Subscription.objects.create(user=user, kind=DeadlineKind.MILESTONE, channels=[])
    Subscription.objects.create(user=user, kind=DeadlineKind.SUPPLEMENT, channels=[])
    Preference.objects.create(user=user, quiet_from=time(8), quiet_to=time(12))
    policy("d7")
    policy("d7", kind=DeadlineKind.SUPPLEMENT, is_legal=True)
    policy("d7", kind=DeadlineKind.PAYMENT)
    for kind in (DeadlineKind.MILESTONE, DeadlineKind.SUPPLEMENT, DeadlineKind.PAYMENT):
        open_deadline(at=AT, owed_by=[Owes(user=user)], kind=kind)
    assert sweep(at=AT) == 3
    sent = Delivery.objects.values_list("message__context__kind", "next_try_at").order_by("id")
    assert set(sent) == {
        ("supplement", AT + timedelta(hours=3)),
        ("payment", AT + timedelta(hours=3)),
    }


@pytest.mark.django_db
def test_one_mail_a_day_instead_of_many():
    user, other = UserFactory(), UserFactory()
    Preference.objects.create(user=user, wants_digest=True)
    policy("d7")
    policy("d7", kind=DeadlineKind.SUPPLEMENT, is_legal=True)
    for number in range(3):
        open_deadline(at=AT, owed_by=[Owes(user=user), Owes(user=other)], due_in=(5 - number) * DAY)
    open_deadline(at=AT, owed_by=[Owes(user=user)], kind=DeadlineKind.SUPPLEMENT)
    assert sweep(at=AT) == 7
    mails = Delivery.objects.values_list("message__recipient", "message__template")
    assert sorted(mails) == sorted(
        [(other.pk, "notifications/reminder")] * 3 + [(user.pk, "notifications/reminder")]
    )
    assert digest(at=AT + DAY, url="/todo/") == 1
    assert digest(at=AT + DAY, url="/todo/") == 0
    message = Message.objects.get(template="notifications/digest")
    assert (message.recipient, message.context["count"]) == (user, 3)
    assert [line["due_at"] for line in message.context["lines"]] == sorted(
        line["due_at"] for line in message.context["lines"]
    )
    subject, body = rendered(message)
    assert subject == "今日提醒：3 个事项"
    assert body.count("青科揭榜-0001 样机") == 3
    assert "3 obligations" in rendered(message, "en")[0]


@pytest.mark.django_db
def test_the_one_mail_a_day_names_each_matter_once_and_nothing_that_is_over():
    user = UserFactory()
    Preference.objects.create(user=user, wants_digest=True)
    policy("d7", "h2")
    stays, done, moved, stopped = (
        open_deadline(at=AT, owed_by=[Owes(user=user)], due_in=timedelta(hours=5), title=title)
        for title in ("样机", "办结", "改期", "中止")
    )
    assert (sweep(at=AT), sweep(at=AT + timedelta(hours=4))) == (4, 4)
    actions.meet_deadline(subject=done.subject, kind=done.kind, by=None, at=AT)
    Deadline.objects.filter(pk=moved.pk).update(due_at=stays.due_at + 60 * DAY)
    Deadline.objects.filter(pk=stopped.pk).update(suspended_at=AT)
    assert digest(at=AT + DAY, url="/todo/") == 1
    message = Message.objects.get(template="notifications/digest")
    assert [line["title"] for line in message.context["lines"]] == ["样机"]
    assert not Reminder.objects.filter(in_digest=True).exists()


@pytest.mark.django_db
def test_a_rule_that_is_gone_leaves_its_deadlines_to_the_general_one():
    policy("d7")
    own = policy("d1", programme="jiebang")
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], programme="jiebang")
    assert sweep(at=AT) == 0
    own.delete()
    assert sweep(at=AT) == 1
    other = policy("d1", kind=DeadlineKind.PAYMENT, programme="jiebang")
    sweep(at=AT)
    other.kind = DeadlineKind.MILESTONE
    other.save()
    changed = ReminderPolicy.objects.filter(is_applied=False).values_list("kind", "programme")
    assert set(changed) == {(DeadlineKind.MILESTONE, "jiebang"), (DeadlineKind.PAYMENT, "")}


@pytest.mark.django_db
def test_a_rule_has_its_own_words_in_two_languages():
    policy("d7", subject="{kind}将到期", body="{name}：{title}，{due}。", body_en="{title} is due {due}")
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory(name="王一"))], due_in=timedelta(hours=10))
    sweep(at=AT)
    message = Message.objects.get()
    assert rendered(message) == ("里程碑将到期", "王一：青科揭榜-0001 样机，2026-03-02 19:00。\n")
    assert rendered(message, "en") == (
        "青科揭榜-0001 样机",
        "青科揭榜-0001 样机 is due 2026-03-02 19:00\n",
    )


@pytest.mark.django_db
def test_once_overdue_a_rule_has_other_words_where_it_wrote_some():
    words = {"subject": "{kind}将到期", "body": "到期前", "body_en": "before"}
    policy("d-1", **words, late_subject="{kind}已逾期", late_body="{title} 已逾期")
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory(name="王一"))], due_in=timedelta(hours=10))
    sweep(at=AT + timedelta(days=2))
    message = Message.objects.get()
    assert rendered(message) == ("里程碑已逾期", "青科揭榜-0001 样机 已逾期\n")
    assert rendered(message, "en")[1] == "before\n"


@pytest.mark.django_db
def test_the_words_of_a_reminder_are_said_in_the_readers_language():
    policy("d7")
    explanation = said("自 %(date)s 邀请起 %(days)s 个工作日内", date=date(2026, 3, 2), days=5)
    open_deadline(at=AT, owed_by=[Owes(user=UserFactory())], explanation=explanation)
    sweep(at=AT)
    message = Message.objects.get()
    assert "自 2026-03-02 邀请起 5 个工作日内" in rendered(message)[1]
    assert "within 5 working days" in rendered(message, "en")[1].lower()
