"""What may be unsubscribed from, how, and what then still goes out."""

from datetime import UTC, datetime

import pytest

from notifications import outbox, unsubscribing
from notifications.channels.email import compose
from notifications.models import DeadlineKind, Subscription, Unsubscription
from tests.factories.accounts import UserFactory
from tests.factories.notifications import DeliveryFactory, open_deadline, reminder

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PROGRESS = {"title": "样机", "version": 1, "call": "2026 年揭榜", "number": ""}


def progress(**kwargs):
    return DeliveryFactory(
        message__template="applications/submitted",
        message__context=PROGRESS,
        message__created_at=AT,
        **kwargs,
    )


def path_of(mail) -> str:
    link = mail.extra_headers["List-Unsubscribe"].strip("<>")
    return "/" + link.split("/", 3)[3]


def composed(delivery):
    return compose(delivery, legal_kinds=unsubscribing.legal_kinds())


def reminded(person, kind):
    return reminder(deadline=open_deadline(at=AT, kind=kind), recipient=person, at=AT)


def test_legal_notices_and_decisions_cannot_be_unsubscribed_from():
    mail = composed(progress())
    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert path_of(mail) in mail.body
    assert path_of(mail) in mail.alternatives[0].content
    assert "List-Unsubscribe" in composed(reminded(UserFactory(), DeadlineKind.MILESTONE)).extra_headers
    legal = composed(reminded(UserFactory(), DeadlineKind.SUPPLEMENT))
    decision = composed(
        DeliveryFactory(message__template="awards/awarded", message__context={"title": "样机", "number": "1"})
    )
    for mail in (legal, decision):
        assert "List-Unsubscribe" not in mail.extra_headers
        assert "unsubscribe" not in mail.body + mail.alternatives[0].content


def test_leaving_a_kind_of_reminder_is_a_preference_that_can_be_taken_back(client):
    person = UserFactory()
    address = path_of(composed(reminded(person, DeadlineKind.MILESTONE)))
    body = client.post(address, {"do": "leave"}, follow=True).content.decode()
    assert "您已退订“里程碑”的提醒" in body
    found = Subscription.objects.get(user=person)
    assert (found.kind, found.channels) == ("milestone", [])
    client.post(address, {"do": "return"})
    assert not Subscription.objects.exists()


def test_one_click_of_a_mail_program_needs_no_session(client):
    delivery = progress()
    address = path_of(composed(delivery))
    client.handler.enforce_csrf_checks = True
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).content == b"ok"
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Unsubscription.objects.get().user == delivery.message.recipient


def test_a_look_at_the_page_changes_nothing_and_one_may_come_back(client):
    address = path_of(composed(progress()))
    assert "退订后，办理进展不再发到" in client.get(address).content.decode()
    assert not Unsubscription.objects.exists()
    assert "您已退订办理进展" in client.post(address, {"do": "leave"}, follow=True).content.decode()
    assert "退订后" in client.post(address, {"do": "return"}, follow=True).content.decode()
    assert not Unsubscription.objects.exists()


@pytest.mark.parametrize("token", ["x", "WzEsInByb2dyZXNzIl0:1abc:forged"])
def test_a_forged_address_is_not_found(client, token):
    assert client.get(f"/messages/unsubscribe/{token}/").status_code == 404


def test_an_account_that_is_gone_is_not_found(client):
    address = unsubscribing.address(10**9, "progress")
    assert client.post("/" + address.split("/", 3)[3]).status_code == 404


def test_who_left_gets_no_courtesies_but_every_duty():
    courtesy = progress()
    person = courtesy.message.recipient
    duty = reminder(deadline=open_deadline(at=AT), recipient=person, at=AT)
    elsewhere = progress()
    unsubscribing.leave(user_id=person.pk, topic="progress", at=AT)
    outbox.deliver(clock=lambda: AT)
    found = []
    for delivery in (courtesy, duty, elsewhere):
        delivery.refresh_from_db()
        found.append(delivery.state)
    assert found == ["skipped", "sent", "sent"]
    assert courtesy.error == "收件人已退订这类消息"
