"""Parts, questions and answers of one application."""

from copy import copy
from functools import lru_cache

from django.db.models import Q

from accounts.models import Organisation
from applications.models import Answer, Application
from grants.models import Call, FormKind, Question, Section
from grants.states import CallState

DIVISIONS = "divisions"
"""The setting of a choice whose options the unit gives."""
KEPT_FORMS = 256
"""Forms of published calls that a process remembers: the database refuses any change of them."""


def sections_of(application: Application, form: str = FormKind.APPLICATION) -> list[Section]:
    """The sections of one form of the call, in order: those for all and those of the project's type."""
    kinds = (None, application.project_type_id)
    found = [s for s in application.call.sections.all() if s.form == form and s.project_type_id in kinds]
    return sorted(found, key=lambda section: section.order)


def questions_of(application: Application, form: str = FormKind.APPLICATION) -> list[Question]:
    """Every question of one form in order, each with its section; no query where the call is published."""
    call = application.call
    read = _read if call.state == CallState.DRAFT else remembered
    found = [copy(question) for question in read(call.pk, application.project_type_id, form)]
    for question in found:
        question.call = call
        if question.config.get(DIVISIONS):
            _of_unit(question, application.organisation)
    return found


def _of_unit(question: Question, unit: Organisation) -> None:
    """The choices are the divisions (院系) of the unit; one that names none is not asked to choose."""
    question.config = question.config | {"choices": unit.divisions}
    question.is_required = question.is_required and bool(unit.divisions)


def call_questions(call: Call, form: str) -> list[Question]:
    """The questions of one form of a call that all types of project share, each with its section."""
    read = _read if call.state == CallState.DRAFT else remembered
    found = [copy(question) for question in read(call.pk, None, form)]
    for question in found:
        question.call = call
    return found


def _read(call_pk: int, project_type_pk: int | None, form: str) -> tuple[Question, ...]:
    shared = Q(section__project_type__isnull=True) | Q(section__project_type_id=project_type_pk)
    rows = Question.objects.filter(shared, call_id=call_pk, section__form=form)
    return tuple(rows.select_related("section").order_by("section__order", "order"))


remembered = lru_cache(maxsize=KEPT_FORMS)(_read)


def stored_answers(application: Application) -> dict[str, object]:
    """Question code → stored JSON, what was typed included; one query."""
    return dict(Answer.objects.filter(application=application).values_list("question__code", "value"))


def has_types(application: Application) -> bool:
    return application.call.types.exists()
