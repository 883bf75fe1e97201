"""Out of the share: the team's buy-back, a sale, a listing, a liquidation; and who gets the money."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core import workflow
from core.calendar import local_date
from core.money import to_cents, wan
from core.workflow import Refused
from equity import notifications, queries, rules, turns
from equity.actions.dealing import end_holding
from equity.actions.reporting import attach, drop_report
from equity.models import BuyBackWindow, Deal, Distribution, DistributionLine, Exit, PriceFormula
from equity.states import DealState, ExitState, WindowState
from finance.rules import refused_by
from notifications.wording import said


@transaction.atomic
def declare_buy_back(*, window: BuyBackWindow, offer: Decimal, note: str, by, at: datetime) -> None:
    """The firm says within the window that its team buys the share back, and for how much."""
    today = local_date(at)
    rules.check_can_declare(by, window, today=today)
    offer = rules.check_positive(offer, field="offer")
    deal = window.deal
    terms, holding = queries.terms_of(deal.application.call), queries.holding_of(deal)
    if terms.price_formula != PriceFormula.ASSESSED:
        least = rules.least_price(deal, terms, holding, None, on=today)
        if offer < least:
            raise Refused(
                _("拟回购价不能低于 %(least)s。") % {"least": wan(least)},
                field="offer",
                clause=terms.exit_clause,
            )
    workflow.move(window, WindowState.DECLARED, by=by, at=at, offer=offer, note=note.strip())
    notifications.window_used(window, by=by, at=at)
    turns.followed(deal, by=by, at=at)
    workflow.record(deal, "buy_back_declared", by=by, at=at, note=note.strip(), data={"offer": str(offer)})
    news = said(gettext_noop("团队提出回购，拟回购价 %(offer)s 元"), offer=str(offer))
    notifications.tell(deal, news, to=notifications.managers(deal), reason=note.strip(), at=at)


@transaction.atomic
def propose_exit(
    *, deal: Deal, kind: str, price: Decimal, counterparty: str, reason: str, file, by, at: datetime
) -> Exit:
    """The programme manager proposes how to leave the share; a leader decides. One at a time."""
    rules.check_manages(by, deal, DealState.HOLDING)
    today = local_date(at)
    terms, holding = queries.terms_of(deal.application.call), queries.holding_of(deal)
    price = Decimal(price)
    if not price.is_finite() or price < 0 or price != to_cents(price):
        raise Refused(_("价格应不小于 0，最多精确到分。"), field="price")
    for field, text in (("counterparty", counterparty), ("reason", reason)):
        if not text.strip():
            raise Refused(_("请填写这一项。"), field=field)
    rules.check_team_first(queries.window_of(deal), terms, kind=kind, today=today)
    least = Decimal(0)
    if kind not in rules.FREE_PRICE:
        least = rules.least_price(deal, terms, holding, queries.last_valuation(deal), on=today)
    rules.check_price(terms, kind=kind, price=price, least=least)
    workflow.move(deal, DealState.EXITING, by=by, at=at, note=reason.strip())

    def twice():
        return Refused(_("已经有一项退出正在办理。"), code="not_allowed")

    with refused_by(exit_one_at_a_time=twice):
        found = Exit.objects.create(
            deal=deal,
            kind=kind,
            price_formula=terms.price_formula,
            least=least,
            price=price,
            counterparty=counterparty.strip(),
            reason=reason.strip(),
            proposed_by=by,
            proposed_at=at,
        )
    turns.followed(deal, by=by, at=at)
    if file is not None:
        attach(subject=found, kind="basis", file=file, clause=terms.exit_clause, by=by, at=at)
    return found


@transaction.atomic
def approve_exit(*, exit_: Exit, note: str, by, at: datetime) -> None:
    rules.check_decides(by, exit_.deal, DealState.EXITING)
    workflow.move(exit_, ExitState.APPROVED, by=by, at=at, note=note.strip())
    turns.followed(exit_.deal, by=by, at=at)
    news = said(
        gettext_noop("批准退出：%(kind)s，价格 %(price)s 元"),
        kind=exit_.get_kind_display(),
        price=str(exit_.price),
    )
    notifications.tell(exit_.deal, news, reason=note.strip(), at=at)


@transaction.atomic
def refuse_exit(*, exit_: Exit, reason: str, by, at: datetime) -> None:
    """The share is held on; a declared buy-back may be declared anew while its window lasts."""
    deal = exit_.deal
    rules.check_decides(by, deal, DealState.EXITING)
    if not reason.strip():
        raise Refused(_("请写明理由。"), field="reason")
    workflow.move(exit_, ExitState.REFUSED, by=by, at=at, note=reason.strip())
    workflow.move(deal, DealState.HOLDING, by=by, at=at, note=reason.strip())
    window = queries.window_of(deal)
    if window is not None and window.state == WindowState.DECLARED:
        workflow.move(window, WindowState.OPEN, by=by, at=at, offer=None, note="")
        if window.to_date >= local_date(at):
            notifications.open_window(window, at=at)
    turns.followed(deal, by=by, at=at)
    news = said(gettext_noop("退出未予批准：%(kind)s"), kind=exit_.get_kind_display())
    notifications.tell(deal, news, reason=reason.strip(), at=at)


@transaction.atomic
def book_exit(*, exit_: Exit, received: Decimal, received_date: date, voucher: str, by, at: datetime) -> None:
    """Finance books what came in; nothing is held any more. Raises Refused."""
    deal = exit_.deal
    rules.check_books(by, deal, DealState.EXITING)
    received = Decimal(received)
    if not received.is_finite() or received < 0 or received != to_cents(received):
        raise Refused(_("到账金额应不小于 0，最多精确到分。"), field="received")
    if exit_.kind not in rules.FREE_PRICE and received != exit_.price:
        raise Refused(_("到账金额应为批准的价格 %(price)s。") % {"price": wan(exit_.price)}, field="received")
    if received_date > local_date(at):
        raise Refused(_("到账日期不能晚于今天。"), field="received_date")
    if not voucher.strip():
        raise Refused(_("请填写凭证号。"), field="voucher")

    def used():
        return Refused(_("凭证号“%(voucher)s”已经登记过。") % {"voucher": voucher.strip()}, field="voucher")

    with refused_by(exit_voucher_once=used):
        workflow.move(
            exit_,
            ExitState.SETTLED,
            by=by,
            at=at,
            received=received,
            received_date=received_date,
            voucher=voucher.strip(),
        )
    workflow.move(deal, DealState.EXITED, by=by, at=at, valuation_due_date=None)
    turns.followed(deal, by=by, at=at)
    drop_report(deal=deal, by=by, at=at)
    end_holding(deal=deal, sold=True, by=by, at=at)
    news = said(gettext_noop("退出资金 %(amount)s 元已到账"), amount=str(received))
    notifications.tell(deal, news, at=at)


@transaction.atomic
def distribute(*, deal: Deal, by, at: datetime) -> Distribution:
    """Split what came in as the notice says; principal and odd cents go to the pool. Closes the deal."""
    rules.check_books(by, deal, DealState.EXITED)
    settled = Exit.objects.get(deal=deal, state=ExitState.SETTLED)
    parts = rules.split(settled.received, deal.amount, queries.payees_of_call(deal.application.call))
    workflow.move(deal, DealState.CLOSED, by=by, at=at, ended_at=at)
    turns.followed(deal, by=by, at=at)
    distribution = Distribution.objects.create(
        exit=settled,
        amount=settled.received,
        income=max(settled.received - deal.amount, Decimal(0)),
        recorded_by=by,
        recorded_at=at,
    )
    DistributionLine.objects.bulk_create(
        DistributionLine(
            distribution=distribution, payee=row.name, share=row.share, amount=amount, is_pool=row.is_pool
        )
        for row, amount in parts
    )
    workflow.record(deal, "distributed", by=by, at=at, data={"distribution": distribution.pk})
    notifications.tell(deal, said(gettext_noop("收益已分配，股权项目办结")), at=at)
    return distribution
