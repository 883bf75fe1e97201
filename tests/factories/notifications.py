"""Deadlines and messages for tests."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from notifications import actions, obligations
from notifications.models import DeadlineKind, Delivery, Gateway, Message, Reminder
from tests.factories.accounts import OrganisationFactory, UserFactory


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = Message

    recipient = factory.SubFactory(UserFactory)
    template = "notifications/reminder"
    context = factory.LazyFunction(
        lambda: {
            "kind": DeadlineKind.MILESTONE.value,
            "title": "青科揭榜-0001 样机",
            "due_at": "2026-03-10T15:59:59+00:00",
            "explanation": "任务书第三条",
            "is_overdue": False,
        }
    )
    url = "/milestones/1/"
    created_at = factory.LazyFunction(timezone.now)


class DeliveryFactory(DjangoModelFactory):
    class Meta:
        model = Delivery

    message = factory.SubFactory(MessageFactory)
    channel = "email"
    next_try_at = factory.SelfAttribute("message.created_at")


def open_deadline(*, at, owed_by=(), subject=None, due_in=timedelta(days=5), **kwargs):
    """An open deadline; its subject is a new organisation unless one is given."""
    values = {
        "kind": DeadlineKind.MILESTONE,
        "title": "青科揭榜-0001 样机",
        "url": "/milestones/1/",
        "explanation": "任务书第三条",
        **kwargs,
    }
    return actions.open_deadline(
        subject=subject or OrganisationFactory(), due_at=at + due_in, owed_by=owed_by, at=at, **values
    )


class GatewayFactory(DjangoModelFactory):
    class Meta:
        model = Gateway

    channel = "webhook"
    name = factory.Sequence(lambda n: f"通道{n}")
    address = "http://127.0.0.1:1/hook"
    secret = "a-secret-of-the-tests"
    template_id = factory.LazyAttribute(lambda gateway: "SMS_1001" if gateway.channel == "sms" else "")
    signature = factory.LazyAttribute(lambda gateway: "青岛科技" if gateway.channel == "sms" else "")


def reminder(*, deadline, recipient, at, lead="d1", channel="email") -> Delivery:
    """What a sweep writes for one person: message, ledger row and delivery."""
    context = {
        "kind": deadline.kind,
        "title": str(deadline.title),
        "due_at": deadline.due_at.isoformat(),
        "explanation": str(deadline.explanation),
        "is_overdue": deadline.due_at < at,
    }
    delivery = DeliveryFactory(
        channel=channel,
        message__recipient=recipient,
        message__context=context,
        message__url=deadline.url,
        message__created_at=at,
    )
    Reminder.objects.create(
        deadline=deadline,
        due_at=deadline.due_at,
        lead=lead,
        recipient=recipient,
        message=delivery.message,
        created_at=at,
    )
    return delivery


OF_PROJECTS = (
    "milestone",
    "extension",
    "project",
    "termination",
    "opinion",
    "payment",
    "refund",
    "settlement",
)


@contextmanager
def only_of(*words: str):
    """What is owed of the kinds with one of these words in their names; to ask all takes 160 queries."""
    wanted = {kind: row for kind, row in obligations.REGISTRY.items() if any(word in kind for word in words)}
    with patch.dict(obligations.REGISTRY, wanted, clear=True):
        yield


def drifts(*words: str, at) -> list[str]:
    """Where the clocks of these kinds disagree with what is owed."""
    with only_of(*words):
        return [str(drift) for drift in obligations.check(at=at)]
