"""The table of working days has changed: what was counted by it is counted anew, and people are told.

Which days a period holds is known without its first day: as many working days of the old table as lie
between the opening (or the last resumption) of a deadline and its due date lie there by the new one.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Max, Q
from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext_noop

from core import calendar, workflow
from core.calendar import ONE_DAY, Calendar, DayKind, RestDay, local_date
from core.models import Event
from core.signals import calendar_changed
from notifications import actions, obligations
from notifications.chasing import people_owing
from notifications.models import Deadline, ReminderPolicy
from notifications.wording import Said, said

MOVED = gettext_noop("%(text)s；工作日历更新（%(source)s），由 %(old)s 改为 %(new)s")
LINES = 100
"""One message names so many dates at most; the to-do list has the rest."""


@receiver(calendar_changed, dispatch_uid="notifications.calendar_changed")
def recount(
    sender, *, before: Calendar, after: Calendar, days: set[date], source: str, by, at, **kwargs
) -> int:
    """Move every open deadline that the new table counts to another day. Returns how many there were.

    What is overdue, or would be at once, stays as it is; so does a date that is printed somewhere.
    """
    first = min(days)
    from_then = Q(due_at__gt=calendar.end_of_day(first - ONE_DAY)) | Q(period_ends_date__gte=first)
    counted = Deadline.objects.open().filter(from_then, due_at__gte=at).exclude(clock__in=["", DayKind.HOUR])
    counted = counted.exclude(kind__in=[row.kind for row in obligations.REGISTRY.values() if row.is_printed])
    resumed = _resumed(counted)
    moved = []
    for deadline in counted.select_for_update().order_by("pk").iterator(1000):
        if deadline.clock == DayKind.WORKING:
            start = resumed.get(deadline.pk, deadline.opened_at)
            found = _working(deadline, local_date(start), before, after)
        else:
            found = _off_rest_day(deadline, after)
        if found and found > at:
            moved.append((deadline, found))
    models.prefetch_related_objects([deadline for deadline, _due_at in moved], "subject")
    moved = [row for row in moved if _follows(*row)]
    for deadline, due_at in moved:
        _move(deadline, due_at, source=source, by=by, at=at)
    tell([deadline for deadline, _due_at in moved if not deadline.suspended_at], source=source, at=at)
    return len(moved)


def _resumed(deadlines) -> dict[int, datetime]:
    about = ContentType.objects.get_for_model(Deadline)
    rows = Event.objects.filter(content_type=about, verb="resumed", object_id__in=deadlines.values("pk"))
    return dict(rows.order_by().values_list("object_id").annotate(last=Max("at")))


def _working(deadline: Deadline, start: date, before: Calendar, after: Calendar) -> datetime | None:
    """When it is due by the new table; None when that is the same day, or the old one did not count it."""
    day = local_date(deadline.due_at)
    if not before.is_working(day) or start >= day:
        return None
    days = before.working_days_between(start + ONE_DAY, day)
    found = after.add_days(start, days, kind=DayKind.WORKING)
    return deadline.due_at + (found - day) if found != day else None


def _off_rest_day(deadline: Deadline, after: Calendar) -> datetime | None:
    """A period of calendar days ends as before; what becomes of a rest day at its end is asked again."""
    day = local_date(deadline.due_at)
    end = deadline.period_ends_date or day
    if after.is_working(end):
        found = end
    else:
        policies = ReminderPolicy.objects.applying_to(
            kind=deadline.kind, programme=deadline.programme, series=deadline.series
        )
        found = after.off_rest_day(
            end, policies.values_list("on_rest_day", flat=True).first() or RestDay.STAYS
        )
    return deadline.due_at + (found - day) if found != day else None


def _follows(deadline: Deadline, due_at: datetime) -> bool:
    """Whether the object that it is about has this date too, or can be given it.

    A period of calendar days that ends on a rest day is moved in the deadline alone.
    """
    obligation = obligations.REGISTRY.get(deadline.kind)
    subject = deadline.subject
    if not obligation or not isinstance(subject, obligation.model) or deadline.clock != DayKind.WORKING:
        return True
    own = obligation.due(subject)
    if own is None or own == due_at:
        return True
    return own == deadline.due_at and _carry(obligation, subject, due_at)


def _carry(obligation: obligations.Obligation, subject: models.Model, due_at: datetime) -> bool:
    """Write the date where the object keeps it: the one field of its own among `Obligation.dates`."""
    label = f"{subject._meta.label}."
    names = [name.removeprefix(label) for name in obligation.dates if name.startswith(label)]
    if len(names) != 1:
        return False
    field = subject._meta.get_field(names[0])
    value = due_at if isinstance(field, models.DateTimeField) else local_date(due_at)
    type(subject).objects.filter(pk=subject.pk).update(**{field.name: value})
    return True


def _move(deadline: Deadline, due_at: datetime, *, source: str, by, at: datetime) -> None:
    old, new = local_date(deadline.due_at), local_date(due_at)
    explanation, ends = deadline.explanation, deadline.period_ends_date
    if deadline.clock == DayKind.WORKING:
        if explanation.text == MOVED:  # counted anew before: what it was at first and what it is now
            old, explanation = explanation.words["old"], Said.of(explanation.words["text"])
        if str(old) != str(new):
            explanation = said(MOVED, text=explanation, source=source, old=old, new=new)
    else:
        if ends:
            explanation = Said.of(explanation.words["text"])
        ends = None if (ends or old) == new else ends or old
        if ends:
            rule = RestDay.LATER if new > ends else RestDay.EARLIER
            explanation = actions.on_rest_day(explanation, rule)
    Deadline.objects.filter(pk=deadline.pk).update(
        due_at=due_at, explanation=explanation, period_ends_date=ends
    )
    data = {"old": deadline.due_at, "new": due_at}
    workflow.record(deadline, "recounted", by=by, at=at, note=source, data=data)
    deadline.old_due_at, deadline.due_at, deadline.explanation = deadline.due_at, due_at, explanation


def tell(deadlines: Iterable[Deadline], *, source: str, at: datetime, notice: str = "") -> None:
    """One message to each person about all the dates of theirs that changed (`old_due_at`).

    `source` says which decision changed the table of working days, or why the `notice` was amended.
    """
    people = people_owing(deadlines)
    lines = defaultdict(list)
    for deadline in sorted(deadlines, key=lambda row: row.due_at):
        for person in people[deadline.pk]:
            lines[person].append(deadline)
    send = partial(actions.tell, template="notifications/dates_moved", url=reverse("portal:todo"), at=at)
    for person, theirs in lines.items():
        told = [
            {
                "kind": deadline.kind,
                "title": deadline.title.data,
                "old": deadline.old_due_at.isoformat(),
                "new": deadline.due_at.isoformat(),
            }
            for deadline in theirs[:LINES]
        ]
        context = {"source": source, "notice": notice, "count": len(theirs), "lines": told}
        send(recipients=[person], context=context)
