"""Find what has to be said about deadlines now, and say it: one statement a chunk, run by the clock.

The ledger `Reminder` (deadline × due moment × lead × recipient) makes every reminder unique, however
many sweeps run at once and however often. A deadline whose due moment moved is told afresh, and so is
every deadline of a kind whose policy changed: triggers take their `look_at` back.
"""

from datetime import datetime

from django.db import connection

from accounts.roles import Role, UnitRole
from notifications.states import DeadlineState, DeliveryState

REMINDER_TEMPLATE = "notifications/reminder"

CHUNK = 20_000
"""Deadlines looked at in one statement, so that none holds its locks for long."""

# Only what the clock has reached is looked at (`look_at`, one range of a partial index), and a row that
# another sweep is looking at is left to it. Of the leads whose moment has come only the shortest, which
# is the latest, is told: after an outage people hear once where they stand, not everything they missed.
# Every deadline is looked at again at its next lead, and after a day at the latest: then who joined a
# unit in the meantime hears of it too.
DUE = """
    looked_at AS MATERIALIZED (
        SELECT id, kind, title, url, due_at, explanation, department_id
        FROM notifications_deadline
        WHERE state = %(open)s AND look_at <= %(at)s::timestamptz
        ORDER BY look_at, id
        LIMIT %(chunk)s
        FOR UPDATE SKIP LOCKED
    ),
    timed AS MATERIALIZED (
        SELECT looked_at.*, policy.channels, latest.lead, following.moment,
               policy.manager_overdue_minutes, policy.leader_overdue_minutes
        FROM looked_at
        LEFT JOIN notifications_reminderpolicy AS policy ON policy.kind = looked_at.kind
        LEFT JOIN LATERAL (
            SELECT min(lead) AS lead
            FROM unnest(policy.lead_minutes) AS lead
            WHERE looked_at.due_at - make_interval(mins => lead) <= %(at)s::timestamptz
        ) AS latest ON true
        LEFT JOIN LATERAL (
            SELECT looked_at.due_at - make_interval(mins => max(lead)) AS moment
            FROM unnest(policy.lead_minutes) AS lead
            WHERE looked_at.due_at - make_interval(mins => lead) > %(at)s::timestamptz
        ) AS following ON true
    ),
    seen AS (
        UPDATE notifications_deadline AS deadline
        SET look_at = LEAST(timed.moment, %(at)s::timestamptz + interval '1 day')
        FROM timed
        WHERE deadline.id = timed.id
    ),
    due AS MATERIALIZED (SELECT * FROM timed WHERE lead IS NOT NULL)
"""

# The same people as `ObligorQuerySet.covering`, found from the other end, and whom a policy adds when
# a deadline stays overdue.
RECIPIENTS = """
    owing AS MATERIALIZED (
        SELECT obligor.deadline_id, obligor.user_id, obligor.organisation_id, obligor.unit_role, obligor.role
        FROM due
        JOIN notifications_obligor AS obligor ON obligor.deadline_id = due.id
    ),
    person AS (
        SELECT deadline_id, user_id
        FROM owing
        WHERE role = '' AND user_id IS NOT NULL
        UNION
        SELECT owing.deadline_id, membership.user_id
        FROM owing
        JOIN accounts_membership AS membership
          ON membership.organisation_id = owing.organisation_id
         AND membership.is_active
         AND (owing.unit_role IN ('', %(member)s) OR membership.role = owing.unit_role)
        WHERE owing.role = ''
        UNION
        SELECT owing.deadline_id, office.user_id
        FROM owing
        JOIN accounts_roleassignment AS office ON office.role = owing.role AND office.is_active
        LEFT JOIN accounts_organisation AS unit ON unit.id = owing.organisation_id
        WHERE owing.role <> ''
          AND (
              unit.id IS NULL
              OR owing.role NOT IN (%(manager)s, %(recommender)s)
              OR office.organisation_id = unit.id
              OR owing.role = %(recommender)s AND office.region <> ''
                 AND starts_with(unit.region, office.region)
          )
        UNION
        SELECT owing.deadline_id, account.id
        FROM owing
        JOIN accounts_user AS account ON account.is_superuser
        WHERE owing.role = %(sysadmin)s
        UNION
        SELECT due.id, office.user_id
        FROM due
        JOIN accounts_roleassignment AS office
          ON office.is_active
         AND (
             office.role = %(manager)s AND office.organisation_id = due.department_id
                 AND due.lead <= -due.manager_overdue_minutes
             OR office.role = %(leader)s AND due.lead <= -due.leader_overdue_minutes
         )
    )
"""

SWEEP = f"""
    WITH {DUE}, {RECIPIENTS},
    fresh AS (
        INSERT INTO notifications_reminder
            (deadline_id, due_at, lead_minutes, recipient_id, message_id, created_at)
        SELECT due.id, due.due_at, due.lead, account.id,
               nextval(pg_get_serial_sequence('notifications_message', 'id')), %(at)s::timestamptz
        FROM person
        JOIN due ON due.id = person.deadline_id
        JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active
        WHERE NOT EXISTS (
            SELECT FROM notifications_reminder AS told
            WHERE told.deadline_id = due.id AND told.due_at = due.due_at
              AND told.lead_minutes = due.lead AND told.recipient_id = account.id
        )
        ORDER BY due.due_at, due.id, account.id
        ON CONFLICT DO NOTHING
        RETURNING deadline_id, recipient_id, message_id
    ),
    message AS (
        INSERT INTO notifications_message (id, recipient_id, template, context, url, created_at)
        SELECT fresh.message_id, fresh.recipient_id, %(template)s,
               jsonb_build_object(
                   'kind', due.kind, 'title', due.title, 'due_at', due.due_at,
                   'explanation', due.explanation, 'is_overdue', due.due_at < %(at)s::timestamptz
               ),
               due.url, %(at)s::timestamptz
        FROM fresh
        JOIN due ON due.id = fresh.deadline_id
    ),
    delivery AS (
        INSERT INTO notifications_delivery (message_id, channel, state, attempts, next_try_at, error)
        SELECT fresh.message_id, channel, %(queued)s, 0, %(at)s::timestamptz, ''
        FROM fresh
        JOIN due ON due.id = fresh.deadline_id
        CROSS JOIN LATERAL unnest(due.channels) AS channel
    )
    SELECT (SELECT count(*) FROM looked_at), (SELECT count(*) FROM fresh)
"""  # noqa: S608 (composed of constants)


def sweep(*, at: datetime, chunk: int = CHUNK) -> int:
    """Remind everybody who owes something of what is due at this moment. Returns how many were told."""
    told, looked_at = 0, chunk
    while looked_at == chunk:
        looked_at, fresh = _look(at=at, chunk=chunk)
        told += fresh
    return told


def _look(*, at: datetime, chunk: int) -> tuple[int, int]:
    """One statement: (deadlines looked at, people told)."""
    with connection.cursor() as cursor:
        cursor.execute(
            SWEEP,
            {
                "at": at,
                "chunk": chunk,
                "open": DeadlineState.OPEN.value,
                "queued": DeliveryState.QUEUED.value,
                "template": REMINDER_TEMPLATE,
                "member": UnitRole.MEMBER.value,
                "manager": Role.PROGRAMME_MANAGER.value,
                "recommender": Role.RECOMMENDER.value,
                "leader": Role.LEADER.value,
                "sysadmin": Role.SYSADMIN.value,
            },
        )
        return cursor.fetchone()
