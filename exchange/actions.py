"""What can be done with a demand (企业出题): write it, hand it in, argue it, put it on the list."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications import questions
from applications.actions.answering import check_room, read
from core import calendar, workflow
from core.workflow import Lost
from documents.actions import store
from documents.models import Document
from exchange import notifications, queries, rules
from exchange.kinds import shape_of
from exchange.models import Demand
from exchange.states import DemandState
from grants import actions as grants
from grants.models import Call, Question, QuestionKind, Topic


@transaction.atomic
def post(*, call: Call, organisation: Organisation, by, at: datetime) -> Demand:
    """Begin a demand of a unit, of the call's kind. Raises Refused when the call or the unit does not fit."""
    rules.check_can_post(by, call, organisation, at=at)
    demand = Demand.objects.create(
        call=call,
        kind=queries.scheme_of(call).kind,
        organisation=organisation,
        contact_name=by.name,
        contact_phone=by.phone,
        created_by=by,
        created_at=at,
        saved_at=at,
        saved_by=by,
    )
    workflow.record(demand, "created", by=by, at=at, to_state=demand.state)
    return demand


class Both(NamedTuple):
    """What stands in a unit of the form and whose it is, and what somebody who had not seen it wanted."""

    theirs: object
    mine: object
    by: int | None = None
    """The key of the colleague; None where nobody is known."""


class Written(NamedTuple):
    """What became of a save: what is wrong, what was not written over, what only somebody else changed."""

    faults: dict[str, list[str]]
    conflicts: dict[str, Both]
    taken: dict[str, Both]


@transaction.atomic
def save(
    *,
    demand: Demand,
    values: dict,
    typed: dict[str, str] | None = None,
    answers: dict[str, object] | None = None,
    seen: Mapping[str, str] | None = None,
    theirs: Collection[str] = (),
    by,
    at: datetime,
) -> Written:
    """Keep what was written: `values` are valid, `typed` is what cannot be stored in its field yet.

    `answers` are what was typed as answers to the call's own questions. `seen` are the versions of the
    units (`queries.versions`) that the writer had before them: what a colleague changed since is not written
    over, and of `theirs` it stays. A unit without a version is written as it is. Nothing is lost.
    """
    _lock(demand)
    rules.check_can_edit(by, demand)
    unknown = set(values) - set(shape_of(demand.kind).asked)
    if unknown:
        raise ValueError(f"not fields of a demand: {sorted(unknown)}")
    asked = queries.questions_of(demand.call)
    read_now = {
        question.code: read(question, answers[question.code])
        for question in asked
        if answers and question.code in answers and question.kind not in questions.NOT_SAVED
    }
    mine = (
        values | (typed or {}) | {queries.unit_of(code): value for code, (value, _said) in read_now.items()}
    )
    standing = queries.standing(demand, asked)
    conflicts, taken = _weigh(standing, mine, seen or {}, theirs, demand.writers)
    left = {*conflicts, *taken}
    values = {name: value for name, value in values.items() if name not in left}
    demand.typed = {name: text for name, text in demand.typed.items() if name not in values}
    demand.typed |= {name: text for name, text in (typed or {}).items() if name not in left}
    for name, value in values.items():
        setattr(demand, name, value)
    changed = [
        unit
        for unit, value in mine.items()
        if unit not in left and queries.version(value) != queries.version(standing[unit])
    ]
    demand.writers |= dict.fromkeys(changed, by.pk)
    demand.saved_at, demand.saved_by = at, by
    readings = {code: reading for code, reading in read_now.items() if queries.unit_of(code) not in left}
    faults = _answer(demand, asked, readings) if answers is not None else {}
    demand.save(update_fields=[*values, "typed", "answers", "writers", "saved_at", "saved_by"])
    return Written(faults, conflicts, taken)


def _weigh(
    standing: Mapping,
    mine: Mapping,
    seen: Mapping[str, str],
    theirs: Collection[str],
    writers: Mapping[str, int],
):
    """(units that two people changed, units that only the other changed or that are left to them)."""
    conflicts, taken = {}, {}
    for unit, value in mine.items():
        before, now, own = seen.get(unit), queries.version(standing[unit]), queries.version(value)
        if before is None or now in (before, own):
            continue
        found = taken if own == before or unit in theirs else conflicts
        found[unit] = Both(standing[unit], value, writers.get(unit))
    return conflicts, taken


def _answer(demand: Demand, asked, readings: dict[str, tuple]) -> dict[str, list[str]]:
    faults = {}
    for code, (value, sentences) in readings.items():
        demand.answers[code] = value
        if sentences:
            faults[code] = sentences
    if any(q.kind == QuestionKind.COMPUTED for q in asked):
        demand.answers |= questions.work_out(asked, queries.form_context(demand, asked))
    if queries.is_conditional(asked):
        context = queries.form_context(demand, asked)
        shown = queries.shown_codes(demand, asked)
        for question in asked:
            if question.code in readings and question.code in shown and question.code not in faults:
                said = questions.judged(question, demand.answers.get(question.code), context)
                faults |= {question.code: said} if said else {}
    return faults


# ---- files ----


@transaction.atomic
def attach(*, demand: Demand, question: Question, file, name: str, by, at: datetime) -> Document:
    """Store a file as an answer. Raises Refused (who, when, type, size, pages, number, all together)."""
    _lock(demand)
    rules.check_can_edit(by, demand)
    stored = demand.answers.get(question.code)
    document = store(
        subject=demand,
        kind=check_room(question, stored),
        file=file,
        name=name,
        by=by,
        at=at,
        endings=questions.endings_of(question),
        max_bytes=question.config.get("max_bytes"),
        max_pages=question.config.get("max_pages"),
        field=questions.localised(question, "label"),
        clause=question.clause,
    )
    demand.answers[question.code] = questions.with_file(question, stored, questions.file_of(document))
    _keep_answers(demand, by=by, at=at)
    return document


@transaction.atomic
def detach(*, demand: Demand, question: Question, document: int | None, by, at: datetime) -> None:
    """Take one file out of an answer, or all of them; what was stored stays in the history."""
    _lock(demand)
    rules.check_can_edit(by, demand)
    stored = demand.answers.get(question.code)
    demand.answers[question.code] = questions.without_file(question, stored, document)
    _keep_answers(demand, by=by, at=at)


def _keep_answers(demand: Demand, *, by, at: datetime) -> None:
    """What is computed follows the files."""
    _answer(demand, queries.questions_of(demand.call), {})
    demand.saved_at, demand.saved_by = at, by
    demand.save(update_fields=["answers", "saved_at", "saved_by"])


# ---- handing in, argumentation, listing ----


@transaction.atomic
def submit(*, demand: Demand, by, at: datetime) -> None:
    """Hand the demand in for argumentation. Raises Incomplete with every problem."""
    _lock(demand)
    rules.check_can_submit(by, demand, at=at)
    workflow.move(demand, DemandState.SUBMITTED, by=by, at=at, submitted_by=by, submitted_at=at)
    notifications.submitted(demand, at=at)


@transaction.atomic
def withdraw(*, demand: Demand, reason: str, by, at: datetime) -> None:
    """The unit takes its demand back."""
    rules.check_can_withdraw(by, demand)
    if demand.state != DemandState.DRAFT:
        rules.check_reason(reason, field="reason")
    workflow.move(demand, DemandState.WITHDRAWN, by=by, at=at, note=reason)
    notifications.withdrawn(demand, by=by, at=at)


@transaction.atomic
def return_demand(*, demand: Demand, reason: str, by, at: datetime) -> None:
    """Give it back to the unit for changes."""
    rules.check_can_return(by, demand)
    rules.check_reason(reason, field="reason")
    workflow.move(demand, DemandState.RETURNED, by=by, at=at, note=reason)
    notifications.answered(demand, "returned", by=by, at=at, note=reason)


@transaction.atomic
def argue(*, demand: Demand, opinion: str, accept: bool, by, at: datetime) -> None:
    """Record the argumentation (论证): fit for the list, or not."""
    rules.check_can_argue(by, demand)
    rules.check_reason(opinion, field="opinion")
    to = DemandState.ARGUED if accept else DemandState.REJECTED
    workflow.move(
        demand, to, by=by, at=at, note=opinion, argument_opinion=opinion, argued_by=by, argued_at=at
    )
    template = "argued" if accept else "rejected"
    notifications.answered(demand, template, by=by, at=at, note=opinion)


@transaction.atomic
def list_demand(*, demand: Demand, number: str = "", by, at: datetime) -> Topic:
    """Put the demand on the list (发榜): the topic says only what the unit made public."""
    _lock(demand)
    rules.check_can_list(by, demand)
    call = demand.call
    if call.bid_days:
        closes = calendar.due(at, call.bid_days, kind=calendar.DayKind.CALENDAR)
    else:
        closes = call.closes_at
    public = queries.public_view(demand)
    topic = grants.list_topic(
        call=call,
        number=number.strip(),
        title=public.title,
        field=public.field,
        content=public.content,
        indicators=public.indicators,
        bidder_conditions=public.bidder_conditions,
        demand_kind=demand.kind,
        facts=queries.listed_facts(demand),
        amount=public.amount,
        owner=demand.organisation,
        owner_is_public=demand.name_is_public,
        bids_close_at=closes,
        by=by,
        at=at,
    )
    workflow.move(demand, DemandState.LISTED, by=by, at=at, note=topic.number, topic=topic)
    notifications.listed(demand, at=at)
    return topic


@transaction.atomic
def refuse_listing(*, demand: Demand, reason: str, by, at: datetime) -> None:
    """An argued demand is not listed after all."""
    rules.check_can_list(by, demand)
    rules.check_reason(reason, field="reason")
    workflow.move(demand, DemandState.REJECTED, by=by, at=at, note=reason)
    notifications.answered(demand, "rejected", by=by, at=at, note=reason)


def _lock(demand: Demand) -> None:
    """Hold the row and read what it says now: between reading and writing nobody else moves it."""
    state = demand.state
    demand.refresh_from_db(from_queryset=Demand.objects.select_for_update())
    if demand.state != state:
        raise Lost(_("别人刚刚处理了这一项，请刷新后再看。"), code="lost")
