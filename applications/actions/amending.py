"""An open draft follows its notice into the new version; clocks of what was handed in follow its moments."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from applications import notifications, queries, signals
from applications.actions import presenting, scanning
from applications.actions.joining import renew_joint
from applications.actions.nominating import renew_nominators
from applications.actions.paper_copies import renew_papers
from applications.actions.tabling import renew_table
from applications.models import Application, StampedTable, TableOf
from core import workflow
from grants.models import Call
from grants.queries import intakes_of, stages_of
from notifications.obligations import entered_at

TABLE_MOMENTS = {
    TableOf.UNIT: ("closes_at", "unit_closes_at"),
    TableOf.RECOMMENDER: ("recommender_closes_at", "recommender_table_until"),
}
"""Whose stamped table → the moments of the notice that move its clock."""


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
    signals.went_on.send(sender=Application, application=application, by=by, at=at)
    notifications.tell_team(application, "amended", at=at, summary=summary, left=left, version=call.version)


@transaction.atomic
def follow_moments(*, old: Call, call: Call, by, at: datetime) -> None:
    """The moments of a new version hold for what was handed in to earlier ones too: their open clocks move.

    What came too late only by a moment that has been put off is waited for again.
    """
    rows = Application.objects.filter(call__series=call.series).exclude(call=call)
    rows = rows.select_related("call__programme__department", "organisation", "topic", "recommender")
    for state, moment in (("unit_review", "unit_closes_at"), ("recommendation", "recommender_closes_at")):
        if _moved(old, call, moment):
            for application in rows.filter(state=state).order_by("pk"):
                _stage_moved(application, by=by, at=at)
    for kind in _moments_moved(old, call, "until"):
        for application in rows.filter(state=kind).order_by("pk"):
            _stage_moved(application, by=by, at=at)
    if _moved(old, call, "closes_at"):
        for application in scanning.waiting(rows).order_by("pk"):
            scanning.renew(application=application, by=by, at=at)
    if _moved(old, call, "recommender_closes_at") or _moved(old, call, "closes_at"):
        for application in rows.filter(pk__in=queries.nominated()).order_by("pk"):
            renew_nominators(application=application, by=by, at=at)
    if any(_moved(old, call, name) for name in ("closes_at", "recommender_closes_at", "paper_until")):
        for application in rows.filter(pk__in=queries.papers_asked().values("pk")).order_by("pk"):
            renew_papers(application=application, by=by, at=at)
    for of, moments in TABLE_MOMENTS.items():
        if any(_moved(old, call, moment) for moment in moments):
            tables = StampedTable.objects.filter(series=call.series, of=of)
            for table in tables.select_related("call", "organisation"):
                renew_table(table=table, by=by, at=at)
    for kind in _moments_moved(old, call, "slides_until"):
        for application in rows.filter(state=kind).order_by("pk"):
            presenting.renew(application=application, by=by, at=at)


def _stage_moved(application: Application, *, by, at) -> None:
    """The notice closes the step at another moment; what was sent back and came again has its own clock."""
    stage = next((row for row in stages_of(application.call) if row.kind == application.state), None)
    returned = application.version > 1 and application.state in ("unit_review", "recommendation")
    if stage is None or returned:
        return
    notifications.stage_dropped(application, stage.kind, by=by, at=at)
    notifications.open_stage(application, stage, at=entered_at(application, application.state, at))
    renew_joint(application=application, by=by, at=at)


def _moved(old: Call, call: Call, moment: str) -> bool:
    """Whether the notice names another moment, or one of its batches does."""
    return _named(old, moment) != _named(call, moment)


def _named(call: Call, moment: str) -> list:
    """The moment that the call names and those of its batches."""
    rows = ((row.code, row.type_code, getattr(row, moment, None)) for row in intakes_of(call))
    return [getattr(call, moment), *rows]


def _moments_moved(old: Call, call: Call, name: str) -> list[str]:
    """Steps for which the notice names another moment than before."""
    before = {stage.kind: getattr(stage, name) for stage in stages_of(old)}
    return [row.kind for row in stages_of(call) if getattr(row, name) != before.get(row.kind)]


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
