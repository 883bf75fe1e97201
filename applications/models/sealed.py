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
    kinds = (
        ("insert", pgtrigger.Insert, {"new": "new_rows"}, NEW),
        ("update", pgtrigger.Update, {"old": "old_rows", "new": "new_rows"}, f"{NEW} UNION ALL {OLD}"),
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
