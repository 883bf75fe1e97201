"""Store answers that concern nothing else by one statement: what a script sends while a person writes."""

import json
from collections.abc import Mapping
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from applications import queries
from applications.actions.answering import Written, read
from applications.queries.plainly import OPEN, ROW, Plain, Seat

# What `queries.version_of` says of an answer that stands there. Where PostgreSQL writes JSON in another way
# than Python the digest is another one, and the answer is the view's matter: slower, never wrong.
TEXT = """CASE WHEN stands.value IN ('null', '[]', '{}') THEN '""' ELSE stands.value::text END"""
VERSION = f"left(encode(sha256(convert_to({TEXT}, 'UTF8')), 'hex'), 16)"
# Session, person and team are asked in the moment of writing. The draft is held by its own UPDATE, so a
# submission under way is waited for and then refuses the rest. An answer that is neither what was seen nor
# what is sent is left as it is, and counted out.
STORE = f"""
    WITH held AS (
        UPDATE applications_application a SET saved_at = %(at)s
        WHERE a.id = %(pk)s AND {OPEN} AND a.call_id = %(call)s
            AND a.project_type_id IS NOT DISTINCT FROM %(type)s
            AND EXISTS (SELECT FROM django_session s
                        WHERE s.session_key = %(session)s AND s.expire_date > %(at)s
                            AND {ROW.format("s")} = %(session_row)s)
            AND EXISTS (SELECT FROM applications_teammember t JOIN accounts_user u ON u.id = t.user_id
                        WHERE t.application_id = a.id AND u.id = %(by)s AND u.is_active
                            AND {ROW.format("u")} = %(by_row)s)
        RETURNING a.id
    )
    INSERT INTO applications_answer AS stands (application_id, question_id, value, saved_at, saved_by_id)
    SELECT held.id, x.question, coalesce(x.value, 'null'), %(at)s, %(by)s
    FROM held, jsonb_to_recordset(%(rows)s) x(question bigint, value jsonb)
    ON CONFLICT (application_id, question_id) DO UPDATE
    SET value = excluded.value, saved_at = excluded.saved_at, saved_by_id = excluded.saved_by_id
    WHERE coalesce((%(seen)s::jsonb -> stands.question_id::text) ? {VERSION}, true)
"""  # noqa: S608


def save_plainly(
    *,
    seat: Seat,
    asked: Mapping[str, Plain],
    typed: Mapping[str, object],
    seen: Mapping[str, str],
    at: datetime,
) -> Written | None:
    """What `save_over` does, for answers to `asked`, by the person in this seat.

    None where that was not enough: the session ended, the person changed or left the team, somebody else
    stored another answer, the draft was handed in, amended or taken away, or an answer is sent unchanged.
    `save_over` then does it, or says why not; what was stored here it finds done.
    """
    written, rows, guards = Written({}, {}, {}), [], {}
    for code, plain in asked.items():
        value, sentences = read(plain.question, typed[code], field=plain.field)
        version = written.versions[code] = queries.version_of(value)
        if sentences:
            written.faults[code] = sentences
        if code in seen:
            if version == seen[code]:
                return None
            guards[str(plain.question.pk)] = [seen[code], version]
        rows.append({"question": plain.question.pk, "value": value})
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            {
                "pk": seat.application,
                "call": seat.call,
                "type": seat.project_type,
                "session": seat.session,
                "session_row": seat.session_row,
                "by": seat.by,
                "by_row": seat.by_row,
                "at": at,
                "rows": json.dumps(rows, cls=DjangoJSONEncoder, ensure_ascii=False),
                "seen": json.dumps(guards),
            },
        )
        return written if cursor.rowcount == len(rows) else None
