"""Fill an application. Every action locks the row: nothing is written beside a submission under way."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from applications import completeness, notifications, queries, questions, rules, signals
from applications.actions.consenting import ask_consents, named_in
from applications.actions.holding import hold, saved, without_typed
from applications.actions.reconfirming import recheck
from applications.models import (
    Answer,
    Application,
    Participant,
    ParticipantRole,
    ProposedMilestone,
    TeamMember,
)
from applications.states import ApplicationState
from core import workflow
from core.workflow import Refused
from grants.models import Call, ProjectType, QuestionKind, Topic
from grants.person_roles import settled

BASICS = (
    "title",
    "summary",
    "starts_date",
    "ends_date",
    "topic",
    "project_type",
    "recommender",
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


def _take_recorded(application: Application, *, by, at) -> None:
    """Answers that the unit's record holds, and that were not carried over."""
    asked = {question.code: question for question in queries.questions_of(application)}
    stored = queries.stored_answers(application)
    Answer.objects.bulk_create(
        Answer(application=application, question=asked[code], value=known.value, saved_at=at, saved_by=by)
        for code, known in queries.recorded(application, asked.values()).items()
        if code not in stored and not known.is_expired
    )


@transaction.atomic
def start(
    *,
    call: Call,
    organisation: Organisation,
    by: User,
    at: datetime,
    topic: Topic | None = None,
    project_type: ProjectType | None = None,
    outline: Application | None = None,
) -> Application:
    """Begin a draft in the name of a unit; its creator is the team. Opens the clock of the closing.

    `outline`: the chosen project of an earlier notice that lets the unit in, whose answers it takes over;
    where only such projects may apply, the newest if none is named.
    """
    rules.check_can_start(by, call, topic, organisation, project_type=project_type, at=at)
    right = rules.check_entry(by, call, organisation, outline, at=at)
    outline = right.outline if right else None
    carried = {name: getattr(outline, name) for name in CARRIED} if outline else {}
    application = Application.objects.create(
        call=call,
        topic=topic,
        project_type=project_type,
        organisation=organisation,
        follows=outline,
        entry_code=right.entry.code if right else "",
        created_by=by,
        created_at=at,
        saved_at=at,
        **carried,
    )
    if outline:
        _carry_answers(outline, application, by=by, at=at)
    _take_recorded(application, by=by, at=at)
    TeamMember.objects.create(application=application, user=by)
    workflow.record(application, "started", by=by, at=at, to_state=application.state)
    notifications.open_draft(application, at=at)
    signals.went_on.send(sender=Application, application=application, by=by, at=at)
    return application


@transaction.atomic
def keep_typed(*, application: Application, section: str, typed, by, at: datetime) -> None:
    """Keep what was typed in a part and cannot be stored yet; what stands in the tables stays."""
    hold(application=application, by=by)
    typed = {**application.typed, section: questions.storable(typed)}
    saved(application=application, by=by, at=at, typed=typed)


@transaction.atomic
def update_basics(*, application: Application, by, at: datetime, **values) -> None:
    """Title, summary, dates, topic, type, recommender; amounts only where the call has no budget
    table. Raises Refused.

    Another type hides the parts of the former one; their answers stay.
    """
    hold(application=application, by=by)
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
    rules.check_type(application.call, values.get("project_type"), required=False)
    if "recommender" in values:
        rules.check_can_choose_recommender(application, values["recommender"])
    retyped = application.call.has_intakes and "project_type" in values
    if queries.has_budget(application.call):
        values = {
            name: value for name, value in values.items() if name not in ("requested_amount", "own_amount")
        }
    saved(application=application, by=by, at=at, typed=without_typed(application, "basics"), **values)
    if retyped and application.state == ApplicationState.DRAFT:
        # Other batches may be for the new type.
        notifications.draft_reopened(application, at=at)


@transaction.atomic
def set_participants(*, application: Application, participants: Iterable[Mapping], by, at: datetime) -> None:
    """Replace the people. Raises Refused naming the first fault, e.g. a wrong credit code."""
    hold(application=application, by=by)
    people = [_person(dict(person), application.call) for person in participants]
    if sum(person["role"] == ParticipantRole.PI for person in people) > 1:
        raise Refused(_("项目负责人只能有一名。"), field="participants")
    for index, person in enumerate(people):
        for name, sentence in completeness.person_faults(person, strict=False):
            raise Refused(sentence, field=f"participants.{index}.{name}")
    before = named_in(application)
    application.participants.all().delete()
    Participant.objects.bulk_create(
        Participant(application=application, order=index, **person) for index, person in enumerate(people)
    )
    saved(application=application, by=by, at=at, typed=without_typed(application, "participants"))
    recheck(application=application, by=by, at=at)
    ask_consents(application=application, before=before, by=by, at=at)


def _person(person: dict, call: Call) -> dict:
    unknown = set(person) - set(completeness.PERSON_FIELDS)
    if unknown:
        raise TypeError(f"not fields of a participant: {sorted(unknown)}")
    leads = person["role"] == ParticipantRole.PI
    position = settled(call, leads=leads, position=person.get("position") or "")
    return completeness.written_person(person) | {"position": position}


@transaction.atomic
def set_milestones(*, application: Application, milestones: Iterable[Mapping], by, at: datetime) -> None:
    """Replace the proposed milestones: {name, due_date, deliverable, share, indicators}. Raises Refused."""
    hold(application=application, by=by)
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
    saved(application=application, by=by, at=at, typed=without_typed(application, "milestones"))


# ---- the team ----


@transaction.atomic
def add_to_team(*, application: Application, user: User, by, at: datetime) -> None:
    """Let a colleague write too. Raises Refused for somebody of another unit."""
    hold(application=application, by=by)
    if application.organisation_id not in user.scope.units:
        raise Refused(_("“%(name)s”不是本单位的成员。") % {"name": user}, field="user")
    _row, created = TeamMember.objects.get_or_create(application=application, user=user)
    if created:
        workflow.record(application, "joined", by=by, at=at, note=str(user), data={"user": user.pk})


@transaction.atomic
def remove_from_team(*, application: Application, user: User, by, at: datetime) -> None:
    """Take a colleague off the team; somebody must remain."""
    hold(application=application, by=by)
    if application.team.exclude(user=user).count() == 0:
        raise Refused(_("申报团队至少要有一人。"), field="user")
    deleted, _rows = application.team.filter(user=user).delete()
    if deleted:
        workflow.record(application, "left", by=by, at=at, note=str(user), data={"user": user.pk})
