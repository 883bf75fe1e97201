"""Who owes what is overdue, by name and phone, and chasing them (催办) by the button of a supervisor."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import SEES_EVERYTHING, Role
from core import workflow
from core.models import Event
from core.workflow import Refused
from notifications import actions, sweep
from notifications.models import Deadline

AGAIN = timedelta(hours=20)
"""Nobody is chased about the same thing twice on one day."""
MOST = 500
CHASERS = SEES_EVERYTHING - {Role.AUDITOR}
"""Offices that chase for the whole bureau; an auditor reads and changes nothing."""

PEOPLE = f"""
    WITH due AS (
        SELECT id, 0 AS step_id, ARRAY[%(owners)s] AS audience, department_id
        FROM notifications_deadline WHERE id = ANY(%(ids)s)
    ), {sweep.RECIPIENTS}
    SELECT person.deadline_id, person.user_id FROM person
    JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active
"""  # noqa: S608 (composed of constants)


def people_owing(deadlines: Iterable[Deadline]) -> dict[int, list[User]]:
    """Who owes each deadline, offices and units resolved to people; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE, {**sweep.NAMES, "ids": [deadline.pk for deadline in deadlines]})
        pairs = cursor.fetchall()
    known = User.objects.in_bulk({user for _deadline, user in pairs})
    found: dict[int, list[User]] = defaultdict(list)
    for deadline, user in sorted(pairs):
        found[deadline].append(known[user])
    return found


def check_can_chase(user) -> None:
    if not (user.scope.roles & CHASERS or user.scope.departments | user.scope.headed):
        raise Refused(_("只有主管处室和局领导可以催办。"), code="forbidden")


@transaction.atomic
def chase(*, deadlines: Iterable[Deadline], by, at: datetime) -> int:
    """Tell everybody who owes one of these that it is waited for. Returns how many deadlines were chased.

    Only what `by` may see and what is open and overdue; what was chased in the last hours is left out.
    """
    check_can_chase(by)
    wanted = [deadline.pk for deadline in deadlines]
    rows = Deadline.objects.visible_to(by).open().filter(pk__in=wanted, due_at__lt=at, suspended_at=None)
    chased = Event.objects.filter(
        content_type=ContentType.objects.get_for_model(Deadline), verb="chased", at__gt=at - AGAIN
    )
    rows = list(
        rows.exclude(pk__in=chased.values("object_id")).select_for_update(of=("self",)).order_by("pk")[:MOST]
    )
    people = people_owing(rows)
    for deadline in rows:
        actions.tell(
            recipients=people[deadline.pk],
            template="notifications/chase",
            context={
                "kind": deadline.kind,
                "title": deadline.title.data,
                "due_at": deadline.due_at.isoformat(),
                "explanation": deadline.explanation.data,
                "by": by.name,
            },
            url=deadline.url,
            at=at,
        )
        workflow.record(deadline, "chased", by=by, at=at)
    return len(rows)
