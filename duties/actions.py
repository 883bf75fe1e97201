"""Duties as they come, move and fall away; filled in, handed in, accepted, sent back, waived."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications import questions
from applications.actions.answering import check_room, read
from applications.models import Application
from core import workflow
from core.workflow import Lost
from documents.actions import store
from documents.models import Document
from duties import dates, notifications, queries, rules
from duties.dates import Wanted
from duties.models import AcceptedBy, Duty, HandIn, OnePer
from duties.states import PENDING, DutyState
from grants.models import Call, Question, QuestionKind
from notifications.models import DeadlineKind

# ---- what is owed ----


def follow(*, application: Application, by, at: datetime) -> None:
    """Whatever happened to an application: what is owed for it and by its unit is there, nothing else.

    Without duties in the call no query.
    """
    call = application.call
    if dates.terms_of(call):
        with transaction.atomic():
            mine = Duty.objects.filter(application=application)
            _settle(mine, dates.wanted_for(application), call, by=by, at=at)
            _follow_unit(call, application.organisation, by=by, at=at)


def _follow_unit(call: Call, unit: Organisation, *, by, at) -> None:
    if any(term.per == OnePer.UNIT for term in dates.terms_of(call)):
        rows = Duty.objects.filter(series=call.series, organisation=unit, term__per=OnePer.UNIT)
        _settle(rows, dates.wanted_of_unit(call, unit), call, by=by, at=at)


@transaction.atomic
def follow_call(*, call: Call, by, at: datetime) -> None:
    """What the bureau and the recommenders owe once for a call, by the version in force."""
    rows = Duty.objects.filter(series=call.series, term__per__in=dates.OF_CALL)
    wanted = dates.wanted_of_call(call)
    if wanted or rows.exists():
        _settle(rows, wanted, call, by=by, at=at)


@transaction.atomic
def follow_version(*, call: Call, by, at: datetime) -> None:
    """A new version of a notice: the days that it names hold for what was begun before, too."""
    follow_call(call=call, by=by, at=at)
    owing = Duty.objects.filter(series=call.series, state__in=PENDING, application__isnull=False)
    rows = Application.objects.filter(pk__in=owing.values("application")).select_related("call")
    for application in rows.order_by("pk"):
        follow(application=application, by=by, at=at)


def _settle(rows, wanted: Iterable[Wanted], call: Call, *, by, at) -> None:
    """Make what is missing, move what has another day, let go what is not owed any more."""
    known = {
        (row.code, row.application_id, row.organisation_id, row.region, row.year): row
        for row in queries.with_subject(rows).select_for_update(of=("self",))
    }
    for one in wanted:
        row = known.pop(one.key, None)
        if row is None:
            _make(one, call, by=by, at=at)
        elif row.state == DutyState.CANCELLED:
            row.term, row.due_at = one.term, one.due_at
            workflow.move(row, DutyState.OPEN, by=by, at=at, term=one.term, due_at=one.due_at)
            notifications.opened(row, at=at)
        elif row.state in PENDING:
            _renew(row, one, by=by, at=at)
    for row in known.values():
        if row.state in PENDING:
            workflow.move(row, DutyState.CANCELLED, by=by, at=at)
            notifications.dropped(row, by=by, at=at)


def _make(one: Wanted, call: Call, *, by, at) -> None:
    # Two applications of a unit may be handed in at once: one of them makes what the unit owes.
    duty, is_new = Duty.objects.get_or_create(
        series=call.series,
        code=one.term.code,
        application=one.application,
        organisation=one.organisation,
        region=one.region,
        year=one.year,
        defaults={"term": one.term, "due_at": one.due_at},
    )
    if not is_new:
        return
    workflow.record(duty, "opened", by=by, at=at, to_state=duty.state)
    notifications.opened(queries.with_subject(Duty.objects.all()).get(pk=duty.pk), at=at)


def _renew(row: Duty, one: Wanted, *, by, at) -> None:
    if (row.term_id, row.due_at) == (one.term.pk, one.due_at):
        return
    is_moved = row.due_at != one.due_at
    Duty.objects.filter(pk=row.pk).update(term=one.term, due_at=one.due_at)
    row.term, row.due_at = one.term, one.due_at
    if is_moved:
        workflow.record(row, "moved_to", by=by, at=at, data={"due_at": one.due_at.isoformat()})
        notifications.moved(row)


# ---- filling in ----


def _hold(duty: Duty, *, by) -> Duty:
    """The duty as it stands, held until commit, for somebody who may fill it in."""
    held = _locked(duty)
    rules.check_can_fill(by, held)
    return held


def _locked(duty: Duty) -> Duty:
    rows = Duty.objects.select_for_update(of=("self",))
    return queries.with_subject(rows).get(pk=duty.pk)


def _keep(duty: Duty, *, at) -> None:
    """Write what stands there; what is computed from it follows."""
    asked = queries.questions_of(duty)
    if computed := [question for question in asked if question.kind == QuestionKind.COMPUTED]:
        duty.answers |= questions.work_out(computed, queries.form_context(duty, asked, duty.answers))
    duty.saved_at = at
    duty.save(update_fields=["answers", "saved_at"])


@transaction.atomic
def save(*, duty: Duty, answers: Mapping[str, object], by, at: datetime) -> dict[str, list]:
    """Store what was typed; returns {code: [sentences]} for what is not right yet. Nothing is lost."""
    held = _hold(duty, by=by)
    asked = {q.code: q for q in queries.questions_of(held) if q.kind not in questions.NOT_SAVED}
    faults = {}
    for code in asked.keys() & set(answers):
        held.answers[code], sentences = read(asked[code], answers[code])
        if sentences:
            faults[code] = sentences
    _keep(held, at=at)
    return faults


@transaction.atomic
def attach(*, duty: Duty, question: Question, file, name: str, by, at: datetime) -> Document:
    """Store a file as an answer. Raises Refused (who, type, size, number)."""
    held = _hold(duty, by=by)
    stored = held.answers.get(question.code)
    slot = check_room(question, stored)
    document = _store(question, slot, subject=held, file=file, name=name, by=by, at=at)
    held.answers[question.code] = questions.with_file(question, stored, questions.file_of(document))
    _keep(held, at=at)
    return document


@transaction.atomic
def detach(*, duty: Duty, question: Question, document: int | None, by, at: datetime) -> None:
    """Take one file out of an answer, or all of them."""
    held = _hold(duty, by=by)
    stored = held.answers.get(question.code)
    held.answers[question.code] = questions.without_file(question, stored, document)
    _keep(held, at=at)


def _store(question, slot, *, subject, file, name, by, at) -> Document:
    return store(
        subject=subject,
        kind=slot,
        file=file,
        name=name,
        by=by,
        at=at,
        endings=questions.endings_of(question),
        max_bytes=question.config.get("max_bytes"),
        max_pages=question.config.get("max_pages"),
        field=question.label,
        clause=question.clause,
    )


# ---- handing in and what follows ----


@transaction.atomic
def hand_in(*, duty: Duty, by, at: datetime) -> HandIn:
    """Seal what stands there. Done at once, or waits for whoever accepts it. Raises Refused."""
    held = _hold(duty, by=by)
    rules.check_complete(held)
    last = queries.latest(held)
    row = HandIn.objects.create(
        duty=held,
        number=last.number + 1 if last else 1,
        answers=queries.sealed(held),
        submitted_by=by,
        submitted_at=at,
    )
    _copy_files(held, row, by=by, at=at)
    accepts = held.term.accepted_by != AcceptedBy.NOBODY
    workflow.move(held, DutyState.HANDED_IN if accepts else DutyState.DONE, by=by, at=at)
    notifications.done(held, DeadlineKind.DUTY, by=by, at=at)
    if accepts:
        notifications.check_opened(held, at=at)
    duty.state = held.state
    return row


def _copy_files(duty: Duty, row: HandIn, *, by, at) -> None:
    """The files become the hand-in's own; what is in the draft can still change."""
    for question in queries.questions_of(duty):
        for file in questions.files_of(duty.answers.get(question.code)):
            source = Document.objects.get(pk=file["document"])
            slot = file.get("slot") or question.code
            with source.file.open("rb") as body:
                copy = File(body, source.name)
                _store(question, slot, subject=row, file=copy, name=source.name, by=by, at=at)


@transaction.atomic
def conclude(*, duty: Duty, outcome: str, note: str, by, at: datetime) -> None:
    """Accept what was handed in, or send it back with the reason. Raises Refused; Lost when decided."""
    held = _locked(duty)
    rules.check_can_conclude(by, held)
    returned = outcome == HandIn.Outcome.RETURNED
    if returned:
        rules.check_reason(note)
    decided = {"outcome": outcome, "note": note.strip(), "decided_by": by, "decided_at": at}
    if not HandIn.objects.filter(pk=queries.latest(held).pk, outcome="").update(**decided):
        raise Lost(_("别人刚刚处理了这一项，请刷新后再看。"), code="lost")
    state = DutyState.RETURNED if returned else DutyState.DONE
    workflow.move(held, state, by=by, at=at, note=note.strip())
    notifications.done(held, DeadlineKind.DUTY_CHECK, by=by, at=at)
    if returned:
        notifications.opened(held, at=at)
    duty.state = held.state


@transaction.atomic
def waive(*, duty: Duty, note: str, by, at: datetime) -> None:
    """The bureau lets somebody off, with the reason: what waits for it goes on. Raises Refused."""
    held = _locked(duty)
    rules.check_can_waive(by, held)
    rules.check_reason(note)
    workflow.move(held, DutyState.WAIVED, by=by, at=at, note=note.strip())
    notifications.dropped(held, by=by, at=at)
    duty.state = held.state
