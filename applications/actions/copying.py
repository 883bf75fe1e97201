"""Nothing typed twice: take over what an earlier application of the unit said."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from applications import completeness, queries
from applications.actions.consenting import ask_consents
from applications.actions.holding import hold, saved, upsert
from applications.models import Answer, Application, Participant, ParticipantRole
from core import workflow
from core.workflow import Refused
from grants.models import Question, QuestionKind
from grants.person_roles import settled

APART = (QuestionKind.ATTACHMENT, QuestionKind.COMPUTED, QuestionKind.COMMITMENT)
"""Kinds that are not copied: files stay with their application, commitments are made anew."""


@transaction.atomic
def copy_from(*, application: Application, source: Application, by, at: datetime) -> int:
    """Fill what is still empty from an earlier application; returns how many answers came over.

    Answers go to the questions of the same code and kind. Nothing that was typed is replaced. Raises Refused
    for an application that `queries.copyable` does not offer.
    """
    hold(application=application, by=by)
    if not queries.copyable(application, by).filter(pk=source.pk).exists():
        raise Refused(_("只能从本单位同一计划、您能看到的申报书复制。"), field="source")
    rows = [
        Answer(application=application, question=question, value=value, saved_at=at, saved_by=by)
        for question, value in answers_of(source, application)
    ]
    upsert(rows)
    fields = {name: getattr(source, name) for name in ("summary",) if not getattr(application, name)}
    if not application.participants.exists() and not application.typed.get("participants"):
        people = source.participants.values(*completeness.PERSON_FIELDS, "order")
        for person in people:
            leads = person["role"] == ParticipantRole.PI
            person["position"] = settled(application.call, leads=leads, position=person["position"])
        Participant.objects.bulk_create(Participant(application=application, **person) for person in people)
        ask_consents(application=application, before=(), by=by, at=at)
    saved(application=application, by=by, at=at, **fields)
    workflow.record(application, "copied", by=by, at=at, data={"source": source.pk, "answers": len(rows)})
    return len(rows)


def answers_of(source: Application, application: Application) -> list[tuple[Question, object]]:
    """(question, value) of everything that `source` answered and `application` asks alike and lacks."""
    asked = {question.code: question for question in queries.questions_of(application)}
    stored = queries.stored_answers(application)
    found = []
    for answer in source.answers.select_related("question"):
        question = asked.get(answer.question.code)
        kind = answer.question.kind
        alike = question is not None and question.kind == kind and kind not in APART
        lacking = question is not None and stored.get(question.code) in (None, "", [], {})
        if alike and lacking and answer.value not in (None, "", [], {}):
            found.append((question, answer.value))
    return found
