"""An open draft follows its notice into the new version."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from applications import notifications
from applications.models import Application
from core import workflow
from grants.models import Call


@transaction.atomic
def follow_amendment(*, application: Application, call: Call, summary: str, by, at: datetime) -> None:
    """Move a draft to the new version of its notice; everything typed stays, by the codes of the questions.

    An answer whose question changed its kind is kept as typed; what has no place any more stays stored and is
    named in the message to the team, as is every budget cell whose category or source is gone.
    """
    left = [*_answers(application, call, at=at), *_budget(application, call)]
    fields = {"call": call}
    if application.topic_id and application.topic.call_id != call.pk:
        fields["topic"] = call.topics.filter(number=application.topic.number).first()
    if application.project_type_id:
        fields["project_type"] = call.types.filter(code=application.project_type.code).first()
    Application.objects.filter(pk=application.pk).update(**fields)
    for name, value in fields.items():
        setattr(application, name, value)
    workflow.record(application, "amended", by=by, at=at, data={"version": call.version, "left": left})
    notifications.draft_follows(application, at=at)
    notifications.tell_team(application, "amended", at=at, summary=summary, left=left, version=call.version)


def _answers(application: Application, call: Call, *, at) -> list[str]:
    """Labels of the questions that the new version does not ask any more."""
    questions = {question.code: question for question in call.questions.all()}
    left = []
    for answer in application.answers.select_related("question"):
        question = questions.get(answer.question.code)
        if question is None:
            left.append(answer.question.label)
            continue
        if question.kind != answer.question.kind and answer.value is not None:
            typed = isinstance(answer.value, dict) and set(answer.value) == {"typed"}
            answer.value = answer.value if typed else {"typed": answer.value}
        answer.question, answer.saved_at = question, at
        answer.save(update_fields=["question", "value", "saved_at"])
    return left


def _budget(application: Application, call: Call) -> list[str]:
    """Sentences about the cells whose row or column is gone; their amounts leave the totals."""
    categories = {row.code: row for row in call.budget_categories.all()}
    sources = {row.code: row for row in call.funding_sources.all()}
    left = []
    for line in application.budget_lines.select_related("category", "source"):
        category, source = categories.get(line.category.code), sources.get(line.source.code)
        if category and source:
            line.category, line.source = category, source
            line.save(update_fields=["category", "source"])
            continue
        left.append(
            _("预算：%(category)s × %(source)s %(amount)s 元")
            % {"category": line.category.name, "source": line.source.name, "amount": line.amount}
        )
        total = "requested_amount" if line.source.is_fiscal else "own_amount"
        setattr(application, total, getattr(application, total) - line.amount)
        line.delete()
    if left:
        application.save(update_fields=["requested_amount", "own_amount"])
    return left
