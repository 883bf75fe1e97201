"""From the trigger to the registered share: valued, approved by a leader, registered with its cap table."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core import calendar, workflow
from core.calendar import local_date
from core.workflow import Refused
from equity import notifications, queries, rules, turns
from equity.actions.reporting import attach
from equity.models import BuyBackWindow, CapTable, Deal, Holding, Shareholding, Valuation
from equity.states import DealState
from finance.rules import refused_by
from notifications.wording import said


@transaction.atomic
def record_valuation(
    *,
    deal: Deal,
    as_of_date: date,
    post_money: Decimal,
    basis: str,
    file,
    by,
    at: datetime,
    filing_number: str = "",
    note: str = "",
) -> Valuation:
    """What the firm is worth: before the conversion, and every so many months while the share is held."""
    rules.check_can_value(by, deal)
    post_money = rules.check_positive(post_money, field="post_money")
    if as_of_date > local_date(at):
        raise Refused(_("估值基准日不能晚于今天。"), field="as_of_date")

    def twice():
        return Refused(_("这一天的这个估值已经登记过。"), field="as_of_date")

    with refused_by(valuation_once=twice):
        valuation = Valuation.objects.create(
            deal=deal,
            as_of_date=as_of_date,
            post_money=post_money,
            basis=basis,
            filing_number=filing_number.strip(),
            note=note.strip(),
            recorded_by=by,
            recorded_at=at,
        )
    terms = queries.terms_of(deal.application.call)
    attach(subject=valuation, kind="report", file=file, clause=terms.report_clause, by=by, at=at)
    if deal.state == DealState.TRIGGERED:
        workflow.move(deal, DealState.VALUED, by=by, at=at)
        turns.followed(deal, by=by, at=at)
    else:
        _next_valuation(deal, terms, as_of_date, by=by, at=at)
    workflow.record(deal, "valued", by=by, at=at, data={"valuation": valuation.pk, "amount": str(post_money)})
    return valuation


def _next_valuation(deal: Deal, terms, as_of_date: date, *, by, at: datetime) -> None:
    """An older value is only noted; one at or behind the last moves the day on which the next is due."""
    later = queries.months_on(as_of_date, terms.valuation_months)
    if later <= deal.valuation_due_date:
        return
    changed = Deal.objects.filter(pk=deal.pk, state=deal.state).update(valuation_due_date=later)
    if not changed:
        raise workflow.Lost(_("别人刚刚处理了这一项，请刷新后再看。"), code="lost")
    deal.valuation_due_date = later
    notifications.valued_again(deal, by=by, at=at)


@transaction.atomic
def return_valuation(*, deal: Deal, reason: str, by, at: datetime) -> None:
    """A leader does not accept the terms: the firm is valued again. Raises Refused."""
    rules.check_decides(by, deal, DealState.VALUED)
    if not reason.strip():
        raise Refused(_("请写明理由。"), field="reason")
    workflow.move(deal, DealState.TRIGGERED, by=by, at=at, note=reason.strip())
    turns.followed(deal, by=by, at=at)
    news = said(gettext_noop("转股条件未予批准，重新估值"))
    notifications.tell(deal, news, reason=reason.strip(), at=at)


@transaction.atomic
def approve_conversion(*, deal: Deal, percent: Decimal, note: str, by, at: datetime) -> None:
    """A leader approves which share the money becomes, within the cap of the notice. Raises Refused."""
    rules.check_decides(by, deal, DealState.VALUED)
    percent = rules.check_percent(queries.terms_of(deal.application.call), percent)
    workflow.move(deal, DealState.APPROVED, by=by, at=at, note=note.strip(), approved_percent=percent)
    turns.followed(deal, by=by, at=at)
    news = said(
        gettext_noop("批准转股 %(percent)s%%，请办理工商变更登记"), percent=f"{percent.normalize():f}"
    )
    notifications.tell(deal, news, reason=note.strip(), at=at)


@transaction.atomic
def register(
    *,
    deal: Deal,
    shares: Decimal,
    others: list[tuple[str, Decimal]],
    registered_date: date,
    file,
    by,
    at: datetime,
) -> Holding:
    """Record the registered share (工商变更) with everybody who holds the rest. Raises Refused."""
    rules.check_manages(by, deal, DealState.APPROVED)
    terms = queries.terms_of(deal.application.call)
    cap = min(terms.max_percent, deal.approved_percent)
    total = rules.check_cap_table(deal, terms, cap=cap, shares=shares, others=others)
    if registered_date > local_date(at):
        raise Refused(_("变更登记日期不能晚于今天。"), field="registered_date")
    due = queries.months_on(registered_date, terms.valuation_months)
    workflow.move(deal, DealState.HOLDING, by=by, at=at, convert_by_date=None, valuation_due_date=due)
    holding = Holding.objects.create(
        deal=deal,
        registered_date=registered_date,
        until_date=queries.months_on(registered_date, terms.max_holding_months),
        recorded_by=by,
        recorded_at=at,
    )
    whole = {"shares": shares, "total_shares": total, "max_percent": cap, "not_largest": terms.not_largest}
    table = _write_table(holding, others, as_of_date=registered_date, **whole, by=by, at=at)
    attach(subject=holding, kind="registration", file=file, clause=terms.clause, by=by, at=at)
    notifications.converted(deal, holding, _window(deal, terms, registered_date), by=by, at=at)
    news = said(gettext_noop("工商变更登记完成，持股 %(percent)s"), percent=str(table))
    notifications.tell(deal, news, at=at)
    return holding


def _write_table(holding: Holding, others, *, by, at: datetime, **fields) -> CapTable:
    table = CapTable.objects.create(holding=holding, recorded_by=by, recorded_at=at, **fields)
    Shareholding.objects.bulk_create(
        [
            Shareholding(table=table, name=holding.deal.trustee.name, shares=table.shares, is_public=True),
            *(Shareholding(table=table, name=name, shares=number) for name, number in others),
        ]
    )
    return table


@transaction.atomic
def restructure(
    *,
    deal: Deal,
    shares: Decimal,
    others: list[tuple[str, Decimal]],
    as_of_date: date,
    occasion: str,
    file,
    by,
    at: datetime,
) -> CapTable:
    """The firm's shares changed hands or number (增资、转让): the table as registered then. Raises Refused.

    The tables before stay; a late one of an earlier day only completes the history.
    """
    # Held: a share that is sold meanwhile has no other table.
    deal = queries.with_project(Deal.objects.select_for_update(of=("self",))).get(pk=deal.pk)
    rules.check_can_restructure(by, deal)
    holding = queries.holding_of(deal)
    holding.deal = deal
    terms = queries.terms_of(deal.application.call)
    total = rules.check_cap_table(deal, terms, cap=terms.max_percent, shares=shares, others=others)
    if not holding.registered_date < as_of_date <= local_date(at):
        raise Refused(
            _("变动日期应晚于 %(first)s 的变更登记，不晚于今天。") % {"first": holding.registered_date},
            field="as_of_date",
        )
    if not occasion.strip():
        raise Refused(_("请写明变动原因。"), field="occasion")

    def twice():
        return Refused(_("这一天的股权结构已经登记过。"), field="as_of_date")

    whole = {
        "shares": shares,
        "total_shares": total,
        "max_percent": terms.max_percent,
        "not_largest": terms.not_largest,
    }
    with refused_by(cap_table_day_once=twice):
        table = _write_table(
            holding, others, as_of_date=as_of_date, occasion=occasion.strip(), **whole, by=by, at=at
        )
    attach(subject=table, kind="registration", file=file, clause=terms.clause, by=by, at=at)
    workflow.record(deal, "restructured", by=by, at=at, note=table.occasion, data={"table": table.pk})
    news = said(gettext_noop("股权结构变动，财政资金持股 %(percent)s"), percent=str(table))
    notifications.tell(deal, news, reason=table.occasion, clause=terms.clause, at=at)
    return table


def _window(deal: Deal, terms, registered_date: date) -> BuyBackWindow | None:
    if terms.buy_back_months is None:
        return None
    first = queries.months_on(registered_date, terms.buy_back_after_months)
    last = queries.months_on(first, terms.buy_back_months) - calendar.ONE_DAY
    return BuyBackWindow.objects.create(deal=deal, from_date=first, to_date=last, team_first=terms.team_first)
