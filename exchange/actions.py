"""What can be done with a demand (企业出题): write it, hand it in, argue it, put it on the list."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications import questions
from applications.actions.answering import read
from core import calendar, workflow
from core.workflow import Lost
from exchange import notifications, queries, rules
from exchange.kinds import shape_of
from exchange.models import Demand
from exchange.states import DemandState
from grants import actions as grants
from grants.models import Call, QuestionKind, Topic


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
    )
    workflow.record(demand, "created", by=by, at=at, to_state=demand.state)
    return demand


@transaction.atomic
def save(
    *,
    demand: Demand,
    values: dict,
    typed: dict[str, str] | None = None,
    answers: dict[str, object] | None = None,
    by,
    at: datetime,
) -> dict[str, list[str]]:
    """Keep what was written: `values` are valid, `typed` is what cannot be stored in its field yet.

    `answers` are what was typed as answers to the call's own questions; returns {code: [sentences]} for those
    that are not right yet. Nothing is lost.
    """
    _lock(demand)
    rules.check_can_edit(by, demand)
    unknown = set(values) - set(shape_of(demand.kind).asked)
    if unknown:
        raise ValueError(f"not fields of a demand: {sorted(unknown)}")
    kept = {name: text for name, text in demand.typed.items() if name not in values}
    demand.typed = kept | (typed or {})
    for name, value in values.items():
        setattr(demand, name, value)
    demand.saved_at = at
    faults = _answer(demand, answers) if answers is not None else {}
    demand.save(update_fields=[*values, "typed", "answers", "saved_at"])
    return faults


def _answer(demand: Demand, answers: dict[str, object]) -> dict[str, list[str]]:
    asked = queries.questions_of(demand.call)
    faults = {}
    for question in asked:
        if question.code in answers and question.kind not in questions.NOT_SAVED:
            demand.answers[question.code], sentences = read(question, answers[question.code])
            if sentences:
                faults[question.code] = sentences
    if any(q.kind == QuestionKind.COMPUTED for q in asked):
        demand.answers |= questions.work_out(asked, queries.form_context(demand, asked))
    if queries.is_conditional(asked):
        context = queries.form_context(demand, asked)
        shown = queries.shown_codes(demand, asked)
        for question in asked:
            if question.code in answers and question.code in shown and question.code not in faults:
                said = questions.judged(question, demand.answers.get(question.code), context)
                faults |= {question.code: said} if said else {}
    return faults


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
