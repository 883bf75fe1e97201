from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from notifications.models import Delivery, Message, ReminderPolicy, ReminderStep
from notifications.queries import rendered
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.notifications import DeliveryFactory, MessageFactory, open_deadline

pytestmark = pytest.mark.django_db
DEADLINES = "admin:notifications_deadline_changelist"


def shown(client, **query):
    return [row.title for row in client.get(reverse(DEADLINES), query).context["cl"].queryset]


def test_the_ladder_shows_what_is_overdue_by_department(client):
    now, department = timezone.now(), OrganisationFactory()
    for title, days in (("将到", -3), ("刚逾期", 0.5), ("一周", 8), ("一月", 40)):
        open_deadline(at=now, title=title, due_in=-timedelta(days=days), department=department)
    open_deadline(at=now, title="别的处室", due_in=-timedelta(days=40), department=OrganisationFactory())
    client.force_login(officer(organisation=department))
    assert shown(client) == ["一月", "一周", "刚逾期", "将到"]
    assert shown(client, overdue="0") == ["一月", "一周", "刚逾期"]
    assert shown(client, overdue="7") == ["一月", "一周"]
    assert shown(client, overdue="30") == ["一月"]
    assert shown(client, overdue="week") == ["将到"]
    client.force_login(officer(Role.LEADER))
    assert shown(client, overdue="30") == ["一月", "别的处室"]


def test_a_deadline_is_only_read(client):
    deadline = open_deadline(at=timezone.now())
    client.force_login(officer(Role.SYSADMIN))
    address = reverse("admin:notifications_deadline_change", args=[deadline.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {"title": "x"}).status_code == 403
    assert client.get(reverse("admin:notifications_deadline_add")).status_code == 403


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    department = OrganisationFactory()
    for _ in range(rows):
        open_deadline(at=timezone.now(), department=department)
    client.force_login(officer(organisation=department))
    client.get(reverse(DEADLINES))
    with django_assert_num_queries(7):
        assert client.get(reverse(DEADLINES)).context["cl"].result_count == rows


def test_a_failed_delivery_is_sent_again(client):
    delivery = DeliveryFactory(state="failed", error="550 no such user", message__recipient__name="周海声")
    client.force_login(officer(Role.SYSADMIN))
    body = client.get(reverse("admin:notifications_delivery_changelist")).content.decode()
    assert "周海声" in body
    address = reverse("admin:notifications_delivery_resend", args=[delivery.pk])
    assert client.post(address).status_code == 302
    assert Delivery.objects.get().state == "queued"
    assert client.post(address).status_code == 403
    client.force_login(officer(Role.LEADER))
    assert client.post(address).status_code == 403


def test_the_inbox_is_ones_own_and_opening_reads(client):
    user = officer(Role.FINANCE)
    mine, other = MessageFactory(recipient=user), MessageFactory()
    client.force_login(user)
    rows = client.get(reverse("admin:notifications_message_changelist")).context["cl"].queryset
    assert list(rows) == [mine]
    body = client.get(reverse("admin:notifications_message_change", args=[mine.pk])).content.decode()
    assert "请在到期之前办理下列事项" in body
    assert Message.objects.get(pk=mine.pk).read_at
    assert client.get(reverse("admin:notifications_message_change", args=[other.pk])).status_code == 404
    assert Message.objects.get(pk=other.pk).read_at is None


STEPS = "steps-"


def rule_form(policy, **changed):
    data = {
        "kind": policy.kind,
        "hour": 9,
        "on_rest_day": "later",
        "quiet_from": "21:00",
        "quiet_to": "08:00",
    }
    data |= {f"{STEPS}TOTAL_FORMS": 1, f"{STEPS}INITIAL_FORMS": 0, f"{STEPS}0-amount": -7}
    data |= {
        f"{STEPS}0-unit": "d",
        f"{STEPS}0-audience": ["owners", "heads"],
        f"{STEPS}0-channels": ["email"],
    }
    return data | changed


def test_rules_are_edited_with_care(client):
    policy = ReminderPolicy.objects.get(kind="milestone")
    policy.steps.all().delete()
    address = reverse("admin:notifications_reminderpolicy_change", args=[policy.pk])
    client.force_login(officer(Role.SYSADMIN))
    assert client.get(address).status_code == 200
    for wrong, sentence in (
        ({f"{STEPS}0-channels": ["pigeon"]}, "pigeon"),
        ({"body": "{password}"}, "没有叫“{password}”的占位符"),
        ({"body": "{title.__class__}"}, "没有叫“{title.__class__}”的占位符"),
        ({"body": "{title!r}"}, "没有叫“{title}”的占位符"),
        ({"body": "{"}, "花括号没有成对"),
        ({"hour": 24}, "23"),
    ):
        response = client.post(address, rule_form(policy, **wrong))
        assert (response.status_code, sentence in response.content.decode()) == (200, True), wrong
    assert client.post(address, rule_form(policy, body="{title}：{due}")).status_code == 302
    policy.refresh_from_db()
    step = policy.steps.get()
    assert (policy.body, policy.on_rest_day) == ("{title}：{due}", "later")
    assert (step.code, step.audience, step.channels) == ("d-7", ["owners", "heads"], ["email"])
    body = client.get(reverse("admin:notifications_reminderpolicy_changelist")).content.decode()
    assert "逾期 7 天：办理人、处室负责人" in body
    client.force_login(officer(Role.LEADER))
    assert client.post(address, rule_form(policy)).status_code == 403


def test_a_text_is_previewed_and_sent_to_oneself(client):
    policy = ReminderPolicy.objects.get(kind="milestone")
    late = {"late_subject": "迟 {kind}", "late_body": "{title} 已逾期"}
    ReminderPolicy.objects.filter(pk=policy.pk).update(subject="试 {kind}", body="{name} {title}", **late)
    open_deadline(at=timezone.now())
    user = officer(Role.SYSADMIN)
    client.force_login(user)
    preview = reverse("admin:notifications_reminderpolicy_preview", args=[policy.pk])
    page = client.get(preview).content.decode()
    assert "试 里程碑" in page
    assert f"{user.name} 青科揭榜-0001 样机" in page
    assert page.index("试 里程碑") < page.index("迟 里程碑")
    assert "样机 已逾期" in page
    assert page.count("English") >= 2
    assert not Message.objects.exists()
    client.post(reverse("admin:notifications_reminderpolicy_test_send", args=[policy.pk]))
    message = Message.objects.get()
    assert message.recipient == user
    assert rendered(message) == ("试 里程碑", f"{user.name} 青科揭榜-0001 样机\n")
    client.force_login(officer(Role.LEADER))
    assert client.get(preview).status_code == 403


def test_leads_in_words():
    codes = ("open", "d60", "h4", "w2", "d0", "d-1", "d-7/14")
    found = [ReminderStep.reading(code).in_words() for code in codes]
    assert found[:3] == ["期限产生时", "提前 60 天", "提前 4 小时"]
    assert found[3:] == ["提前 2 个工作日", "到期当天", "逾期 1 天", "逾期 7 天起每 14 天"]
    assert [ReminderStep.reading(code).code for code in codes] == list(codes)
    for nonsense in ("soon", "d7/7", "w-7/7", "d-7/0"):
        with pytest.raises(ValueError, match="no lead"):
            ReminderStep.reading(nonsense)
