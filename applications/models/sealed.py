"""The seal of what was handed in, kept by the database."""

import pgtrigger

CHECK = """
    -- FOR SHARE waits for a submission under way, so nothing slips in behind the sealed content.
    PERFORM 1 FROM applications_application WHERE id IN ({changed}) FOR SHARE;
    IF EXISTS (
        SELECT 1 FROM applications_application
        WHERE id IN ({changed}) AND state NOT IN ('draft', 'returned')
    ) THEN
        RAISE EXCEPTION 'the application is submitted: nothing in it changes'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""
NEW, OLD = "SELECT application_id FROM new_rows", "SELECT application_id FROM old_rows"


def sealed_after_submission() -> list[pgtrigger.Trigger]:
    """Triggers for tables with an `application_id`: only a draft or returned application may change.

    Once a statement, not once a row: thirty answers are saved by one.
    """
    return _sealed(inserted=NEW, updated=f"{NEW} UNION ALL {OLD}")


JOINED = """
    SELECT application_id FROM new_rows WHERE joined_date IS NULL OR application_id NOT IN (
        SELECT id FROM applications_application WHERE state = 'awarded'
    )
"""
CHANGED = """
    SELECT unnest(ARRAY[n.application_id, o.application_id])
    FROM new_rows n FULL JOIN old_rows o ON o.id = n.id
    WHERE to_jsonb(n) - 'left_date' IS DISTINCT FROM to_jsonb(o) - 'left_date'
        OR o.left_date IS NOT NULL
        OR n.application_id NOT IN (SELECT id FROM applications_application WHERE state = 'awarded')
"""


def people_sealed_after_submission() -> list[pgtrigger.Trigger]:
    """The same of people, but a project (立项) may be joined (`joined_date`) and left (`left_date`)."""
    return _sealed(inserted=JOINED, updated=CHANGED)


def _sealed(*, inserted: str, updated: str) -> list[pgtrigger.Trigger]:
    """`inserted`, `updated`: which applications what was written changes, as a query."""
    kinds = (
        ("insert", pgtrigger.Insert, {"new": "new_rows"}, inserted),
        ("update", pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}, updated),
        ("delete", pgtrigger.Delete, {"old": "old_rows"}, OLD),
    )
    return [
        pgtrigger.Trigger(
            name=f"sealed_{name}",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),
            func=CHECK.format(changed=changed),
        )
        for name, operation, tables, changed in kinds
    ]
