"""Figures of deadlines: a sweep that finds much, one that finds nothing, and opening and closing one."""

import os
from datetime import timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from notifications import actions
from notifications import sweep as sweeping
from notifications.actions import Owes
from notifications.models import Deadline, DeadlineKind, ReminderPolicy
from tests.bench.data import World, bulk_loading
from tests.bench.harness import Bench
from tests.factories.accounts import OrganisationFactory

MARK = "bench-sweep"
DEFAULT = 1_000_000
SHARE = 20  # every twentieth is due
PEOPLE = 2_000
DAY = timedelta(days=1)

FILL = """
    WITH made AS (
        INSERT INTO notifications_deadline
            (content_type_id, object_id, kind, title, url, due_at, explanation, clock, programme, state,
             opened_at, look_at)
        SELECT %(about)s, -n, 'milestone', to_jsonb('deadline ' || n), '/milestones/' || n || '/',
               %(at)s + CASE WHEN n %% %(share)s = 0 THEN interval '7 days' ELSE interval '100 days' END
                   + n * interval '1 millisecond',
               to_jsonb('clause 3'::text), '', %(mark)s, 'open', %(at)s - interval '90 days',
               CASE WHEN n %% %(share)s = 0 THEN %(at)s ELSE %(at)s + interval '30 days' END
        FROM generate_series(1, %(rows)s) AS n
        RETURNING id
    )
    INSERT INTO notifications_obligor (deadline_id, user_id, unit_role, role, is_named)
    SELECT id, (%(people)s::bigint[])[1 + id %% %(count)s], '', '', false FROM made
"""

# The least that telling takes: the same rows in the same three tables, nothing looked up.
FLOOR = """
    WITH due AS MATERIALIZED (
        SELECT id, kind, title, due_at, explanation, url FROM notifications_deadline
        WHERE state = 'open' AND look_at <= %(at)s AND programme = %(mark)s
    ), fresh AS (
        INSERT INTO notifications_reminder
            (deadline_id, due_at, lead, recipient_id, message_id, in_digest, created_at)
        SELECT due.id, due.due_at, 'd7', obligor.user_id,
               nextval(pg_get_serial_sequence('notifications_message', 'id')), false, %(at)s
        FROM due JOIN notifications_obligor AS obligor ON obligor.deadline_id = due.id
        ON CONFLICT DO NOTHING
        RETURNING deadline_id, recipient_id, message_id
    ), message AS (
        INSERT INTO notifications_message (id, recipient_id, template, context, url, created_at)
        SELECT fresh.message_id, fresh.recipient_id, 'notifications/reminder',
               jsonb_build_object('kind', due.kind, 'title', due.title, 'due_at', due.due_at,
                                  'explanation', due.explanation, 'is_overdue', false), due.url, %(at)s
        FROM fresh JOIN due ON due.id = fresh.deadline_id
    )
    INSERT INTO notifications_delivery (message_id, channel, state, attempts, next_try_at, error)
    SELECT message_id, 'email', 'queued', 0, %(at)s, '' FROM fresh
"""


def _filled(world: World):
    """Deadlines at rest, a twentieth of them due at the moment returned; made once for a database."""
    rows = int(os.environ.get("BENCH_ROWS") or (DEFAULT if world.rows > PEOPLE else world.rows))
    first = Deadline.objects.filter(programme=MARK).order_by("id").first()
    if first:
        return rows, first.opened_at + 90 * DAY
    at = timezone.now()
    people = list(User.objects.order_by("pk").values_list("pk", flat=True)[:PEOPLE])
    with bulk_loading() as cursor:
        about = ContentType.objects.get_for_model(Deadline).pk
        words = {"about": about, "at": at, "share": SHARE, "mark": MARK, "rows": rows}
        cursor.execute(FILL, {**words, "people": people, "count": len(people)})
    # The rest of the world is at rest too, and the rules have been read.
    ReminderPolicy.objects.update(is_applied=True)
    Deadline.objects.exclude(programme=MARK).update(look_at=at + 30 * DAY)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_deadline, notifications_obligor")
    return rows, at


def _undone(work) -> None:
    """Do it and take it back, so that every round finds the same."""
    with transaction.atomic():
        work()
        transaction.set_rollback(True)


def sweep(world: World, runs: int) -> Bench:
    """A sweep that finds a twentieth of all deadlines due and tells everybody who owes one."""
    rows, at = _filled(world)

    def floor():
        with connection.cursor() as cursor:
            cursor.execute(FLOOR, {"at": at, "mark": MARK})
            if cursor.rowcount != rows // SHARE:
                raise AssertionError(f"{cursor.rowcount} of {rows // SHARE} were told")

    def subject():
        if (told := sweeping.sweep(at=at)) != rows // SHARE:
            raise AssertionError(f"{told} of {rows // SHARE} were told")

    return Bench(
        "sweep", lambda: _undone(subject), lambda: _undone(floor), rounds=5, items=rows // SHARE, rows=rows
    )


def sweep_again(world: World, runs: int) -> Bench:
    """The next tick, with nothing new; the floor asks the index whether there is anything."""
    rows, at = _filled(world)
    before = at - DAY

    def floor():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM notifications_deadline WHERE state = 'open' AND look_at <= %s", [before]
            )

    def subject():
        if sweeping.sweep(at=before):
            raise AssertionError("somebody was told twice")

    return Bench("sweep_again", subject, floor, rows=rows)


def deadline(world: World, runs: int) -> Bench:
    """Open a deadline and close it inside a transaction, beside the four bare statements of it."""
    subject, user = OrganisationFactory(), User.objects.order_by("pk").first()
    about = ContentType.objects.get_for_model(subject).pk
    record = ContentType.objects.get_for_model(Deadline).pk
    at = timezone.now()

    def floor():
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO notifications_deadline (content_type_id, object_id, kind, title, url, due_at, "
                "explanation, clock, programme, state, opened_at) VALUES (%s, %s, 'milestone', '\"t\"', '/', "
                "%s, '\"e\"', '', '', 'open', %s) RETURNING id",
                [about, subject.pk, at, at],
            )
            key = cursor.fetchone()[0]
            cursor.execute(
                "INSERT INTO notifications_obligor (deadline_id, user_id, unit_role, role, is_named) "
                "VALUES (%s, %s, '', '', false)",
                [key, user.pk],
            )
            cursor.execute(
                "UPDATE notifications_deadline SET state = 'met', closed_at = %s "
                "WHERE id = %s AND state = 'open'",
                [at, key],
            )
            cursor.execute(
                "INSERT INTO core_event (content_type_id, object_id, verb, from_state, to_state, at, note, "
                "data) VALUES (%s, %s, 'moved', 'open', 'met', %s, '', '{}')",
                [record, key, at],
            )

    def work():
        kind = DeadlineKind.MILESTONE
        actions.open_deadline(
            subject=subject,
            kind=kind,
            title="t",
            url="/",
            due_at=at,
            explanation="e",
            owed_by=[Owes(user=user)],
            at=at,
        )
        actions.meet_deadline(subject=subject, kind=kind, by=None, at=at)

    return Bench("deadline", lambda: _undone(work), lambda: _undone(floor))
