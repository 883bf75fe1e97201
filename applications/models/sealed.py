"""The seal of what was handed in, kept by the database."""

import pgtrigger


def sealed_after_submission() -> list[pgtrigger.Trigger]:
    """Trigger for tables with an `application_id`: only a draft or returned application may change."""
    return [
        pgtrigger.Trigger(
            name="sealed_after_submission",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            # FOR SHARE waits for a submission under way, so nothing slips in behind the sealed content.
            func="""
                PERFORM 1 FROM applications_application
                    WHERE id IN (NEW.application_id, OLD.application_id) FOR SHARE;
                IF EXISTS (
                    SELECT 1 FROM applications_application
                    WHERE id IN (NEW.application_id, OLD.application_id)
                        AND state NOT IN ('draft', 'returned')
                ) THEN
                    RAISE EXCEPTION 'the application is submitted: nothing in it changes'
                        USING ERRCODE = 'check_violation';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            """,
        )
    ]
