"""Open, move and close deadlines; tell people things.

Everything here writes rows in the caller's transaction and sends nothing itself: delivery is the
outbox's work (`outbox.deliver`), so a dead broker or worker loses nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import translation

from accounts.models import Organisation, User
from core import workflow
from notifications import outbox, rules
from notifications.models import (
    AT_ONCE,
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Obligor,
    ReminderPolicy,
)
from notifications.states import DeadlineState, DeliveryState

HOUR = 60
DAY = 24 * HOUR
_ON_ARRIVAL = [AT_ONCE, 3 * DAY, DAY, -DAY]
_EMAIL = ["email"]

# kind: (leads, overdue after which managers are told too, overdue after which leaders are)
DEFAULT_POLICIES = {
    DeadlineKind.CALL_CLOSES: ([7 * DAY, 3 * DAY, DAY, 4 * HOUR], None, None),
    DeadlineKind.DEMAND_ARGUMENT: ([*_ON_ARRIVAL, -7 * DAY], None, 7 * DAY),
    DeadlineKind.DEMANDER_CHOICE: (_ON_ARRIVAL, DAY, None),
    DeadlineKind.UNIT_REVIEW: (_ON_ARRIVAL, None, None),
    DeadlineKind.RECOMMENDATION: (_ON_ARRIVAL, DAY, None),
    DeadlineKind.FORMAL_CHECK: ([*_ON_ARRIVAL, -7 * DAY], None, 7 * DAY),
    DeadlineKind.SUPPLEMENT: ([AT_ONCE, 2 * DAY, DAY], None, None),
    DeadlineKind.EXPERT_REVIEW: ([3 * DAY, DAY, 0, -DAY, -7 * DAY], None, 7 * DAY),
    DeadlineKind.REVIEW_ANSWER: ([AT_ONCE, DAY, 0, -DAY], 0, None),
    DeadlineKind.REVIEW_DUE: ([3 * DAY, DAY, 0, -DAY, -3 * DAY], DAY, None),
    DeadlineKind.OFFICE_STEP: ([3 * DAY, DAY, -DAY, -7 * DAY], None, 7 * DAY),
    DeadlineKind.DECISION: ([3 * DAY, DAY, -DAY, -7 * DAY], None, 7 * DAY),
    DeadlineKind.PUBLICITY_END: ([AT_ONCE, DAY, -DAY], None, None),
    DeadlineKind.OBJECTION: ([*_ON_ARRIVAL, -7 * DAY], None, 7 * DAY),
    DeadlineKind.AGREEMENT_SIGNING: (
        [30 * DAY, 15 * DAY, 7 * DAY, 3 * DAY, DAY, -DAY, -7 * DAY],
        DAY,
        None,
    ),
    DeadlineKind.MILESTONE: (
        [60 * DAY, 30 * DAY, 14 * DAY, 7 * DAY, DAY, -DAY, -7 * DAY, -15 * DAY, -30 * DAY],
        7 * DAY,
        30 * DAY,
    ),
    DeadlineKind.DEMANDER_OPINION: (_ON_ARRIVAL, DAY, None),
    DeadlineKind.MILESTONE_CHECK: ([*_ON_ARRIVAL, -7 * DAY], None, 7 * DAY),
    DeadlineKind.PAYMENT: ([AT_ONCE, 14 * DAY, 7 * DAY, DAY, -DAY, -7 * DAY, -14 * DAY], None, 14 * DAY),
}


def in_site_language(function):
    """Run `function` in the site's language: titles and explanations of deadlines are stored as written."""

    @wraps(function)
    def inner(*args, **kwargs):
        with translation.override(settings.LANGUAGE_CODE):
            return function(*args, **kwargs)

    return inner


@dataclass(frozen=True)
class Owes:
    """Who owes: a person; a unit's members (in one `unit_role` if given); or an office (`role`).

    With an office `organisation` says for whom: the manager's department, or the unit whose
    recommender (by appointment or by region) is meant.
    """

    user: User | None = None
    organisation: Organisation | None = None
    unit_role: str = ""
    role: str = ""


@transaction.atomic
def open_deadline(
    *,
    subject,
    kind: str,
    title: str,
    url: str,
    due_at: datetime,
    explanation: str,
    owed_by: Iterable[Owes],
    at: datetime,
    department: Organisation | None = None,
) -> Deadline:
    """Open the one deadline of `kind` about `subject`. `explanation` says which clause set the date.

    Raises IntegrityError when one is open already: call `move_deadline` instead.
    """
    deadline = Deadline.objects.create(
        subject=subject,
        kind=kind,
        title=title[:200],
        url=url,
        due_at=due_at,
        explanation=explanation[:300],
        department=department,
        opened_at=at,
    )
    Obligor.objects.bulk_create(
        Obligor(
            deadline=deadline,
            user=owes.user,
            organisation=owes.organisation,
            unit_role=owes.unit_role,
            role=owes.role,
        )
        for owes in owed_by
    )
    return deadline


def _open(subject, kind):
    return Deadline.objects.open().filter(
        content_type=ContentType.objects.get_for_model(subject), object_id=subject.pk, kind=kind
    )


def move_deadline(*, subject, kind: str, due_at: datetime, explanation: str) -> int:
    """Give the open deadline another due moment; reminders for the new moment are due afresh."""
    return _open(subject, kind).update(due_at=due_at, explanation=explanation[:300])


def _close(subject, kind, state, *, by, at):
    for deadline in _open(subject, kind):
        workflow.move(deadline, state, by=by, at=at, closed_at=at)


def meet_deadline(*, subject, kind: str, by, at: datetime) -> None:
    """The obligation is done. Does nothing when no such deadline is open."""
    _close(subject, kind, DeadlineState.MET, by=by, at=at)


def cancel_deadline(*, subject, kind: str, by, at: datetime) -> None:
    """The obligation fell away. Does nothing when no such deadline is open."""
    _close(subject, kind, DeadlineState.CANCELLED, by=by, at=at)


@transaction.atomic
def tell(
    *,
    recipients: Iterable[User],
    template: str,
    context: dict,
    url: str = "",
    at: datetime,
    channels=("email",),
) -> list[Message]:
    """Put a message into each inbox and queue it on `channels`.

    `template` names `templates/<app>/email/<name>.txt` as "<app>/<name>"; its first line is the subject.
    `context` holds plain JSON values only: the text is rendered when it is read or sent.
    """
    messages = Message.objects.bulk_create(
        Message(recipient=user, template=template, context=context, url=url, created_at=at)
        for user in dict.fromkeys(recipients)
    )
    if messages and channels:
        Delivery.objects.bulk_create(
            Delivery(message=message, channel=channel, next_try_at=at)
            for message in messages
            for channel in channels
        )
        outbox.poke_on_commit()
    return messages


def read(*, message: Message, by: User, at: datetime) -> None:
    """Note when a message was first read. Raises Refused for anybody but its recipient."""
    rules.check_can_read(by, message)
    Message.objects.filter(pk=message.pk, read_at=None).update(read_at=at)
    message.read_at = message.read_at or at


def read_all(*, by: User, at: datetime) -> int:
    """Note every unread message to this person as read; return how many there were."""
    return Message.objects.filter(recipient=by).unread().update(read_at=at)


@transaction.atomic
def resend(*, delivery: Delivery, by: User, at: datetime) -> None:
    """Queue a failed delivery again. Raises Refused when it has not failed."""
    rules.check_can_resend(by, delivery)
    changed = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.FAILED).update(
        state=DeliveryState.QUEUED, next_try_at=at, attempts=0
    )
    if changed:
        workflow.record(
            delivery,
            "resent",
            by=by,
            at=at,
            from_state=DeliveryState.FAILED,
            to_state=DeliveryState.QUEUED,
            note=delivery.error,
        )
        outbox.poke_on_commit()


def install_default_policies() -> None:
    """Give every kind of deadline without a reminder policy its default. Never changes an existing one."""
    ReminderPolicy.objects.bulk_create(
        (
            ReminderPolicy(
                kind=kind,
                lead_minutes=leads,
                channels=_EMAIL,
                manager_overdue_minutes=manager,
                leader_overdue_minutes=leader,
            )
            for kind, (leads, manager, leader) in DEFAULT_POLICIES.items()
        ),
        ignore_conflicts=True,
    )
