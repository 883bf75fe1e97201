"""Open, move and close deadlines; tell people things.

Everything here writes rows in the caller's transaction and sends nothing itself: delivery is the
outbox's work (`outbox.deliver`), so a dead broker or worker loses nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.urls import reverse
from django.utils.translation import get_language, gettext_noop

from accounts.models import Organisation, User
from core import calendar, workflow
from core.calendar import DayKind
from core.sent import storable
from notifications import clocks, outbox, rules
from notifications.models import (
    LONG_AGO,
    Deadline,
    DeadlineKind,
    Delivery,
    Message,
    Notice,
    Obligor,
    ReminderPolicy,
)
from notifications.queries import rendered
from notifications.states import DeadlineState, DeliveryState
from notifications.wording import Said, said


@dataclass(frozen=True)
class Owes:
    """Who owes: a person; a unit's members (in one `unit_role` if given); or an office (`role`).

    With an office `organisation` says for whom: the manager's department, or the unit whose
    recommender (by appointment or by region) is meant; `is_named`: only by appointment.
    """

    user: User | None = None
    organisation: Organisation | None = None
    unit_role: str = ""
    role: str = ""
    is_named: bool = False


@transaction.atomic
def open_deadline(
    *,
    subject,
    kind: str,
    title: Said | str,
    url: str,
    due_at: datetime,
    explanation: Said | str,
    owed_by: Iterable[Owes],
    at: datetime,
    department: Organisation | None = None,
    programme: str = "",
    series: UUID | None = None,
    clock: str = "",
) -> Deadline:
    """Open the one deadline of `kind` about `subject`. `explanation` says which clause set the date.

    `clock` says how its period was counted; a period of calendar days or months that ends on a rest day is
    moved as the kind's rule says. Raises IntegrityError when one is open already: call `move_deadline`.
    """
    ends = None
    if clock in (DayKind.CALENDAR, DayKind.MONTH):
        ends, due_at, explanation = _off_rest_day(kind, programme, series, due_at, explanation)
    deadline = Deadline.objects.create(
        subject=subject,
        kind=kind,
        title=Said.of(title),
        url=url,
        due_at=due_at,
        explanation=Said.of(explanation),
        department=department,
        programme=programme,
        series=series,
        clock=clock,
        period_ends_date=ends,
        opened_at=at,
    )
    _owe(deadline, owed_by)
    return deadline


def _off_rest_day(kind, programme, series, due_at, explanation):
    policies = ReminderPolicy.objects.applying_to(kind=kind, programme=programme, series=series)
    rule = policies.values_list("on_rest_day", flat=True).first() or calendar.RestDay.STAYS
    moved = calendar.off_rest_day(due_at, rule)
    if moved == due_at:
        return None, due_at, explanation
    return calendar.local_date(due_at), moved, on_rest_day(Said.of(explanation), rule)


def on_rest_day(explanation: Said, rule: str) -> Said:
    text = gettext_noop("%(text)s；到期日为休息日，%(rule)s")
    return said(text, text=explanation, rule=calendar.RestDay(rule).label)


def _owe(deadline: Deadline, owed_by: Iterable[Owes]) -> None:
    Obligor.objects.bulk_create(
        Obligor(
            deadline=deadline,
            user=owes.user,
            organisation=owes.organisation,
            unit_role=owes.unit_role,
            role=owes.role,
            is_named=owes.is_named,
        )
        for owes in owed_by
    )


def _open(subject, kind):
    return Deadline.objects.open().filter(
        content_type=ContentType.objects.get_for_model(subject), object_id=subject.pk, kind=kind
    )


def move_deadline(*, subject, kind: str, due_at: datetime, explanation: Said | str) -> int:
    """Give the open deadline another due moment; reminders for the new moment are due afresh."""
    return _open(subject, kind).update(due_at=due_at, explanation=Said.of(explanation), period_ends_date=None)


@transaction.atomic
def hand_over(*, subject, kind: str, owed_by: Iterable[Owes]) -> None:
    """The open deadline stands, others owe it now; they hear of it at the next sweep."""
    owed_by = list(owed_by)
    for deadline in _open(subject, kind):
        deadline.obligors.all().delete()
        _owe(deadline, owed_by)
        Deadline.objects.filter(pk=deadline.pk).update(look_at=LONG_AGO)


@transaction.atomic
def suspend_deadline(*, subject, kind: str, by, at: datetime, reason: str = "") -> None:
    """The clock stands still (异议, 整改): no reminders until it goes on. Standing already, it stays so."""
    for deadline in _open(subject, kind).filter(suspended_at=None).select_for_update():
        Deadline.objects.filter(pk=deadline.pk).update(suspended_at=at)
        workflow.record(deadline, "suspended", by=by, at=at, note=reason)


@transaction.atomic
def resume_deadline(*, subject, kind: str, by, at: datetime) -> int:
    """The clock goes on: what was left of the period when it stopped is counted on from now.

    Returns how many clocks stood still.
    """
    resumed = 0
    for deadline in _open(subject, kind).filter(suspended_at__isnull=False).select_for_update():
        due_at = calendar.resumed(
            deadline.due_at,
            stopped_at=deadline.suspended_at,
            resumed_at=at,
            kind=deadline.clock or DayKind.CALENDAR,
        )
        explanation, ends = deadline.explanation, deadline.period_ends_date
        if due_at != deadline.due_at:
            ends = None
            explanation = said(
                gettext_noop("%(text)s；%(stopped)s 至 %(resumed)s 中止计时"),
                text=explanation,
                stopped=calendar.local_date(deadline.suspended_at),
                resumed=calendar.local_date(at),
            )
        Deadline.objects.filter(pk=deadline.pk).update(
            suspended_at=None,
            due_at=due_at,
            explanation=explanation,
            period_ends_date=ends,
            look_at=LONG_AGO,
        )
        workflow.record(deadline, "resumed", by=by, at=at)
        resumed += 1
    return resumed


def _close(subject, kind, state, *, by, at):
    for deadline in _open(subject, kind):
        workflow.move(deadline, state, by=by, at=at, closed_at=at, suspended_at=None)


def meet_deadline(*, subject, kind: str, by, at: datetime) -> None:
    """The obligation is done. Does nothing when no such deadline is open."""
    _close(subject, kind, DeadlineState.MET, by=by, at=at)


def cancel_deadline(*, subject, kind: str, by, at: datetime) -> None:
    """The obligation fell away. Does nothing when no such deadline is open."""
    _close(subject, kind, DeadlineState.CANCELLED, by=by, at=at)


RIGHTS = (
    DeadlineKind.SECOND_STEP,
    DeadlineKind.INVITATION,
    DeadlineKind.APPEAL,
    DeadlineKind.EXTENSION,
    DeadlineKind.EXPERT_UPDATE,
    DeadlineKind.EQUITY_BUY_BACK,
)
"""What lapses when it is not used: nothing is owed behind the due moment."""


def lapse_rights(*, at: datetime) -> None:
    """Close them. Somebody may have used one in the meantime: it is Lost, and there is nothing to close."""
    clocks.each(
        "lapse_rights",
        Deadline.objects.open().filter(kind__in=RIGHTS, due_at__lt=at)[:LAPSED_AT_ONCE],
        lambda found: workflow.move(
            found, DeadlineState.CANCELLED, by=None, at=at, closed_at=at, suspended_at=None
        ),
        at=at,
    )


LAPSED_AT_ONCE = 5_000


@transaction.atomic
def tell(
    *,
    recipients: Iterable[User],
    template: str,
    context: dict,
    url: str = "",
    at: datetime,
    channels=("email",),
    notice: Notice | None = None,
) -> list[Message]:
    """Put a message into each inbox and queue it on `channels`.

    `template` names `templates/<app>/email/<name>.txt` as "<app>/<name>"; its first line is the subject.
    `context` holds plain JSON values only: the text is rendered when it is read or sent. `notice` is what
    the message serves: `receipts.serve`.
    """
    context = storable(context)
    messages = Message.objects.bulk_create(
        Message(recipient=user, template=template, context=context, url=url, created_at=at, notice=notice)
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


def _sample(policy: ReminderPolicy, by: User, at: datetime, *, is_late: bool = False) -> dict:
    """What a reminder by this rule would say of the latest deadline of its kind, or of an invented one."""
    latest = Deadline.objects.visible_to(by).filter(kind=policy.kind).order_by("-id").first()
    example = said(gettext_noop("示例事项"))
    wording = {"zh-hans": [policy.subject, policy.body], "en": [policy.subject_en, policy.body_en]}
    late = {
        "zh-hans": [policy.late_subject, policy.late_body],
        "en": [policy.late_subject_en, policy.late_body_en],
    }
    if is_late:  # language by language, as `sweep.DUE` chooses
        wording |= {code: words for code, words in late.items() if words[1]}
    return {
        "kind": policy.kind,
        "title": (latest.title if latest else example).data,
        "due_at": (latest.due_at if latest else at).isoformat(),
        "explanation": (latest.explanation if latest else example).data,
        "is_overdue": is_late,
        "wording": wording,
    }


def preview(*, policy: ReminderPolicy, by: User, at: datetime, is_late: bool = False) -> tuple[str, str]:
    """(subject, body) as `by` would read it, before or behind the due moment; nothing is stored."""
    context = _sample(policy, by, at, is_late=is_late)
    message = Message(
        recipient=by, template="notifications/reminder", context=context, url=reverse("portal:todo")
    )
    return rendered(message, get_language())


def test_send(*, policy: ReminderPolicy, by: User, at: datetime) -> None:
    """Send the text to oneself, by inbox and mail."""
    tell(recipients=[by], template="notifications/reminder", context=_sample(policy, by, at), at=at)
