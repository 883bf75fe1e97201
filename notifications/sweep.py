"""Find what has to be said about deadlines now, and say it: one statement a chunk, run by the clock.

The ledger `Reminder` (deadline × due moment × step × recipient) makes every reminder unique, however
many sweeps run at once and however often. A deadline whose due moment moved is told afresh; one whose
rule changed, or whose unit or office got another member, is looked at afresh (`look_at`).
"""

from datetime import datetime, time

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role, UnitRole
from core import calendar
from notifications.policies import Audience, LeadUnit
from notifications.states import DeadlineState, DeliveryState

REMINDER_TEMPLATE = "notifications/reminder"
DIGEST_TEMPLATE = "notifications/digest"
DIGEST_LINES = 100
"""One mail names so many obligations at most; the to-do list has the rest."""

MORNING = time(9)
"""When text messages go out that waited for a working day."""

CHUNK = 500
"""Deadlines looked at in one statement, so that none holds its locks for long."""

# Rules that changed since they were last read: their deadlines are looked at afresh, in the worker and
# not in the page of whoever changed them.
FORGET = """
    WITH changed AS (
        UPDATE notifications_reminderpolicy SET is_applied = true WHERE NOT is_applied RETURNING kind
    )
    UPDATE notifications_deadline SET look_at = 'epoch'
    WHERE state = %(open)s AND look_at > 'epoch' AND kind IN (SELECT kind FROM changed)
"""

# Only what the clock has reached is looked at (`look_at`, one range of a partial index), and a row that
# another sweep is looking at is left to it. Of the steps whose moment has come only the latest is told:
# after an outage people hear once where they stand, not everything they missed. Until its next step a
# deadline rests, 30 days at most.
#
# `worked` holds the working days around the due dates in order: `width_bucket` finds a day among them by
# bisection. Counting back from a rest day the first step already leads to a working day, counting on from
# one as well: hence the one that is added for rest days. Moments are computed beside each row, twice, and
# never joined by number: rows of a WITH have no index, and a plan that loops over them takes minutes.
MOMENT = """
    CASE
        WHEN step.unit = %(opened)s THEN ruled.opened_at
        WHEN step.unit = %(hours)s THEN ruled.due_at - make_interval(hours => step.amount)
        WHEN step.amount < 0 THEN day.moment
        ELSE LEAST(day.moment, ruled.due_at)
    END
"""
# A step that repeats is every occurrence of it, each with the lead of its own day: of those only the ones
# around today can be the latest or the next.
STEPS = f"""
    SELECT step.*, {MOMENT} AS moment
    FROM (
        SELECT written.id, written.policy_id, written.unit, written.audience, written.channels, written.every,
               written.amount - CASE WHEN written.every IS NULL THEN 0 ELSE written.every * GREATEST(
                   0, (%(today)s::date - ruled.due_day + written.amount) / written.every + near.by
               ) END AS amount
        FROM notifications_reminderstep AS written
        CROSS JOIN (VALUES (-1), (0), (1)) AS near(by)
        WHERE written.policy_id = ruled.policy_id AND (written.every IS NOT NULL OR near.by = 0)
    ) AS step
    CROSS JOIN LATERAL (
        SELECT (CASE WHEN step.unit = %(working)s AND step.amount <> 0
                THEN ruled.days[ruled.position - step.amount
                    + CASE WHEN ruled.days[ruled.position] = ruled.due_day OR step.amount < 0
                      THEN 0 ELSE 1 END]
                ELSE ruled.due_day - step.amount END
                + make_interval(hours => ruled.hour)) AT TIME ZONE %(zone)s
    ) AS day(moment)
"""  # noqa: S608 (composed of constants)
DUE = f"""
    looked_at AS MATERIALIZED (
        SELECT id, kind, title, due_at, explanation, department_id, programme, series, opened_at,
               (due_at AT TIME ZONE %(zone)s)::date AS due_day
        FROM notifications_deadline
        WHERE state = %(open)s AND suspended_at IS NULL AND look_at <= %(at)s::timestamptz
        ORDER BY look_at, id
        LIMIT %(chunk)s
        FOR UPDATE SKIP LOCKED
    ),
    worked AS MATERIALIZED (
        SELECT array_agg(day::date ORDER BY day) AS days
        FROM (SELECT min(due_day) - 40 AS first, max(LEAST(due_day, %(at)s::date + 1000)) + 40 AS last
              FROM looked_at) AS span,
             generate_series(span.first, span.last, interval '1 day') AS day
        LEFT JOIN core_calendarday AS adjusted ON adjusted.date = day::date
        WHERE COALESCE(adjusted.is_working, extract(isodow FROM day) < 6)
    ),
    ruled AS (
        SELECT looked_at.*, policy.id AS policy_id, policy.hour, policy.is_legal,
               policy.quiet_from, policy.quiet_to, said.*,
               worked.days, width_bucket(looked_at.due_day, worked.days) AS position
        FROM looked_at
        CROSS JOIN worked
        LEFT JOIN LATERAL (
            SELECT rule.* FROM notifications_reminderpolicy AS rule
            WHERE rule.kind = looked_at.kind
              AND (rule.series = looked_at.series
                   OR rule.series IS NULL AND rule.programme IN ('', looked_at.programme))
            ORDER BY rule.series NULLS LAST, rule.programme DESC
            LIMIT 1
        ) AS policy ON true
        CROSS JOIN LATERAL (
            SELECT late.zh AND policy.late_body <> '' AS zh, late.zh AND policy.late_body_en <> '' AS en
            FROM (SELECT looked_at.due_at < %(at)s::timestamptz) AS late(zh)
        ) AS worded
        CROSS JOIN LATERAL (
            SELECT CASE WHEN worded.zh THEN policy.late_subject ELSE policy.subject END AS subject,
                   CASE WHEN worded.zh THEN policy.late_body ELSE policy.body END AS body,
                   CASE WHEN worded.en THEN policy.late_subject_en ELSE policy.subject_en END AS subject_en,
                   CASE WHEN worded.en THEN policy.late_body_en ELSE policy.body_en END AS body_en
        ) AS said
    ),
    timed AS MATERIALIZED (
        SELECT ruled.*, nearest.latest, nearest.following
        FROM ruled
        CROSS JOIN LATERAL (
            SELECT max(moment) FILTER (WHERE moment <= %(at)s::timestamptz) AS latest,
                   min(moment) FILTER (WHERE moment > %(at)s::timestamptz) AS following
            FROM ({STEPS}) AS step
        ) AS nearest
    ),
    seen AS (
        UPDATE notifications_deadline AS deadline
        SET look_at = LEAST(timed.following, %(at)s::timestamptz + interval '30 days')
        FROM timed
        WHERE deadline.id = timed.id
    ),
    due AS MATERIALIZED (
        SELECT ruled.id, ruled.kind, ruled.title, ruled.due_at, ruled.explanation,
               ruled.department_id, ruled.is_legal, ruled.quiet_from, ruled.quiet_to, ruled.subject,
               ruled.body, ruled.subject_en, ruled.body_en, step.id AS step_id, step.audience, step.channels,
               CASE WHEN step.unit = %(opened)s THEN step.unit ELSE step.unit || step.amount END AS lead
        FROM timed AS ruled
        CROSS JOIN LATERAL (
            -- One of a lead, for the ledger knows it by its lead: a step written for the day before one that
            -- repeats, and of those the newest.
            SELECT DISTINCT ON (occurring.unit, occurring.amount) occurring.*
            FROM ({STEPS}) AS occurring WHERE occurring.moment = ruled.latest
            ORDER BY occurring.unit, occurring.amount, occurring.every NULLS FIRST, occurring.id DESC
            OFFSET 0  -- the planner counts one for each, not one of all, and joins by hash
        ) AS step
    )
"""  # noqa: S608 (composed of constants)

# The same people as `ObligorQuerySet.covering`, found from the other end, and the offices that a step
# names beside them.
RECIPIENTS = """
    owing AS MATERIALIZED (
        SELECT due.id AS deadline_id, due.step_id, obligor.user_id, obligor.organisation_id,
               obligor.unit_role, obligor.role, obligor.is_named
        FROM due
        JOIN notifications_obligor AS obligor ON obligor.deadline_id = due.id
        WHERE %(owners)s = ANY(due.audience)
    ),
    person AS (
        SELECT deadline_id, step_id, user_id
        FROM owing
        WHERE role = '' AND user_id IS NOT NULL
        UNION
        SELECT owing.deadline_id, owing.step_id, membership.user_id
        FROM owing
        JOIN accounts_membership AS membership
          ON membership.organisation_id = owing.organisation_id
         AND membership.is_active
         AND (owing.unit_role IN ('', %(member)s) OR membership.role = owing.unit_role)
        WHERE owing.role = ''
        UNION
        SELECT owing.deadline_id, owing.step_id, office.user_id
        FROM owing
        JOIN accounts_roleassignment AS office ON office.role = owing.role AND office.is_active
        LEFT JOIN accounts_organisation AS unit ON unit.id = owing.organisation_id
        WHERE owing.role <> ''
          AND (
              unit.id IS NULL
              OR owing.role NOT IN (%(manager)s, %(recommender)s)
              OR office.organisation_id = unit.id
              OR owing.role = %(recommender)s AND office.region <> '' AND NOT owing.is_named
                 AND starts_with(unit.region, office.region)
          )
        UNION
        SELECT owing.deadline_id, owing.step_id, account.id
        FROM owing
        JOIN accounts_user AS account ON account.is_superuser
        WHERE owing.role = %(sysadmin)s
        UNION
        SELECT due.id, due.step_id, office.user_id
        FROM due
        CROSS JOIN LATERAL unnest(due.audience) AS told
        JOIN accounts_roleassignment AS office
          ON office.is_active
         AND CASE told
             WHEN %(managers)s THEN office.role = %(manager)s AND office.organisation_id = due.department_id
             WHEN %(heads)s THEN office.role = %(head)s AND office.organisation_id = due.department_id
             WHEN %(leaders)s THEN office.role = %(leader)s
             WHEN %(supervisors)s THEN office.role = %(supervision)s
             WHEN %(accountants)s THEN office.role = %(finance)s
             ELSE false
         END
        WHERE told <> %(owners)s
    )
"""

# When a channel may be used: behind the quiet hours of the person, else (what makes a phone ring) of the
# rule, unless the due moment would be over by then; a text message not on a rest day either. `at` is one
# moment for the whole sweep, so this is arithmetic on constants.
WAITING = """
    CROSS JOIN LATERAL (
        SELECT COALESCE(preference.quiet_from, ring.quiet_from) AS night,
               COALESCE(preference.quiet_to, ring.quiet_to) AS morning,
               %(clock)s::time AS clock
        FROM (SELECT CASE WHEN channel NOT IN ('email', 'webhook') THEN due.quiet_from END,
                     CASE WHEN channel NOT IN ('email', 'webhook') THEN due.quiet_to END
        ) AS ring(quiet_from, quiet_to)
    ) AS hours
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN NOT COALESCE(
                CASE WHEN night <= morning THEN clock >= night AND clock < morning
                     ELSE clock >= night OR clock < morning END, false)
                THEN %(at)s::timestamptz
            ELSE (%(today)s::date + morning
                  + CASE WHEN clock >= night AND night > morning THEN interval '1 day' ELSE interval '0' END)
                 AT TIME ZONE %(zone)s
        END AS moment
    ) AS quiet
    CROSS JOIN LATERAL (
        SELECT CASE WHEN channel = 'sms' THEN GREATEST(quiet.moment, %(work_day)s::timestamptz)
                    ELSE quiet.moment END AS moment
    ) AS held
"""

SWEEP = f"""
    WITH {DUE}, {RECIPIENTS},
    fresh AS (
        INSERT INTO notifications_reminder
            (deadline_id, due_at, lead, recipient_id, message_id, in_digest, created_at)
        SELECT due.id, due.due_at, due.lead, account.id,
               nextval(pg_get_serial_sequence('notifications_message', 'id')),
               COALESCE(preference.wants_digest, false) AND NOT due.is_legal
                   AND 'email' = ANY(due.channels),
               %(at)s::timestamptz
        FROM person
        JOIN due ON due.id = person.deadline_id AND due.step_id = person.step_id
        JOIN accounts_user AS account ON account.id = person.user_id AND account.is_active
        LEFT JOIN notifications_preference AS preference ON preference.user_id = account.id
        WHERE NOT EXISTS (
            SELECT FROM notifications_reminder AS told
            WHERE told.deadline_id = due.id AND told.due_at = due.due_at
              AND told.lead = due.lead AND told.recipient_id = account.id
        )
        ORDER BY due.due_at, due.id, account.id
        ON CONFLICT DO NOTHING
        RETURNING deadline_id, lead, recipient_id, message_id, in_digest
    ),
    message AS (
        INSERT INTO notifications_message (id, recipient_id, template, context, url, created_at)
        SELECT fresh.message_id, fresh.recipient_id, %(template)s,
               jsonb_build_object(
                   'kind', due.kind, 'title', due.title, 'due_at', due.due_at,
                   'explanation', due.explanation, 'is_overdue', due.due_at < %(at)s::timestamptz
               ) || CASE WHEN due.body = '' AND due.body_en = '' THEN '{{}}'::jsonb ELSE
                   jsonb_build_object('wording', jsonb_build_object(
                       'zh-hans', jsonb_build_array(due.subject, due.body),
                       'en', jsonb_build_array(due.subject_en, due.body_en)))
               END,
               %(page)s || due.id || '/', %(at)s::timestamptz
        FROM fresh
        JOIN due ON due.id = fresh.deadline_id AND due.lead = fresh.lead
    ),
    delivery AS (
        INSERT INTO notifications_delivery
            (message_id, channel, state, attempts, next_try_at, held_until, error)
        SELECT fresh.message_id, channel, %(queued)s, 0, wanted_at.moment,
               NULLIF(wanted_at.moment, %(at)s::timestamptz), ''
        FROM fresh
        JOIN due ON due.id = fresh.deadline_id AND due.lead = fresh.lead
        LEFT JOIN notifications_preference AS preference ON preference.user_id = fresh.recipient_id
        LEFT JOIN notifications_subscription AS wanted
          ON wanted.user_id = fresh.recipient_id AND wanted.kind = due.kind AND NOT due.is_legal
        CROSS JOIN LATERAL unnest(COALESCE(wanted.channels, due.channels)) AS channel
        {WAITING}
        CROSS JOIN LATERAL (
            SELECT CASE WHEN due.due_at > %(at)s::timestamptz AND due.due_at < held.moment
                        THEN %(at)s::timestamptz ELSE held.moment END AS moment
        ) AS wanted_at
        WHERE NOT (fresh.in_digest AND channel = 'email')
    )
    SELECT (SELECT count(*) FROM looked_at), (SELECT count(*) FROM fresh)
"""  # noqa: S608 (composed of constants)

# One message for everything that waits for a person's one mail a day, each deadline once, with its latest
# step; what was done, stopped or moved since it was noted is left out. The rows that are taken are held, so
# that two runs at once cannot both write of them.
DIGEST = """
    WITH taken AS MATERIALIZED (
        SELECT id FROM notifications_reminder WHERE in_digest FOR UPDATE SKIP LOCKED
    ),
    gone AS (
        UPDATE notifications_reminder AS reminder SET in_digest = false
        FROM taken WHERE reminder.id = taken.id
        RETURNING reminder.id, reminder.recipient_id, reminder.message_id, reminder.deadline_id,
                  reminder.due_at
    ),
    latest AS (
        SELECT DISTINCT ON (gone.recipient_id, gone.deadline_id) gone.*
        FROM gone
        JOIN notifications_deadline AS deadline
          ON deadline.id = gone.deadline_id AND deadline.due_at = gone.due_at
         AND deadline.state = %(open)s AND deadline.suspended_at IS NULL
        ORDER BY gone.recipient_id, gone.deadline_id, gone.id DESC
    ),
    line AS (
        SELECT latest.recipient_id, message.context || jsonb_build_object('url', message.url) AS said,
               row_number() OVER (
                   PARTITION BY latest.recipient_id ORDER BY latest.due_at, latest.id
               ) AS number
        FROM latest JOIN notifications_message AS message ON message.id = latest.message_id
    ),
    written AS (
        INSERT INTO notifications_message (recipient_id, template, context, url, created_at)
        SELECT recipient_id, %(template)s,
               jsonb_build_object(
                   'count', count(*),
                   'lines', jsonb_agg(said ORDER BY number) FILTER (WHERE number <= %(lines)s)),
               %(url)s, %(at)s::timestamptz
        FROM line GROUP BY recipient_id
        RETURNING id
    )
    INSERT INTO notifications_delivery (message_id, channel, state, attempts, next_try_at, error)
    SELECT id, 'email', %(queued)s, 0, %(at)s::timestamptz, '' FROM written
"""


def sweep(*, at: datetime, chunk: int = CHUNK) -> int:
    """Remind everybody who owes something of what is due at this moment. Returns how many were told."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"open": DeadlineState.OPEN.value})
    told, looked_at = 0, chunk
    while looked_at == chunk:
        looked_at, fresh = _look(at=at, chunk=chunk)
        told += fresh
    return told


def digest(*, at: datetime, url: str) -> int:
    """Write the one mail a day of everybody who asked for it. Returns how many were written."""
    with connection.cursor() as cursor:
        cursor.execute(
            DIGEST,
            {
                "at": at,
                "template": DIGEST_TEMPLATE,
                "lines": DIGEST_LINES,
                "url": url,
                "queued": DeliveryState.QUEUED.value,
                "open": DeadlineState.OPEN.value,
            },
        )
        return cursor.rowcount


def _look(*, at: datetime, chunk: int) -> tuple[int, int]:
    """One statement: (deadlines looked at, people told)."""
    with connection.cursor() as cursor:
        cursor.execute(SWEEP, {"chunk": chunk, **_moments(at), **NAMES})
        return cursor.fetchone()


def _moments(at: datetime) -> dict:
    """What the statement needs to know of the clock on the wall."""
    local = at.astimezone(timezone.get_default_timezone())
    work_day = at
    if not calendar.is_working(local.date()):
        following = calendar.add_days(local.date(), 1)
        work_day = datetime.combine(following, MORNING, tzinfo=local.tzinfo)
    return {
        "at": at,
        # Who owes it and who watches over it go on from there to different pages.
        "page": reverse("portal:deadline", args=[0]).removesuffix("0/"),
        "today": local.date(),
        "clock": local.time(),
        "work_day": work_day,
        "zone": settings.TIME_ZONE,
    }


NAMES = {
    "open": DeadlineState.OPEN.value,
    "queued": DeliveryState.QUEUED.value,
    "template": REMINDER_TEMPLATE,
    "opened": LeadUnit.OPENED.value,
    "hours": LeadUnit.HOUR.value,
    "working": LeadUnit.WORKING.value,
    "owners": Audience.OWNERS.value,
    "managers": Audience.MANAGERS.value,
    "heads": Audience.HEADS.value,
    "leaders": Audience.LEADERS.value,
    "supervisors": Audience.SUPERVISION.value,
    "accountants": Audience.FINANCE.value,
    "member": UnitRole.MEMBER.value,
    "manager": Role.PROGRAMME_MANAGER.value,
    "recommender": Role.RECOMMENDER.value,
    "head": Role.DIVISION_HEAD.value,
    "leader": Role.LEADER.value,
    "supervision": Role.SUPERVISION.value,
    "finance": Role.FINANCE.value,
    "sysadmin": Role.SYSADMIN.value,
}
"""Every code that the statement compares with."""
