"""Answer the call's own questions about a milestone; a hand-in seals a copy of what stands there."""

from collections.abc import Mapping
from datetime import datetime

from django.core.files import File
from django.db import transaction

from applications import completeness, questions
from applications.actions.answering import check_room, read
from documents.actions import store
from documents.models import Document
from grants.models import Question, QuestionKind
from milestones import queries, rules
from milestones.models import Milestone, Report, ReportDraft


@transaction.atomic
def save_form(*, milestone: Milestone, answers: Mapping[str, object], by, at: datetime) -> dict[str, list]:
    """Store what was typed; returns {code: [sentences]} for what is not right yet. Nothing is lost.

    Raises Refused unless `by` is of the project and the milestone waits for its evidence.
    """
    draft = _hold(milestone=milestone, by=by, at=at)
    asked = {q.code: q for q in queries.form_questions(milestone) if q.kind not in questions.NOT_SAVED}
    faults = {}
    for code in asked.keys() & set(answers):
        draft.answers[code], sentences = read(asked[code], answers[code])
        if sentences:
            faults[code] = sentences
    _save(milestone=milestone, draft=draft, by=by, at=at)
    return faults | _hints(milestone, draft, [asked[code] for code in answers if code in asked], faults)


def _hints(milestone, draft, asked, faults) -> dict[str, list]:
    """What the notice's own conditions say of the answers just stored."""
    judged = [q for q in asked if q.code not in faults and questions.conditions_of(q)]
    if not judged:
        return {}
    context = queries.form_context(milestone, draft.answers)
    shown = completeness.visible_codes(judged, context)
    found = {
        question.code: questions.judged(question, draft.answers.get(question.code), context)
        for question in judged
        if question.code in shown
    }
    return {code: sentences for code, sentences in found.items() if sentences}


def _hold(*, milestone, by, at) -> ReportDraft:
    rules.check_can_hand_in(by, milestone)
    ReportDraft.objects.get_or_create(milestone=milestone, defaults={"saved_at": at, "saved_by": by})
    return ReportDraft.objects.select_for_update().get(milestone=milestone)


def _save(*, milestone, draft, by, at) -> None:
    """Write the draft; what is computed from it follows."""
    computed = [q for q in queries.form_questions(milestone) if q.kind == QuestionKind.COMPUTED]
    if computed:
        draft.answers |= questions.work_out(computed, queries.form_context(milestone, draft.answers))
    draft.saved_at, draft.saved_by = at, by
    draft.save(update_fields=["answers", "saved_at", "saved_by"])


# ---- files ----


@transaction.atomic
def attach(*, milestone: Milestone, question: Question, file, name: str, by, at: datetime) -> Document:
    """Store a file as an answer of the form. Raises Refused (who, type, size, pages, number)."""
    draft = _hold(milestone=milestone, by=by, at=at)
    stored = draft.answers.get(question.code)
    slot = check_room(question, stored)
    document = _store(question, slot, subject=draft, file=file, name=name, by=by, at=at)
    draft.answers[question.code] = questions.with_file(question, stored, questions.file_of(document))
    _save(milestone=milestone, draft=draft, by=by, at=at)
    return document


@transaction.atomic
def detach(*, milestone: Milestone, question: Question, document: int | None, by, at: datetime) -> None:
    """Take one file out of an answer, or all of them."""
    draft = _hold(milestone=milestone, by=by, at=at)
    draft.answers[question.code] = questions.without_file(
        question, draft.answers.get(question.code), document
    )
    _save(milestone=milestone, draft=draft, by=by, at=at)


def _store(question, slot, *, subject, file, name, by, at) -> Document:
    return store(
        subject=subject,
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


def copy_files(*, milestone: Milestone, report: Report, by, at: datetime) -> None:
    """The files of the form become the report's own; what is in the draft can still change."""
    answers = queries.form_answers(milestone)
    for question in queries.form_questions(milestone):
        for file in questions.files_of(answers.get(question.code)):
            source = Document.objects.get(pk=file["document"])
            slot = f"form_{file.get('slot') or question.code}"
            with source.file.open("rb") as body:
                copy = File(body, source.name)
                _store(question, slot, subject=report, file=copy, name=source.name, by=by, at=at)
