"""Open, move and close deadlines; tell people things.

Everything here writes rows in the caller's transaction and sends nothing itself: delivery is the
outbox's work (`tasks.deliver_outbox`), so a dead broker or worker loses nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from accounts.models import Organisation, User
from core import workflow
from notifications.models import Deadline, Delivery, Message, Obligor
from notifications.states import DeadlineState


@dataclass(frozen=True)
class Owes:
    """Who owes: a person; a unit's members (in one `unit_role` if given); or an office (`role`, perhaps of a unit)."""

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
    Delivery.objects.bulk_create(
        Delivery(message=message, channel=channel, next_try_at=at)
        for message in messages
        for channel in channels
    )
    return messages
