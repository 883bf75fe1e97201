"""Ask for a change of a running project, take it back, review, decide. In force, it changes the project."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from applications import actions as applications
from awards.models import Agreement
from core import workflow
from core.calendar import local_date
from core.workflow import Lost, Refused
from documents.actions import store
from milestones import change_clocks, changing, joining, rules
from milestones.actions.moves import locked
from milestones.models import Change, ChangeKind, ChangeWay
from milestones.states import ChangeState

PAPER = "change"
"""The beginning of the `kind` of the papers of a request."""


@transaction.atomic
def ask_change(
    *,
    agreement: Agreement,
    kind: str,
    reason: str,
    by,
    at: datetime,
    before: str = "",
    after: str = "",
    leave: Collection[int] = (),
    join: Collection[Mapping] = (),
    files: Collection = (),
) -> Change:
    """Ask for a change; of people `leave` and `join` say what `before` and `after` say of anything else.

    Raises Refused naming the field and the clause.
    """
    held = locked(agreement.pk)
    term = changing.term_of(held, kind)
    changing.check_can_ask(by, held, term, at=at, requests=changing.changes_of(held))
    people = {}
    if kind in changing.OF_PEOPLE:
        people = {"leave": list(leave), "join": [dict(person) for person in join]}
        changing.check_people(held, kind, **people, on=local_date(at))
        before, after = changing.described(held, **people)
    elif kind == ChangeKind.TITLE:
        before = held.award.application.title
    changing.check_terms(term, before=before, after=after, reason=reason, files=files)
    reviewed = term.unit_days and not rules.is_of_unit(by, held)
    change = _created(
        agreement=held,
        kind=kind,
        way=term.way,
        before=before.strip(),
        after=after.strip(),
        people=people,
        reason=reason.strip(),
        clause=term.clause,
        state=ChangeState.UNIT_REVIEW if reviewed or term.way == ChangeWay.FILING else ChangeState.SUBMITTED,
        submitted_by=by,
        submitted_at=at,
    )
    for number, file in enumerate(files, start=1):
        name = f"{PAPER}_{number}"
        store(subject=change, kind=name, file=file, name=file.name, by=by, at=at, field="files")
    workflow.record(change, "submitted", by=by, at=at, to_state=change.state, note=change.reason)
    joining.tell(change, at=at)
    if reviewed or change.state == ChangeState.SUBMITTED or joining.awaited(change):
        change_clocks.asked(change, at=at)
    else:
        _file(change, by=by, at=at)
    return change


def _created(**fields) -> Change:
    try:
        with transaction.atomic():
            return Change.objects.create(**fields)
    except IntegrityError:
        raise Lost(_("已有一份同一事项的变更申请等待办理。"), code="lost") from None


@transaction.atomic
def withdraw_change(*, change: Change, by, at: datetime) -> None:
    """The project takes its request back."""
    change.agreement = locked(change.agreement_id)
    changing.check_can_withdraw(by, change)
    workflow.move(change, ChangeState.WITHDRAWN, by=by, at=at)
    change_clocks.fell_away(change, by=by, at=at)


@transaction.atomic
def pass_change(*, change: Change, opinion: str, by, at: datetime) -> None:
    """The unit agrees: the department decides, or what is only filed is in force."""
    change.agreement = locked(change.agreement_id)
    changing.check_can_review(by, change)
    reviewed = {"unit_opinion": opinion.strip(), "unit_by": by, "unit_at": at}
    if change.way == ChangeWay.FILING:
        joining.check_agreed(change)
        _file(change, by=by, at=at, note=opinion.strip(), **reviewed)
        return
    workflow.move(change, ChangeState.SUBMITTED, by=by, at=at, note=opinion.strip(), **reviewed)
    change_clocks.passed_on(change, by=by, at=at)


def _file(change: Change, *, by, at, note: str = "", **reviewed) -> None:
    workflow.move(change, ChangeState.FILED, by=by, at=at, note=note, **reviewed)
    _apply(change, by=by, at=at)
    change_clocks.filed(change, by=by, at=at)


@transaction.atomic
def return_change(*, change: Change, opinion: str, by, at: datetime) -> None:
    """The unit does not agree; the team may ask again. Raises Refused without a reason."""
    change.agreement = locked(change.agreement_id)
    changing.check_can_review(by, change)
    if not opinion.strip():
        raise Refused(_("请写明退回的理由。"), field="opinion")
    reviewed = {"unit_opinion": opinion.strip(), "unit_by": by, "unit_at": at}
    workflow.move(change, ChangeState.RETURNED, by=by, at=at, note=opinion.strip(), **reviewed)
    change_clocks.ended(change, change.unit_opinion, by=by, at=at)


@transaction.atomic
def approve_change(*, change: Change, opinion: str, by, at: datetime) -> None:
    """The change is in force. Raises Refused when what it asks for holds no more."""
    change.agreement = locked(change.agreement_id)
    changing.check_can_decide(by, change)
    joining.check_agreed(change)
    if change.people:
        changing.check_people(change.agreement, change.kind, **_people(change), on=local_date(at))
    _decide(change, ChangeState.APPROVED, opinion, by=by, at=at)
    _apply(change, by=by, at=at)
    change_clocks.ended(change, change.opinion, by=by, at=at)


@transaction.atomic
def refuse_change(*, change: Change, opinion: str, by, at: datetime) -> None:
    """Everything stays; the project hears why. Raises Refused without a reason."""
    change.agreement = locked(change.agreement_id)
    changing.check_can_decide(by, change)
    if not opinion.strip():
        raise Refused(_("请写明不同意的理由。"), field="opinion")
    _decide(change, ChangeState.REFUSED, opinion, by=by, at=at)
    change_clocks.ended(change, change.opinion, by=by, at=at)


def _decide(change, state, opinion, *, by, at) -> None:
    opinion = opinion.strip()
    workflow.move(change, state, by=by, at=at, note=opinion, opinion=opinion, decided_by=by, decided_at=at)


def _people(change: Change) -> dict:
    return {"leave": change.people["leave"], "join": changing.joining(change)}


def _apply(change: Change, *, by, at) -> None:
    """People and title change in the project; anything else stands beside the agreement from now on."""
    agreement = change.agreement
    application = agreement.award.application
    if change.people:
        applications.change_people(application=application, **_people(change), on=local_date(at))
    elif change.kind == ChangeKind.TITLE:
        applications.rename(application=application, title=change.after)
    note = changing.sentence(change)
    workflow.record(agreement, "changed", by=by, at=at, note=note, data={"change": change.pk})


@transaction.atomic
def changes_fell_away(*, agreement: Agreement, by, at: datetime) -> None:
    """The project is over: what still waits falls away."""
    for change in Change.objects.open().filter(agreement=agreement):
        workflow.move(change, ChangeState.WITHDRAWN, by=by, at=at)
        change_clocks.fell_away(change, by=by, at=at)
