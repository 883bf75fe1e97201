"""Who does what with a deal, when; how much of a firm may be held, and for how little it may be sold."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.roles import Role
from awards.states import ENDED_EARLY
from core.calendar import local_date
from core.money import to_cents, wan
from core.workflow import Refused
from equity import queries
from equity.models import (
    BuyBackWindow,
    Deal,
    EquityTerms,
    Exit,
    Holding,
    PayeeTemplate,
    PeriodicReport,
    PriceFormula,
    Trigger,
    TriggerKind,
    TriggerTemplate,
    Valuation,
)
from equity.states import (
    CONVERTING,
    HELD,
    REPORTING,
    DealState,
    ReportState,
    TriggerState,
    WindowState,
)
from finance import queries as finance
from finance import refund_rules
from finance.models import Refund
from finance.states import RefundState
from grants.models import Call, Instrument
from milestones.models import Kind, MilestoneTemplate
from milestones.rules import is_manager_of, is_of_project

WHOLE = Decimal(100)
MOST_SHARES = Decimal(10) ** 14
"""What the columns of a cap table hold."""
BECOMES_SHARE = (Instrument.EQUITY, Instrument.CONVERTIBLE)
GIVE_UP = (
    DealState.AGREED,
    DealState.WATCHING,
    *sorted(CONVERTING),
    DealState.HOLDING,
    DealState.REPAYING,
)
FREE_PRICE = (Exit.Kind.LISTING, Exit.Kind.LIQUIDATION)


# ---- what the notice says ----


def check_terms(call: Call) -> None:
    """A notice whose money becomes a share says how, as a whole. Raises Refused naming the part."""
    terms = queries.terms_of(call)
    triggers, payees = queries.triggers_of_call(call), queries.payees_of_call(call)
    if terms is None:
        if triggers or payees:
            raise Refused(_("写了触发条件或收益分配，但没有写股权条件。"), field="equity")
        return
    if call.instrument not in BECOMES_SHARE:
        raise Refused(
            _("支持方式不是股权投资或先投后股，不能写股权条件。"), field="equity", clause=terms.clause
        )
    if call.instrument == Instrument.CONVERTIBLE and not triggers:
        raise Refused(_("先投后股须至少写一个触发条件。"), field="equity", clause=terms.clause)
    _check_payees(terms, payees)
    _check_milestones(call, triggers)


def _check_payees(terms: EquityTerms, payees: list[PayeeTemplate]) -> None:
    total = sum((row.share for row in payees), Decimal(0))
    if total != WHOLE:
        raise Refused(
            _("收益分配各方比例之和应为 100%%，现在是 %(total)s%%。") % {"total": f"{total.normalize():f}"},
            field="equity",
            clause=terms.split_clause,
        )
    if sum(row.is_pool for row in payees) != 1:
        raise Refused(_("收益分配须有且只有一行是资金池。"), field="equity", clause=terms.split_clause)


def _check_milestones(call: Call, triggers: list[TriggerTemplate]) -> None:
    known = MilestoneTemplate.objects.filter(call=call, kind=Kind.MILESTONE)
    codes = set(known.values_list("code", flat=True)) if any(row.milestone_code for row in triggers) else ()
    for row in triggers:
        if row.milestone_code and row.milestone_code not in codes:
            raise Refused(
                _("触发条件所依据的里程碑“%(code)s”不在里程碑模板中。") % {"code": row.milestone_code},
                field="equity",
                clause=row.clause,
            )


# ---- who ----


def is_manager(user, deal: Deal) -> bool:
    return is_manager_of(user, deal.application)


def is_trustee(user, deal: Deal) -> bool:
    return deal.trustee_id is not None and deal.trustee_id in user.scope.units


def is_firm(user, deal: Deal) -> bool:
    return is_of_project(user, deal.application)


def _check_state(deal: Deal, *states: str) -> None:
    if deal.state not in states:
        raise Refused(
            _("这个股权项目现在是“%(state)s”，不能这样办理。") % {"state": deal.get_state_display()},
            code="not_allowed",
        )


def _check_who(allowed: bool, sentence: str) -> None:
    if not allowed:
        raise Refused(sentence, code="forbidden")


def check_manages(user, deal: Deal, *states: str) -> None:
    """Raises Refused unless `user` manages the programme and the deal is in one of the states."""
    _check_who(is_manager(user, deal), _("只有主管处室的项目主管可以办理。"))
    _check_state(deal, *states)


def check_decides(user, deal: Deal, *states: str) -> None:
    _check_who(user.has_role(Role.LEADER), _("只有局领导可以决定。"))
    _check_state(deal, *states)


def check_books(user, deal: Deal, *states: str) -> None:
    _check_who(user.has_role(Role.FINANCE), _("只有经费管理人员可以登记资金。"))
    _check_state(deal, *states)


def check_can_report_trigger(user, trigger: Trigger) -> None:
    deal = trigger.deal
    may = is_firm(user, deal) or is_trustee(user, deal) or is_manager(user, deal)
    _check_who(may, _("只有企业、受托管理机构和项目主管可以报告触发。"))
    _check_state(deal, DealState.WATCHING)
    if trigger.state != TriggerState.WAITING:
        raise Refused(
            _("这个触发条件现在是“%(state)s”。") % {"state": trigger.get_state_display()},
            clause=trigger.clause,
            code="not_allowed",
        )


def check_trigger_day(trigger: Trigger, met_date: date, *, today: date) -> None:
    if met_date > today:
        raise Refused(_("达成日期不能晚于今天。"), field="met_date", clause=trigger.clause)
    if trigger.kind == TriggerKind.DATE and met_date < trigger.by_date:
        raise Refused(
            _("约定日期 %(date)s 尚未届满。") % {"date": trigger.by_date},
            field="met_date",
            clause=trigger.clause,
        )
    if trigger.kind != TriggerKind.DATE and met_date > trigger.by_date:
        raise Refused(
            _("触发期限 %(date)s 已过，由局领导决定如何处理。") % {"date": trigger.by_date},
            field="met_date",
            clause=trigger.clause,
        )


def check_can_judge_trigger(user, trigger: Trigger) -> None:
    check_manages(user, trigger.deal, DealState.WATCHING)
    if trigger.state != TriggerState.REPORTED:
        raise Refused(_("还没有人报告这个触发条件达成。"), clause=trigger.clause, code="not_allowed")


def check_lapsed(deal: Deal, *, at) -> None:
    """The choices behind a trigger's date are not open before it, unless the project was ended. Raises."""
    if deal.state != DealState.WATCHING or deal.agreement.state in ENDED_EARLY:
        return
    last = queries.watched(deal).order_by("-by_date").first()
    if last is not None and last.by_date >= local_date(at):
        raise Refused(
            _("触发期限 %(date)s 还没有过。") % {"date": last.by_date}, clause=last.clause, code="not_allowed"
        )


def check_can_give_up(user, deal: Deal) -> None:
    """A leader gives up what is not yet left; without a trustee only when the project was ended. Raises."""
    check_decides(user, deal, *GIVE_UP)
    if deal.state == DealState.AGREED and deal.agreement.state not in ENDED_EARLY:
        raise Refused(_("项目没有终止或撤销：请先确定受托管理机构。"), code="not_allowed")


def check_can_value(user, deal: Deal) -> None:
    may = is_trustee(user, deal) or is_manager(user, deal)
    _check_who(may, _("只有受托管理机构和项目主管可以登记估值。"))
    _check_state(deal, DealState.TRIGGERED, *HELD)


def check_can_restructure(user, deal: Deal) -> None:
    may = is_trustee(user, deal) or is_manager(user, deal)
    _check_who(may, _("只有受托管理机构和项目主管可以登记股权变动。"))
    _check_state(deal, *HELD)


def check_can_submit_report(user, report: PeriodicReport) -> None:
    _check_who(is_firm(user, report.deal), _("只有企业可以报送。"))
    _check_state(report.deal, *REPORTING)
    if report.state != ReportState.DUE:
        raise Refused(_("这一期报告已经报送。"), code="not_allowed")


def check_can_return_report(user, report: PeriodicReport) -> None:
    check_manages(user, report.deal, *REPORTING)
    if report.state != ReportState.SUBMITTED:
        raise Refused(_("这一期报告还没有报送。"), code="not_allowed")


def check_can_declare(user, window: BuyBackWindow, *, today: date) -> None:
    _check_who(is_firm(user, window.deal), _("只有企业可以提出回购。"))
    _check_state(window.deal, DealState.HOLDING)
    if window.state != WindowState.OPEN:
        raise Refused(
            _("回购现在是“%(state)s”。") % {"state": window.get_state_display()}, code="not_allowed"
        )
    if not window.from_date <= today <= window.to_date:
        raise Refused(
            _("回购期是 %(first)s 至 %(last)s。") % {"first": window.from_date, "last": window.to_date},
            code="not_allowed",
        )


def check_cause(refund: Refund) -> None:
    """Money comes back for want of a share only when a leader decided that it does. Raises Refused."""
    if refund.cause != Refund.Cause.REPAYMENT or refund.state != RefundState.DEMANDED:
        return
    deal = Deal.objects.filter(agreement_id=refund.agreement_id).first()
    if deal is not None and deal.state != DealState.REPAYING:
        raise Refused(
            _("股权项目现在是“%(state)s”：局领导决定退还之后才能以此原因要求退回。")
            % {"state": deal.get_state_display()},
            field="cause",
        )


def check_repaid(deal: Deal) -> None:
    """Everything that was paid and not recognised as spent was demanded back and has come. Raises Refused."""
    refunds = queries.demanded_back(deal.agreement_id)
    if refunds.filter(state=RefundState.DEMANDED).exists():
        raise Refused(_("还有没有退清的退回资金。"), code="not_allowed")
    if not refunds.filter(state=RefundState.SETTLED).exists():
        raise Refused(_("还没有已退清的退回资金，请先在拨款页要求退回。"), code="not_allowed")
    settlement = finance.settlement_of(deal.agreement)
    rest = refund_rules.demandable(deal.agreement) - (settlement.recognised if settlement else 0)
    if rest > 0:
        raise Refused(
            _("还有 %(rest)s 已付而没有要求退回：请要求退回，或由局领导容亏免责、核销。")
            % {"rest": wan(rest)},
            code="not_allowed",
        )


# ---- how much ----


def check_positive(amount, *, field: str) -> Decimal:
    amount = Decimal(amount)
    if not amount.is_finite() or amount <= 0 or amount != to_cents(amount):
        raise Refused(_("金额应大于 0，最多精确到分。"), field=field)
    return amount


def check_percent(terms: EquityTerms, percent) -> Decimal:
    percent = Decimal(percent)
    if not percent.is_finite() or not 0 < percent <= terms.max_percent:
        raise Refused(
            _("持股比例应大于 0 且不超过 %(cap)s%%。") % {"cap": f"{terms.max_percent.normalize():f}"},
            field="percent",
            clause=terms.clause,
        )
    return percent


def check_cap_table(
    deal: Deal,
    terms: EquityTerms,
    *,
    cap: Decimal,
    shares: Decimal,
    others: list[tuple[str, Decimal]],
) -> Decimal:
    """The total of a cap table in which the share may be registered. Raises Refused naming the field."""
    if shares <= 0 or any(number <= 0 for _name, number in others):
        raise Refused(_("股数应大于 0。"), field="shares" if shares <= 0 else "others")
    names = [name for name, _number in others]
    if not others or len(set(names)) < len(names):
        raise Refused(_("请写明其他每一名股东，各一行，名称不重复。"), field="others")
    if deal.trustee.name in names:
        raise Refused(_("财政资金的持股写在“持有股数”，不要再列入其他股东。"), field="others")
    total = shares + sum(number for _name, number in others)
    if total >= MOST_SHARES:
        raise Refused(_("总股数过大，请核对。"), field="others")
    if shares * WHOLE > total * cap:
        raise Refused(
            _("占总股数 %(percent)s%%，超过批准的 %(approved)s%%。")
            % {"percent": f"{(shares * WHOLE / total):.4f}", "approved": f"{cap.normalize():f}"},
            field="shares",
            clause=terms.clause,
        )
    if terms.not_largest and max(number for _name, number in others) <= shares:
        raise Refused(
            _("财政资金不能成为第一大股东：应有股东的股数多于 %(shares)s。")
            % {"shares": f"{shares.normalize():f}"},
            field="others",
            clause=terms.clause,
        )
    return total


def least_price(
    deal: Deal, terms: EquityTerms, holding: Holding, valuation: Valuation | None, *, on: date
) -> Decimal:
    """The least for which the share is sold, by the formula of the notice. Raises Refused if unfiled."""
    if terms.price_formula == PriceFormula.ORIGINAL:
        return deal.amount
    if terms.price_formula == PriceFormula.ORIGINAL_INTEREST:
        if on < queries.months_on(holding.registered_date, terms.interest_after_months):
            return deal.amount
        return to_cents(
            queries.with_interest(deal.amount, terms.interest_percent, holding.registered_date, on)
        )
    if valuation is None or not valuation.filing_number:
        raise Refused(
            _("退出价格以评估备案为准：最近一次估值没有备案号，请先登记评估备案的估值。"),
            field="price",
            clause=terms.exit_clause,
        )
    return to_cents(holding.table.part_of(valuation.post_money))


def check_price(terms: EquityTerms, *, kind: str, price: Decimal, least: Decimal) -> None:
    if kind not in FREE_PRICE and price < least:
        raise Refused(
            _("价格不能低于 %(least)s（%(formula)s）。")
            % {"least": wan(least), "formula": terms.get_price_formula_display()},
            field="price",
            clause=terms.exit_clause,
        )


def check_team_first(window: BuyBackWindow | None, terms: EquityTerms, *, kind: str, today: date) -> None:
    """Within the window the share goes to the team before anybody else. Raises Refused."""
    if (
        kind == Exit.Kind.TRANSFER
        and window is not None
        and window.team_first
        and (window.state == WindowState.DECLARED or _is_open(window, today))
    ):
        raise Refused(
            _("%(date)s 前团队优先回购，不能转让给他人。") % {"date": window.to_date},
            field="kind",
            clause=terms.exit_clause,
        )


def _is_open(window: BuyBackWindow, today: date) -> bool:
    return window.state == WindowState.OPEN and today <= window.to_date


def split(
    amount: Decimal, invested: Decimal, payees: list[PayeeTemplate]
) -> list[tuple[PayeeTemplate, Decimal]]:
    """Who gets how much: the principal and what the shares leave over go to the pool."""
    income = max(amount - invested, Decimal(0))
    parts = {row.pk: (income * row.share / WHOLE).quantize(Decimal("0.01"), "ROUND_DOWN") for row in payees}
    pool = next(row for row in payees if row.is_pool)
    parts[pool.pk] = amount - sum(parts[row.pk] for row in payees if row is not pool)
    return [(row, parts[row.pk]) for row in payees]


def _can(check, *args, **kwargs) -> bool:
    try:
        check(*args, **kwargs)
    except Refused:
        return False
    return True


def can_manage(user, deal: Deal, *states: str) -> bool:
    return _can(check_manages, user, deal, *states)


def can_decide(user, deal: Deal, *states: str) -> bool:
    return _can(check_decides, user, deal, *states)


def can_book(user, deal: Deal, *states: str) -> bool:
    return _can(check_books, user, deal, *states)


def can_report_trigger(user, trigger: Trigger) -> bool:
    return _can(check_can_report_trigger, user, trigger)


def can_judge_trigger(user, trigger: Trigger) -> bool:
    return _can(check_can_judge_trigger, user, trigger)


def can_value(user, deal: Deal) -> bool:
    return _can(check_can_value, user, deal)


def can_restructure(user, deal: Deal) -> bool:
    return _can(check_can_restructure, user, deal)


def can_submit_report(user, report: PeriodicReport) -> bool:
    return _can(check_can_submit_report, user, report)


def can_return_report(user, report: PeriodicReport) -> bool:
    return _can(check_can_return_report, user, report)


def can_declare(user, window: BuyBackWindow, *, today: date) -> bool:
    return _can(check_can_declare, user, window, today=today)


def can_lapse(user, deal: Deal, *, at) -> bool:
    """Whether the choices behind the trigger's date are open to `user`."""
    return can_decide(user, deal, DealState.WATCHING) and _can(check_lapsed, deal, at=at)


def can_give_up(user, deal: Deal) -> bool:
    return _can(check_can_give_up, user, deal)
