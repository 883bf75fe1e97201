"""Fill an application. Every action locks the row: nothing is written beside a submission under way."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from applications import completeness, notifications, questions, rules
from applications.models import (
    Answer,
    Application,
    BudgetLine,
    Participant,
    ParticipantRole,
    ProposedMilestone,
    TeamMember,
)
from core import workflow
from core.workflow import Refused
from documents.actions import store
from documents.models import Document
from grants.models import Call, Question, QuestionKind, Topic

BASICS = (
    "title",
    "summary",
    "starts_date",
    "ends_date",
    "topic",
    "requested_amount",
    "own_amount",
)


CARRIED = ("title", "summary", "starts_date", "ends_date")
"""What the second step takes over from the outline."""


def _carry_answers(outline: Application, application: Application, *, by, at) -> None:
    """Answers to questions of the same code and kind; files stay with the outline."""
    questions_now = {question.code: question for question in application.call.questions.all()}
    rows = outline.answers.select_related("question").exclude(question__kind=QuestionKind.ATTACHMENT)
    Answer.objects.bulk_create(
        Answer(
            application=application,
            question=questions_now[row.question.code],
            value=row.value,
            saved_at=at,
            saved_by=by,
        )
        for row in rows
        if row.question.code in questions_now and questions_now[row.question.code].kind == row.question.kind
    )


@transaction.atomic
def start(
    *, call: Call, organisation: Organisation, by: User, at: datetime, topic: Topic | None = None
) -> Application:
    """Begin a draft in the name of a unit; its creator is the team. Opens the clock of the closing."""
    rules.check_can_start(by, call, topic, organisation, at=at)
    outline = rules.check_entry(call, organisation, at=at) if call.follows_id else None
    carried = {name: getattr(outline, name) for name in CARRIED} if outline else {}
    application = Application.objects.create(
        call=call,
        topic=topic,
        organisation=organisation,
        follows=outline,
        created_by=by,
        created_at=at,
        saved_at=at,
        **carried,
    )
    if outline:
        _carry_answers(outline, application, by=by, at=at)
    TeamMember.objects.create(application=application, user=by)
    workflow.record(application, "started", by=by, at=at, to_state=application.state)
    notifications.open_draft(application, at=at)
    return application


def _lock(application: Application, by) -> None:
    """Hold the row until commit and judge by what stands there now, not by what a page was made from."""
    current = Application.objects.select_for_update().get(pk=application.pk)
    application.state, application.typed = current.state, current.typed
    rules.check_can_edit(by, application)


def _saved(application, *, at, **fields):
    for name, value in (fields | {"saved_at": at}).items():
        setattr(application, name, value)
    application.save(update_fields=[*fields, "saved_at"])


def _without_typed(application, section) -> dict:
    return {name: rows for name, rows in application.typed.items() if name != section}


@transaction.atomic
def keep_typed(*, application: Application, section: str, typed, by, at: datetime) -> None:
    """Keep what was typed in a part and cannot be stored yet; what stands in the tables stays."""
    _lock(application, by)
    _saved(application, at=at, typed={**application.typed, section: typed})


@transaction.atomic
def update_basics(*, application: Application, by, at: datetime, **values) -> None:
    """Title, summary, dates, topic; amounts only where the call has no budget table. Raises Refused."""
    _lock(application, by)
    unknown = set(values) - set(BASICS)
    if unknown:
        raise TypeError(f"not among the basics: {sorted(unknown)}")
    starts = values.get("starts_date", application.starts_date)
    ends = values.get("ends_date", application.ends_date)
    if starts and ends and ends <= starts:
        raise Refused(_("结束日期应在开始日期之后。"), field="ends_date")
    if len(values.get("title") or "") > 120:
        raise Refused(_("项目名称最多 120 个字。"), field="title")
    topic = values.get("topic")
    if topic is not None and topic.call_id != application.call_id:
        raise Refused(_("这个榜单任务不属于该通知。"), field="topic")
    if application.call.funding_sources.exists():
        values = {
            name: value for name, value in values.items() if name not in ("requested_amount", "own_amount")
        }
    _saved(application, at=at, typed=_without_typed(application, "basics"), **values)


@transaction.atomic
def save_answers(
    *, application: Application, answers: Mapping[str, object], by, at: datetime
) -> dict[str, list]:
    """Store what was typed, question by question; returns {code: [sentences]} for what cannot be read yet.

    Nothing is lost: an unreadable answer is kept as typed. Codes that are no questions are left out.
    """
    _lock(application, by)
    wanted = {
        question.code: question
        for question in Question.objects.filter(call_id=application.call_id, code__in=list(answers))
        if question.kind != QuestionKind.ATTACHMENT
    }
    faults, rows = {}, []
    for code, question in wanted.items():
        try:
            value = questions.clean(question, answers[code])
        except ValidationError as error:
            faults[code] = list(error.messages)
            value = {"typed": answers[code]}
        rows.append(Answer(application=application, question=question, value=value, saved_at=at, saved_by=by))
    _upsert(rows)
    _saved(application, at=at)
    return faults


def _upsert(rows):
    Answer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["application", "question"],
        update_fields=["value", "saved_at", "saved_by"],
    )


@transaction.atomic
def attach(*, application: Application, question: Question, file, name: str, by, at: datetime) -> Document:
    """Store a file as the answer to an attachment question. Raises Refused for a wrong type or size."""
    _lock(application, by)
    document = store(
        subject=application,
        kind=question.code,
        file=file,
        name=name,
        by=by,
        at=at,
        endings=questions.endings_of(question),
        max_bytes=question.config.get("max_bytes"),
        field=question.label,
        clause=question.clause,
    )
    value = {"document": document.pk, "name": document.name, "size": document.size, "sha256": document.sha256}
    _upsert([Answer(application=application, question=question, value=value, saved_at=at, saved_by=by)])
    _saved(application, at=at)
    return document


@transaction.atomic
def detach(*, application: Application, question: Question, by, at: datetime) -> None:
    """Take a file out of the answer; its stored versions stay in the history."""
    _lock(application, by)
    _upsert([Answer(application=application, question=question, value=None, saved_at=at, saved_by=by)])
    _saved(application, at=at)


@transaction.atomic
def set_participants(*, application: Application, participants: Iterable[Mapping], by, at: datetime) -> None:
    """Replace the people. Raises Refused naming the first fault, e.g. a wrong credit code."""
    _lock(application, by)
    people = [_person(dict(person)) for person in participants]
    if sum(person["role"] == ParticipantRole.PI for person in people) > 1:
        raise Refused(_("项目负责人只能有一名。"), field="participants")
    for index, person in enumerate(people):
        for name, sentence in completeness.person_faults(person, strict=False):
            raise Refused(sentence, field=f"participants.{index}.{name}")
    application.participants.all().delete()
    Participant.objects.bulk_create(
        Participant(application=application, order=index, **person) for index, person in enumerate(people)
    )
    _saved(application, at=at, typed=_without_typed(application, "participants"))


def _person(person: dict) -> dict:
    unknown = set(person) - set(completeness.PERSON_FIELDS)
    if unknown:
        raise TypeError(f"not fields of a participant: {sorted(unknown)}")
    return completeness.written_person(person)


@transaction.atomic
def set_budget(
    *, application: Application, amounts: Mapping[tuple[str, str], Decimal | None], by, at: datetime
) -> None:
    """Replace the budget: (category code, source code) → 元. The amounts of the application follow."""
    _lock(application, by)
    categories = {category.code: category for category in application.call.budget_categories.all()}
    sources = {source.code: source for source in application.call.funding_sources.all()}
    lines, fiscal, own = [], Decimal(0), Decimal(0)
    for (category, source), amount in amounts.items():
        if category not in categories or source not in sources:
            raise Refused(_("预算表没有“%(cell)s”。") % {"cell": f"{category} × {source}"}, field="budget")
        if not amount:
            continue
        if amount < 0:
            raise Refused(_("金额不能为负数。"), field=f"budget.{category}.{source}")
        lines.append(
            BudgetLine(
                application=application,
                category=categories[category],
                source=sources[source],
                amount=amount,
            )
        )
        fiscal += amount if sources[source].is_fiscal else 0
        own += 0 if sources[source].is_fiscal else amount
    application.budget_lines.all().delete()
    BudgetLine.objects.bulk_create(lines)
    typed = _without_typed(application, "budget")
    _saved(application, at=at, typed=typed, requested_amount=fiscal, own_amount=own)


@transaction.atomic
def set_milestones(*, application: Application, milestones: Iterable[Mapping], by, at: datetime) -> None:
    """Replace the proposed milestones: {name, due_date, deliverable, share, indicators}. Raises Refused."""
    _lock(application, by)
    rows = [dict(milestone) for milestone in milestones]
    for index, row in enumerate(rows):
        if not row.get("due_date"):
            raise Refused(_("请填写计划日期。"), field=f"milestones.{index}.due_date")
        if not 0 <= Decimal(row.get("share") or 0) <= 100:
            raise Refused(_("拨款比例应在 0 到 100 之间。"), field=f"milestones.{index}.share")
    application.proposed_milestones.all().delete()
    ProposedMilestone.objects.bulk_create(
        ProposedMilestone(
            application=application,
            order=index,
            name=row.get("name", ""),
            due_date=row["due_date"],
            deliverable=row.get("deliverable", ""),
            indicators=row.get("indicators") or [],
            share=Decimal(row.get("share") or 0),
        )
        for index, row in enumerate(rows, start=1)
    )
    _saved(application, at=at, typed=_without_typed(application, "milestones"))


# ---- the team ----


@transaction.atomic
def add_to_team(*, application: Application, user: User, by, at: datetime) -> None:
    """Let a colleague write too. Raises Refused for somebody of another unit."""
    _lock(application, by)
    if application.organisation_id not in user.scope.units:
        raise Refused(_("“%(name)s”不是本单位的成员。") % {"name": user}, field="user")
    _row, created = TeamMember.objects.get_or_create(application=application, user=user)
    if created:
        workflow.record(application, "joined", by=by, at=at, note=str(user), data={"user": user.pk})


@transaction.atomic
def remove_from_team(*, application: Application, user: User, by, at: datetime) -> None:
    """Take a colleague off the team; somebody must remain."""
    _lock(application, by)
    if application.team.exclude(user=user).count() == 0:
        raise Refused(_("申报团队至少要有一人。"), field="user")
    deleted, _rows = application.team.filter(user=user).delete()
    if deleted:
        workflow.record(application, "left", by=by, at=at, note=str(user), data={"user": user.pk})
