"""Demand public money back, record what comes, write off what will not come. The database holds the cap."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from awards.models import Agreement
from core import calendar, workflow
from core.money import wan
from core.workflow import Refused
from finance import queries, refund_clocks, refund_rules, rules, signals
from finance.actions.committing import hold, shrink
from finance.models import Refund, RefundReceipt, Settlement
from finance.states import RefundState


@transaction.atomic
def demand_refund(
    *,
    agreement: Agreement,
    amount: Decimal,
    cause: str,
    due_date: date,
    reason: str,
    clause: str,
    by,
    at: datetime,
) -> Refund:
    """Demand money of a project back. Raises Refused: never more than is paid and not demanded yet."""
    refund_rules.check_can_demand(by, agreement)
    amount = rules.check_amount(amount)
    refund_rules.check_cause(agreement, cause)
    refund_rules.check_demand(due_date=due_date, reason=reason, clause=clause, today=calendar.local_date(at))
    said = {"cause": cause, "due_date": due_date, "reason": reason, "clause": clause}
    return open_refund(agreement=agreement, amount=amount, **said, by=by, at=at)


@transaction.atomic
def open_refund(
    *,
    agreement: Agreement,
    amount: Decimal,
    cause: str,
    due_date: date,
    reason: str,
    clause: str,
    by,
    at: datetime,
) -> Refund:
    """The demand itself, by an officer or as the notice says follows from a conclusion. Raises Refused."""

    def exceeded():
        left = refund_rules.demandable(agreement)
        return Refused(
            _("超过可以退回的金额：已付且未要求退回的还有 %(left)s，本次 %(amount)s。")
            % {"left": wan(left), "amount": wan(amount)},
            field="amount",
            clause=clause,
            code="exceeded",
        )

    with rules.refused_by(refund_within_paid=exceeded):
        refund = Refund.objects.create(
            agreement=agreement,
            amount=amount,
            cause=cause,
            due_date=due_date,
            reason=reason.strip(),
            clause=clause.strip(),
            demanded_by=by,
            demanded_at=at,
        )
    workflow.record(refund, "demanded", by=by, at=at, to_state=refund.state, note=refund.reason)
    refund_clocks.demanded(refund, at=at)
    signals.refund_changed.send(Refund, refund=refund, by=by, at=at)
    return refund


@transaction.atomic
def receive_refund(
    *, refund: Refund, amount: Decimal, received_date: date, voucher: str, by, at: datetime, note: str = ""
) -> RefundReceipt:
    """Record money that came back; with the last of it the demand is settled. Raises Refused."""
    refund_rules.check_can_receive(by, refund)
    amount = rules.check_amount(amount)
    refund_rules.check_receipt(received_date=received_date, voucher=voucher, today=calendar.local_date(at))

    def exceeded():
        left = Refund.objects.get(pk=refund.pk).left
        return Refused(
            _("超过应退金额：还应退 %(left)s，本次 %(amount)s。")
            % {"left": wan(left), "amount": wan(amount)},
            field="amount",
            clause=refund.clause,
            code="exceeded",
        )

    def used_voucher():
        return Refused(_("凭证号“%(voucher)s”已经登记过。") % {"voucher": voucher.strip()}, field="voucher")

    with rules.refused_by(refund_not_exceeded=exceeded, finance_refundreceipt_voucher_key=used_voucher):
        hold(refund.agreement_id)
        held = Refund.objects.select_for_update(of=("self",)).get(pk=refund.pk)
        refund_rules.check_can_receive(by, held)
        receipt = RefundReceipt.objects.create(
            refund=held,
            amount=amount,
            received_date=received_date,
            voucher=voucher.strip(),
            note=note.strip(),
            recorded_by=by,
            recorded_at=at,
        )
    refund.refresh_from_db(fields=["returned", "state"])
    data = {"receipt": receipt.pk, "amount": str(amount)}
    workflow.record(refund, "received", by=by, at=at, data=data)
    if not refund.left:
        workflow.move(refund, RefundState.SETTLED, by=by, at=at, ended_at=at)
        refund_clocks.settled(refund, by=by, at=at)
        signals.refund_changed.send(Refund, refund=refund, by=by, at=at)
    # Read under the lock: the project may have been ended meanwhile.
    shrink(agreement=held.agreement, at=at)
    refund_clocks.tell(refund, "received", at=at, received=str(amount))
    return receipt


@transaction.atomic
def write_off(*, refund: Refund, reason: str, by, at: datetime) -> None:
    """A leader gives up what has not come (核销), with the reason. Raises Refused."""
    refund_rules.check_can_write_off(by, refund)
    if not reason.strip():
        raise Refused(_("请写明核销理由。"), field="reason")
    hold(refund.agreement_id)
    workflow.move(
        refund, RefundState.WRITTEN_OFF, by=by, at=at, note=reason, ended_at=at, ending=reason.strip()
    )
    refund_clocks.written_off(refund, by=by, at=at)
    refund_clocks.tell(refund, "written_off", at=at)
    signals.refund_changed.send(Refund, refund=refund, by=by, at=at)


@transaction.atomic
def settle(
    *, agreement: Agreement, recognised: Decimal, due_date: date | None, note: str, by, at: datetime
) -> Settlement:
    """What was paid and is not recognised as spent is demanded back by `due_date`. Raises Refused.

    What was demanded before counts.
    """
    rows = Agreement.objects.select_for_update(of=("self",)).select_related(
        "award__application__organisation", "award__application__call__programme__department"
    )
    held = rows.get(pk=agreement.pk)
    refund_rules.check_can_settle(by, held)
    paid = queries.paid_to(held)
    refund_rules.check_settlement(paid=paid, recognised=recognised, note=note)
    settlement = Settlement.objects.create(
        agreement=held, paid=paid, recognised=recognised, note=note.strip(), settled_by=by, settled_at=at
    )
    data = {"paid": str(paid), "recognised": str(recognised)}
    workflow.record(settlement, "settled", by=by, at=at, note=settlement.note, data=data)
    refund_clocks.settlement_followed(held, by=by, at=at)
    rest = refund_rules.demandable(held) - recognised
    if rest > 0:
        if due_date is None:
            raise Refused(_("有应退回的金额，请填写退回期限。"), field="due_date")
        demand_refund(
            agreement=held,
            amount=rest,
            cause=Refund.Cause.ENDED,
            due_date=due_date,
            reason=settlement.note,
            clause=queries.end_of(held).clause,
            by=by,
            at=at,
        )
    refund_clocks.tell_settled(settlement, at=at)
    return settlement
