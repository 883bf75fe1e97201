"""Store answers that concern nothing else by one statement: what a script sends while a person writes."""

import json
from collections.abc import Mapping
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from applications.actions.answering import Newer, Written, read, weigh
from applications.queries.plainly import Plain, Workplace

# The draft is held by its own UPDATE, so a submission under way is waited for and then refuses the rest.
# A row that changed since it was read has another xmin: it is left as it is, and counted out.
STORE = """
    WITH held AS (
        UPDATE applications_application a SET saved_at = %(at)s
        WHERE a.id = %(pk)s AND a.state IN ('draft', 'returned') AND a.call_id = %(call)s
            AND a.project_type_id IS NOT DISTINCT FROM %(type)s
            AND EXISTS (SELECT FROM applications_teammember t
                        WHERE t.application_id = a.id AND t.user_id = %(by)s)
        RETURNING a.id
    )
    INSERT INTO applications_answer AS stands (application_id, question_id, value, saved_at, saved_by_id)
    SELECT held.id, x.question, coalesce(x.value, 'null'), %(at)s, %(by)s
    FROM held, jsonb_to_recordset(%(rows)s) x(question bigint, value jsonb)
    ON CONFLICT (application_id, question_id) DO UPDATE
    SET value = excluded.value, saved_at = excluded.saved_at, saved_by_id = excluded.saved_by_id
    WHERE (%(guards)s::jsonb ->> stands.question_id::text) IN ('any', stands.xmin::text)
"""
ANY, NONE = "any", "none"


def save_plainly(
    *,
    application_pk: int,
    place: Workplace,
    asked: Mapping[str, Plain],
    typed: Mapping[str, object],
    seen: Mapping[str, str],
    by: int,
    at: datetime,
) -> Written | None:
    """What `save_over` does, for answers to `asked`, by the user whose key is `by` and who is on the team.

    None where that was not enough: somebody else stored another answer, the draft was handed in, amended
    or taken away meanwhile. `save_over` then does it, or says why not; what was stored here it finds done.
    """
    before = {answer.code: Newer(answer.value, "", at) for answer in place.answers if answer.code in seen}
    readings = {code: read(plain.question, typed[code], field=plain.field) for code, plain in asked.items()}
    written, values = weigh(readings, seen, before)
    if written.conflicts:
        return None
    rows = {answer.code: answer.row for answer in place.answers}
    guards = {str(asked[code].question.pk): rows.get(code, NONE) if code in seen else ANY for code in values}
    stored = [{"question": asked[code].question.pk, "value": value} for code, value in values.items()]
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            {
                "pk": application_pk,
                "call": place.call,
                "type": place.project_type,
                "by": by,
                "at": at,
                "rows": json.dumps(stored, cls=DjangoJSONEncoder, ensure_ascii=False),
                "guards": json.dumps(guards),
            },
        )
        return written if cursor.rowcount == len(stored) else None
