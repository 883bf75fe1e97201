"""What every action on a draft begins and ends with: hold the row, write, work computed answers out anew."""

from datetime import datetime

from applications import queries, questions, rules
from applications.models import Answer, Application
from grants.models import QuestionKind


def hold(*, application: Application, by) -> None:
    """Hold the row until commit and judge by what stands there now, not by what a page was made from."""
    current = Application.objects.select_for_update().get(pk=application.pk)
    application.state, application.typed = current.state, current.typed
    rules.check_can_edit(by, application)


def saved(*, application: Application, by, at: datetime, **fields) -> None:
    """Write the given fields and the moment; what is computed from them follows."""
    for name, value in (fields | {"saved_at": at}).items():
        setattr(application, name, value)
    application.save(update_fields=[*fields, "saved_at"])
    compute(application=application, by=by, at=at)


def without_typed(application: Application, section: str) -> dict:
    return {name: rows for name, rows in application.typed.items() if name != section}


def upsert(rows: list[Answer]) -> None:
    Answer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["application", "question"],
        update_fields=["value", "saved_at", "saved_by"],
    )


def compute(*, application: Application, by, at: datetime) -> None:
    """Store the value of every computed question as the rest of the application says now."""
    asked = [q for q in queries.questions_of(application) if q.kind == QuestionKind.COMPUTED]
    if not asked:
        return
    wanted = queries.counted_in(questions.expressions_of(asked))
    values = questions.work_out(asked, queries.context(application, wanted=wanted))
    by = by or application.created_by
    upsert(
        [
            Answer(application=application, question=q, value=values[q.code], saved_at=at, saved_by=by)
            for q in asked
        ]
    )
