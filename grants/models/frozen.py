"""The database keeps a published notice as it was published."""

import pgtrigger


def frozen_with_call() -> list[pgtrigger.Trigger]:
    """Trigger for tables with a `call_id`: once the call is published the database refuses any change."""
    return [
        pgtrigger.Trigger(
            name="frozen_with_call",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            func="""
                IF EXISTS (
                    SELECT 1 FROM grants_call
                    WHERE id IN (NEW.call_id, OLD.call_id) AND state <> 'draft'
                ) THEN
                    RAISE EXCEPTION 'the call is published: amend it instead'
                        USING ERRCODE = 'check_violation';
                END IF;
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
                RETURN NEW;
            """,
        )
    ]
