"""Parts, questions and answers of one application."""

from django.db.models import Q, QuerySet

from applications.models import Answer, Application
from grants.models import FormKind, Question, Section


def sections_of(application: Application, form: str = FormKind.APPLICATION) -> QuerySet[Section]:
    """The sections of one form of the call, in order: those for all and those of the project's type."""
    shared = Q(project_type__isnull=True) | Q(project_type_id=application.project_type_id)
    return application.call.sections.filter(shared, form=form).order_by("order")


def questions_of(application: Application, form: str = FormKind.APPLICATION) -> list[Question]:
    """Every question of one form in order, each with its section; one query."""
    shared = Q(section__project_type__isnull=True) | Q(section__project_type_id=application.project_type_id)
    rows = application.call.questions.filter(shared, section__form=form)
    return list(rows.select_related("section").order_by("section__order", "order"))


def stored_answers(application: Application) -> dict[str, object]:
    """Question code → stored JSON, what was typed included; one query."""
    return dict(Answer.objects.filter(application=application).values_list("question__code", "value"))


def has_types(application: Application) -> bool:
    return application.call.types.exists()
