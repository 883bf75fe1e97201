"""The application form as an applicant sees it, filled in and judged by the real code, and nothing stored."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.template.loader import render_to_string

from accounts.models import Organisation
from applications import eligibility, queries, questions
from applications.actions import answering, holding
from applications.forms import FIXED_PARTS, FIXED_TITLES, Section, asks_for
from applications.forms.part import Rows
from applications.models import Answer, Application, RuleStatus, TeamMember
from core.workflow import Refused
from desk import sample_record
from grants.models import Call, FormKind, ProjectType, RuleScope


@contextmanager
def sandbox(
    call: Call,
    *,
    by,
    at: datetime,
    organisation: Organisation | None = None,
    project_type: ProjectType | None = None,
    of_sample: bool = False,
) -> Iterator[Application]:
    """A draft application that the database forgets when the block ends; `of_sample`: with a made-up unit.

    Without a unit, the department's.
    """
    with transaction.atomic():
        if of_sample:
            organisation = sample_record.unit()
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
    """Everything the page shows: the call's own sections between the parts that all calls share.

    Empty, but for what questions take from the record of a unit: that of a made-up one.
    """
    with sandbox(call, by=by, at=at, project_type=project_type, of_sample=True) as application:
        asked = queries.questions_of(application, form)
        sample_record.fill(application, asked, by=by, at=at)
        parts = [Section(application, section=section) for section in sections_of(call, form, project_type)]
        basics, *others = _fixed(application) if form == FormKind.APPLICATION else (None,)
        return {
            "application": application,
            "basics": basics,
            "sections": [part.context() for part in parts],
            "others": others,
            "is_sample": True,
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
    found: dict[str, Any] = {"shown": {}, "texts": {}, "faults": {}, "inputs": {}, "lines": []}
    with sandbox(call, by=by, at=at, project_type=project_type) as application:
        sections = sections_of(call, form, project_type)
        if form == FormKind.APPLICATION:
            found["inputs"] = _fill_fixed(application, data, by=by, at=at)
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
        if form == FormKind.APPLICATION:
            found["lines"] = _lines(application)
    return found


def _fill_fixed(application: Application, data, *, by, at: datetime) -> dict[str, list[str]]:
    """Put the parts that all calls share into the sandbox; {input: sentences} for what is wrong."""
    TeamMember.objects.create(application=application, user=by)
    faults = {}
    for name in FIXED_TITLES:
        if not asks_for(application.call, name):
            continue
        part = FIXED_PARTS[name](application, data)
        if isinstance(part, Rows) and f"{part.prefix}-TOTAL_FORMS" not in data:
            continue
        if not part.form.is_valid():
            faults |= part.faults()
            continue
        try:
            with transaction.atomic():
                part.store(by=by, at=at)
        except Refused as refused:
            faults[refused.field or name] = [refused.message]
    return faults


def _lines(application: Application) -> list[dict[str, str]]:
    """The conditions about the project, its people and its money that these answers do not meet.

    Those about the unit are left out: there is none here.
    """
    return [
        {"clause": line.clause, "text": line.text, "hint": line.hint, "state": line.label}
        for line in eligibility.evaluate(application)
        if line.scope != RuleScope.UNIT and line.status in (RuleStatus.FAILED, RuleStatus.WARNING)
    ]
