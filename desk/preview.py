"""The application form as an applicant sees it, filled in and judged by the real code, and nothing stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Organisation
from applications import questions
from applications.forms import FIXED_PARTS, Section
from applications.models import Answer, Application
from grants.models import Call, FormKind, ProjectType, QuestionKind


@contextmanager
def sandbox(
    call: Call,
    *,
    by,
    at: datetime,
    organisation: Organisation | None = None,
    project_type: ProjectType | None = None,
) -> Iterator[Application]:
    """A draft application that the database forgets when the block ends. Without a unit, the department's."""
    with transaction.atomic():
        yield Application.objects.create(
            call=call,
            organisation=organisation or call.programme.department,
            project_type=project_type,
            created_by=by,
            created_at=at,
            saved_at=at,
        )
        transaction.set_rollback(True)


def sections_of(call: Call, form: str, project_type: ProjectType | None) -> list:
    """The sections of one form that a project of this type is asked."""
    wanted = project_type.pk if project_type else None
    rows = call.sections.filter(form=form).order_by("order")
    return [section for section in rows if section.project_type_id in (None, wanted)]


def store(application: Application, part: Section, *, by, at: datetime) -> dict[str, list[str]]:
    """Put what was typed into the sandbox; returns {code: sentences} for what cannot be read."""
    faults = {}
    for question in part.questions:
        if question.kind in (QuestionKind.ATTACHMENT, QuestionKind.COMPUTED):
            continue
        raw = part.form.typed(question.code)
        try:
            value = questions.clean(question, raw)
        except ValidationError as fault:
            faults[question.code], value = list(fault.messages), {"typed": raw}
        if value is not None:
            Answer.objects.create(
                application=application, question=question, value=value, saved_at=at, saved_by=by
            )
    return faults


def form_page(call: Call, *, form: str, project_type, by, at: datetime) -> dict[str, Any]:
    """Everything the page shows: the fixed first part and the call's own sections, empty."""
    with sandbox(call, by=by, at=at, project_type=project_type) as application:
        basics = FIXED_PARTS["basics"](application).form if form == FormKind.APPLICATION else None
        parts = [Section(application, section=section) for section in sections_of(call, form, project_type)]
        return {
            "application": application,
            "basics": basics,
            "sections": [part.context() for part in parts],
        }


def answered(call: Call, data, *, form: str, project_type, by, at: datetime) -> dict[str, Any]:
    """What the form does with these answers: which questions are shown, what is wrong with which."""
    shown: dict[str, bool] = {}
    faults: dict[str, list[str]] = {}
    with sandbox(call, by=by, at=at, project_type=project_type) as application:
        sections = sections_of(call, form, project_type)
        for section in sections:
            faults |= store(application, Section(application, data, section=section), by=by, at=at)
        for section in sections:
            part = Section(application, section=section)
            visible = part.shown_codes()
            shown |= {question.code: question.code in visible for question in part.questions}
    return {"shown": shown, "faults": faults}
