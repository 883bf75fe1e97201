"""Answer the questions of an application: typed answers and files."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from applications import completeness, queries, questions
from applications.actions.holding import hold, saved, upsert
from applications.models import Answer, Application
from core.calendar import local_date
from core.workflow import Refused
from documents.actions import store
from documents.models import Document
from grants.models import Question


class Newer(NamedTuple):
    """An answer that stands there, and whose it is."""

    value: object
    by: str
    at: datetime


class Written(NamedTuple):
    """What became of some answers: what is wrong, what was not written over, the versions that stand now."""

    faults: dict[str, list]
    conflicts: dict[str, Newer]
    versions: dict[str, str]


def save_answers(
    *, application: Application, answers: Mapping[str, object], by, at: datetime
) -> dict[str, list]:
    """Store what was typed, whatever stood there; returns {code: [sentences]} for what is not right yet."""
    return save_over(application=application, answers=answers, seen={}, by=by, at=at).faults


@transaction.atomic
def save_over(
    *, application: Application, answers: Mapping[str, object], seen: Mapping[str, str], by, at: datetime
) -> Written:
    """Store what was typed, question by question, over the versions (`queries.version_of`) that were `seen`.

    Nothing is lost: an unreadable answer is kept as typed; one that breaks a condition of the notice is
    kept as it is, with a hint; one that somebody changed meanwhile is left as it is and returned. Codes that
    are no questions of the application form are left out.
    """
    hold(application=application, by=by)
    asked = {q.code: q for q in queries.questions_of(application) if q.code in answers}
    before = _before(application.pk, [q for q in asked.values() if q.code in seen])
    readings = {
        code: read(q, answers[code]) for code, q in asked.items() if q.kind not in questions.NOT_SAVED
    }
    written, values = weigh(readings, seen, before)
    rows = [
        Answer(application=application, question=asked[code], value=value, saved_at=at, saved_by=by)
        for code, value in values.items()
    ]
    upsert(rows)
    saved(application=application, by=by, at=at)
    hints = _hints(application, [row for row in rows if row.question.code not in written.faults])
    return written._replace(faults=written.faults | hints)


def weigh(readings: Mapping[str, tuple], seen: Mapping[str, str], before: Mapping[str, Newer]):
    """(what becomes of answers that were `read`, code → what to store): nothing unseen is written over."""
    written, values = Written({}, {}, {}), {}
    for code, (value, sentences) in readings.items():
        version = written.versions[code] = queries.version_of(value)
        stands = before.get(code)
        if stands is not None:
            now = queries.version_of(stands.value)
            if version == seen[code] or now not in (seen[code], version):
                written.versions[code] = now
                if version != seen[code]:
                    written.conflicts[code] = stands
                continue
        if sentences:
            written.faults[code] = sentences
        values[code] = value
    return written, values


def _before(application_pk: int, asked: list[Question]) -> dict[str, Newer]:
    """The answers that stand there, by code; the row of the application is held already."""
    if not asked:
        return {}
    codes = {question.pk: question.code for question in asked}
    rows = Answer.objects.filter(application_id=application_pk, question__in=list(codes))
    return {
        codes[row.question_id]: Newer(row.value, str(row.saved_by), row.saved_at)
        for row in rows.select_related("saved_by")
    }


@transaction.atomic
def use_recorded(*, application: Application, code: str, by, at: datetime) -> None:
    """Answer one question with what the unit's record says now. Raises Refused when it says nothing."""
    hold(application=application, by=by)
    asked = [q for q in queries.questions_of(application) if q.code == code]
    known = queries.recorded(application, asked, on=local_date(at)).get(code)
    if known is None:
        raise Refused(_("单位档案中没有这一项，请先登记。"), field=code)
    stored = Answer.objects.filter(application=application, question=asked[0]).first()
    value = known.taken_into(stored.value if stored else None)
    row = Answer(application=application, question=asked[0], value=value, saved_at=at, saved_by=by)
    upsert([row])
    saved(application=application, by=by, at=at)


def read(question: Question, raw, *, field=None) -> tuple[object, list[str]]:
    """(the JSON to store, what is wrong with it): what cannot be read is kept as it was typed."""
    try:
        return questions.clean(question, raw, field=field), []
    except ValidationError as error:
        return {"typed": questions.storable(raw)}, list(error.messages)


def _hints(application, rows: list[Answer]) -> dict[str, list]:
    """What the notice's own conditions say of the answers just stored."""
    judged = [row for row in rows if questions.conditions_of(row.question)]
    if not judged:
        return {}
    asked = [row.question for row in judged]
    context = queries.context(application, wanted=queries.counted_in(questions.expressions_of(asked)))
    shown = completeness.visible_codes(asked, context)
    found = {
        row.question.code: questions.judged(row.question, row.value, context)
        for row in judged
        if row.question.code in shown
    }
    return {code: sentences for code, sentences in found.items() if sentences}


# ---- files ----


@transaction.atomic
def attach(*, application: Application, question: Question, file, name: str, by, at: datetime) -> Document:
    """Store a file as an answer, or as one more of several. Raises Refused (type, size, pages, number)."""
    hold(application=application, by=by)
    stored = queries.stored_answers(application).get(question.code)
    slot = check_room(question, stored)
    document = store(
        subject=application,
        kind=slot,
        file=file,
        name=name,
        by=by,
        at=at,
        endings=questions.endings_of(question),
        max_bytes=question.config.get("max_bytes"),
        max_pages=question.config.get("max_pages"),
        field=question.label,
        clause=question.clause,
    )
    value = questions.with_file(question, stored, questions.file_of(document))
    upsert([Answer(application=application, question=question, value=value, saved_at=at, saved_by=by)])
    saved(application=application, by=by, at=at)
    return document


def check_room(question: Question, stored) -> str:
    """The name under which one more file is kept. Raises Refused when there are as many as allowed."""
    slot = questions.free_slot(question, stored)
    if slot is None:
        raise Refused(
            _("“%(field)s”最多上传 %(count)s 个文件，请先移除一个。")
            % {"field": question.label, "count": questions.most_files(question)},
            field=question.label,
            clause=question.clause,
            code="too_many",
        )
    return slot


@transaction.atomic
def detach(
    *, application: Application, question: Question, by, at: datetime, document: int | None = None
) -> None:
    """Take one file out of the answer, or all of them; the stored versions stay in the history."""
    hold(application=application, by=by)
    value = questions.without_file(question, queries.stored_answers(application).get(question.code), document)
    upsert([Answer(application=application, question=question, value=value, saved_at=at, saved_by=by)])
    saved(application=application, by=by, at=at)
