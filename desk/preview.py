"""The application form as an applicant sees it, filled in and judged by the real code, and nothing stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import Organisation
from applications import queries, questions
from applications.actions import answering, holding
from applications.forms import FIXED_PARTS, FIXED_TITLES, Section, asks_for
from applications.models import Answer, Application
from grants.models import Call, FormKind, ProjectType


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
    faults, rows = {}, []
    for code, raw in part.form.all_typed().items():
        question = part.form.questions[code]
        value, sentences = answering.read(question, raw)
        if sentences:
            faults[code] = sentences
        rows.append(Answer(application=application, question=question, value=value, saved_at=at, saved_by=by))
    holding.upsert(rows)
    return faults


def form_page(call: Call, *, form: str, project_type, by, at: datetime) -> dict[str, Any]:
    """Everything the page shows, empty: the call's own sections between the parts that all calls share."""
    with sandbox(call, by=by, at=at, project_type=project_type) as application:
        parts = [Section(application, section=section) for section in sections_of(call, form, project_type)]
        basics, *others = _fixed(application) if form == FormKind.APPLICATION else (None,)
        return {
            "application": application,
            "basics": basics,
            "sections": [part.context() for part in parts],
            "others": others,
        }


def _fixed(application: Application) -> list[tuple[str, str]]:
    """(title, HTML) of each part that all calls share, as far as this one asks for it."""
    found = []
    for name, title in FIXED_TITLES.items():
        if asks_for(application.call, name):
            part = FIXED_PARTS[name](application)
            shown = {"form": part.form, "application": application, **part.context()}
            found.append((title, render_to_string(part.fields_template, shown)))
    return found


def answered(call: Call, data, *, form: str, project_type, by, at: datetime) -> dict[str, Any]:
    """What the form does with these answers: questions shown, computed texts, what is wrong with which."""
    found: dict[str, dict] = {"shown": {}, "texts": {}, "faults": {}}
    with sandbox(call, by=by, at=at, project_type=project_type) as application:
        sections = sections_of(call, form, project_type)
        for section in sections:
            part = Section(application, data, section=section)
            found["faults"] |= store(application, part, by=by, at=at)
        holding.compute(application=application, by=by, at=at)
        context = queries.context(application)
        stored = queries.stored_answers(application)
        for section in sections:
            part = Section(application, section=section)
            fresh = part.fresh()
            found["shown"] |= fresh["shown"]
            found["texts"] |= fresh["texts"]
            for question in part.questions:
                if fresh["shown"][question.code] and question.code not in found["faults"]:
                    said = questions.judged(question, stored.get(question.code), context)
                    found["faults"] |= {question.code: said} if said else {}
    return found
