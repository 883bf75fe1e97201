"""Who may do what with a demand (who, when, and what it must say)."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation
from applications.questions import localised
from core.calendar import local_date
from core.money import wan
from core.workflow import Refused
from exchange import queries
from exchange.kinds import shape_of
from exchange.models import Demand
from exchange.states import EDITABLE, DemandState
from grants.models import Call, Sourcing
from grants.rules import check_manages
from grants.states import CallState, TopicState


class Incomplete(Refused):
    """A demand cannot be handed in yet; `problems` holds every reason."""

    def __init__(self, problems: list[Refused]):
        first = problems[0]
        super().__init__(first.message, field=first.field, clause=first.clause, code="incomplete")
        self.problems = problems


def _allowed(check, *args, **kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


# ---- the unit's side ----


def check_belongs(user, organisation: Organisation) -> None:
    if organisation.pk not in user.scope.units:
        raise Refused(_("您不是这个单位的成员，不能替它出题。"), field="credit_code")


def check_accepts(call: Call, *, at) -> None:
    """The call takes demands at this moment."""
    if call.sourcing != Sourcing.DEMAND:
        raise Refused(_("这个通知不征集企业需求。"), field="call")
    if call.state != CallState.PUBLISHED:
        raise Refused(_("这个通知现在不受理。"), field="call")
    if at < call.opens_at:
        raise Refused(_("这个通知 %(time)s 才开始受理。") % {"time": _moment(call.opens_at)}, field="call")
    if call.closes_at and at > call.closes_at:
        raise Refused(_("这个通知已于 %(time)s 截止。") % {"time": _moment(call.closes_at)}, field="call")


def check_may_post(call: Call, organisation: Organisation, *, at) -> None:
    """The call's own clauses about the demand side. Raises Refused with the first that fails."""
    for line in queries.eligibility(call, organisation, at=at):
        if line.holds is False and line.is_blocking:
            raise Refused(unfit(line), field="credit_code", clause=line.clause)


def unfit(line: queries.RuleLine) -> str:
    hint = line.message or _("请核对单位资料。")
    return _("不符合“%(text)s”：%(hint)s") % {"text": line.text, "hint": hint}


def check_can_post(user, call: Call, organisation: Organisation, *, at) -> None:
    check_belongs(user, organisation)
    check_accepts(call, at=at)
    check_may_post(call, organisation, at=at)


def check_can_edit(user, demand: Demand) -> None:
    check_belongs(user, demand.organisation)
    if demand.state not in EDITABLE:
        raise Refused(
            _("现在的状态是“%(state)s”，内容不能再改。") % {"state": demand.get_state_display()},
            code="not_allowed",
        )


def can_edit(user, demand: Demand) -> bool:
    return _allowed(check_can_edit, user, demand)


def check_can_submit(user, demand: Demand, *, at) -> None:
    """Raises Refused, or Incomplete with everything that is missing or wrong."""
    check_can_edit(user, demand)
    if demand.state == DemandState.DRAFT:
        check_accepts(demand.call, at=at)
    elif demand.call.state != CallState.PUBLISHED:
        raise Refused(_("这个通知现在不受理。"), field="call")
    problems = list(problems_of(demand, at=at))
    if problems:
        raise Incomplete(problems)


def problems_of(demand: Demand, *, at):
    """Everything that keeps a demand from being handed in, each with its field and clause."""
    shape = shape_of(demand.kind)
    for name, typed in demand.typed.items():
        label = queries.label_of(demand, name)
        yield Refused(
            _("“%(label)s”填写的内容无效：%(typed)s") % {"label": label, "typed": typed}, field=name
        )
    for name in shape.asked:
        empty = getattr(demand, name) in ("", None, [])
        if name in shape.required and empty and name not in demand.typed:
            yield Refused(_("请填写“%(label)s”。") % {"label": queries.label_of(demand, name)}, field=name)
    yield from _amounts(demand)
    if demand.deadline_date and demand.deadline_date <= local_date(at):
        yield Refused(_("“完成期限”应在今天之后。"), field="deadline_date")
    yield from _indicators(demand)
    for question, sentence in queries.answer_faults(demand):
        label = localised(question, "label")
        yield Refused(f"{label}：{sentence}", field=question.code, clause=question.clause)
    for line in queries.eligibility(demand.call, demand.organisation, at=at, demand=demand):
        if line.holds is False and line.is_blocking:
            yield Refused(unfit(line), field="credit_code", clause=line.clause)


def _amounts(demand):
    amount, offered = demand.amount, demand.offered_amount
    for name in ("amount", "offered_amount", "term_months"):
        value = getattr(demand, name)
        if value is not None and value <= 0:
            yield Refused(_("“%(label)s”应大于 0。") % {"label": queries.label_of(demand, name)}, field=name)
    if amount is not None and offered is not None and offered > amount:
        yield Refused(
            _("支付揭榜方的金额（%(offered)s）不能超过拟投入总额（%(amount)s）。")
            % {"offered": wan(offered), "amount": wan(amount)},
            field="offered_amount",
        )


def _indicators(demand):
    for number, row in enumerate(demand.indicators, start=1):
        if not row.get("name") or not row.get("target"):
            yield Refused(
                _("第 %(number)s 项“%(label)s”应写明名称和目标值。")
                % {"number": number, "label": queries.label_of(demand, "indicators")},
                field="indicators",
            )


def check_can_withdraw(user, demand: Demand) -> None:
    check_belongs(user, demand.organisation)
    if not Demand.machine.allows(demand.state, DemandState.WITHDRAWN):
        raise Refused(
            _("现在的状态是“%(state)s”，不能撤回。") % {"state": demand.get_state_display()},
            code="not_allowed",
        )


def can_withdraw(user, demand: Demand) -> bool:
    return _allowed(check_can_withdraw, user, demand)


# ---- the bureau's side ----


def _check_handles(user, demand: Demand, to: str) -> None:
    check_manages(user, demand.call)
    if not Demand.machine.allows(demand.state, to):
        raise Refused(
            _("现在的状态是“%(old)s”，不能变为“%(new)s”。")
            % {"old": demand.get_state_display(), "new": DemandState(to).label},
            code="not_allowed",
        )


def check_can_argue(user, demand: Demand) -> None:
    _check_handles(user, demand, DemandState.ARGUED)


def can_argue(user, demand: Demand) -> bool:
    return _allowed(check_can_argue, user, demand)


def check_can_return(user, demand: Demand) -> None:
    _check_handles(user, demand, DemandState.RETURNED)


def can_return(user, demand: Demand) -> bool:
    return _allowed(check_can_return, user, demand)


def check_can_list(user, demand: Demand) -> None:
    _check_handles(user, demand, DemandState.LISTED)


def can_list(user, demand: Demand) -> bool:
    return _allowed(check_can_list, user, demand)


def can_close_bids(user, demand: Demand) -> bool:
    """Whether bidding for the demand's topic is open and the person runs the call; when is asked later."""
    is_open = demand.topic_id is not None and demand.topic.state == TopicState.LISTED
    return is_open and _allowed(check_manages, user, demand.call)


def check_reason(text: str, *, field: str) -> None:
    """Nobody returns, rejects or withdraws without saying why."""
    if not text.strip():
        raise Refused(_("请写明理由。"), field=field)


def _moment(value) -> str:
    return f"{timezone.localtime(value, timezone.get_default_timezone()):%Y-%m-%d %H:%M}"
