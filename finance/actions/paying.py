"""Plan, make due, pay and reverse. The database holds every cap; its refusals become sentences."""

from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from awards import actions as awards
from awards.models import Agreement
from awards.states import ENDED_EARLY, AgreementState
from core import calendar, workflow
from core.money import allocate, wan
from core.workflow import Refused
from finance import (
    condition_clocks,
    money_clocks,
    notifications,
    queries,
    refund_clocks,
    refund_rules,
    rules,
    signals,
)
from finance.actions.committing import hold, shrink
from finance.actions.performing import work_out
from finance.models import Condition, Instalment, Payment
from finance.states import InstalmentState
from milestones.models import Kind, Milestone


@transaction.atomic
def plan(*, agreement: Agreement, by, at: datetime) -> list[Instalment]:
    """Split the award by the call's plan, exact to the 分. Raises Refused when the plan is not whole.

    Where no public money is granted nothing is to be paid, nor what a small award leaves less than a 分 of.
    """
    if not agreement.award.amount:
        return []
    call = agreement.award.application.call
    rules.check_plan(call)
    milestones = {
        milestone.code: milestone
        for milestone in Milestone.objects.filter(agreement=agreement, kind=Kind.MILESTONE).order_by(
            "due_date", "order"
        )
    }
    with translation.override(settings.LANGUAGE_CODE):
        templates = queries.payment_plan(call, list(milestones.values()))
    parts = allocate(agreement.award.amount, [template.share for template in templates])
    return Instalment.objects.bulk_create(
        Instalment(
            agreement=agreement,
            order=template.order,
            name=template.name,
            amount=part,
            condition=template.condition,
            milestone=milestones[template.milestone_code] if template.milestone_code else None,
            pay_days=template.pay_days,
            formula=template.formula,
            clause=template.clause,
        )
        for template, part in zip(templates, parts, strict=True)
        if part
    )


def _become_due(instalments, *, by, at: datetime) -> None:
    for instalment in queries.with_project(instalments.filter(state=InstalmentState.PLANNED)):
        due_at = calendar.due(at, instalment.pay_days)
        workflow.move(instalment, InstalmentState.DUE, by=by, at=at, due_at=due_at)
        notifications.open_payment(instalment, at=at)
        money_clocks.became_due(instalment, by=by, at=at)
        condition_clocks.became_due(instalment, at=at)


@transaction.atomic
def certify(*, instalment: Instalment, rule, by, at: datetime, file=None) -> None:
    """The unit says that a clause of the notice holds for a payment that is due."""
    rules.check_is_due(instalment)
    awards.certify(
        agreement=instalment.agreement, rule=rule, place=queries.place_of(instalment), by=by, at=at, file=file
    )
    condition_clocks.followed(instalment, by=by, at=at)


@transaction.atomic
def mark_condition(*, instalment: Instalment, rule, status: str, note: str, by, at: datetime) -> None:
    """The officer's result of such a clause."""
    rules.check_is_due(instalment)
    place = queries.place_of(instalment)
    said = {"status": status, "note": note}
    awards.mark_condition(agreement=instalment.agreement, rule=rule, place=place, **said, by=by, at=at)
    condition_clocks.followed(instalment, by=by, at=at)


@transaction.atomic
def agreement_signed(*, agreement: Agreement, by, at: datetime) -> None:
    """What the notice pays on signing is due."""
    _become_due(Instalment.objects.filter(agreement=agreement, condition=Condition.SIGNED), by=by, at=at)


@transaction.atomic
def milestone_accepted(*, milestone: Milestone, by, at: datetime, grade=None) -> None:
    """What the notice pays on this milestone is due, as much as its conclusion and formulas give."""
    work_out(milestone=milestone, grade=grade, by=by, at=at)
    _become_due(Instalment.objects.filter(milestone=milestone), by=by, at=at)
    _complete_if_settled(milestone.agreement, by=by, at=at)


@transaction.atomic
def record_payment(
    *,
    instalment: Instalment,
    amount: Decimal,
    paid_date: date,
    voucher: str,
    by,
    at: datetime,
    payee_account: str = "",
    note: str = "",
) -> Payment:
    """Record money paid to the account that finance confirmed; `payee_account`: which one the bank names.

    Raises Refused; two at once can never pay more than the instalment.
    """
    rules.check_can_pay(by, instalment)
    today = calendar.local_date(at)
    account = rules.account_to_pay(instalment.agreement.award.application.organisation, on=today)
    rules.check_payee(account, payee_account)
    amount = rules.check_amount(amount)
    rules.check_payment(paid_date=paid_date, voucher=voucher, today=today)
    signals.paying.send(sender=Instalment, instalment=instalment, by=by, at=at)
    awards.settle_conditions(agreement=instalment.agreement, place=queries.place_of(instalment), at=at)

    def overpaid():
        left = Instalment.objects.get(pk=instalment.pk).unpaid
        return Refused(
            _("付款超出拨款“%(name)s”：还剩 %(left)s 未付，本次 %(amount)s。")
            % {"name": instalment.name, "left": wan(left), "amount": wan(amount)},
            field="amount",
            clause=instalment.clause,
            code="overpaid",
        )

    def used_voucher():
        return Refused(_("凭证号“%(voucher)s”已经登记过。") % {"voucher": voucher.strip()}, field="voucher")

    with rules.refused_by(
        instalment_not_overpaid=overpaid,
        instalment_paid_in_full=overpaid,
        payment_voucher_once=used_voucher,
    ):
        hold(instalment.agreement_id)
        instalment.refresh_from_db(fields=["state"])  # the project may have been ended meanwhile
        rules.check_can_pay(by, instalment)
        payment = Payment.objects.create(
            instalment=instalment,
            amount=amount,
            paid_date=paid_date,
            voucher=voucher.strip(),
            payee_account=account.number,
            payee_bank=account.bank,
            note=note,
            recorded_by=by,
            recorded_at=at,
        )
    # The trigger has locked the row and added the payment: what is read now is final.
    instalment.refresh_from_db(fields=["paid", "state"])
    workflow.record(
        instalment, "paid", by=by, at=at, data={"payment": payment.pk, "amount": str(payment.amount)}
    )
    notifications.paid(payment, at=at)
    if not instalment.unpaid:
        workflow.move(instalment, InstalmentState.PAID, by=by, at=at)
        notifications.paid_in_full(instalment, by=by, at=at)
        money_clocks.paid(instalment, by=by, at=at)
        condition_clocks.followed(instalment, by=by, at=at)
        _complete_if_settled(instalment.agreement, by=by, at=at)
    return payment


@transaction.atomic
def reverse_payment(*, payment: Payment, reason: str, by, at: datetime) -> Payment:
    """Take a payment back by a negative one; the instalment is due again unless the project was ended."""
    rules.check_can_reverse(by, payment)
    if not reason.strip():
        raise Refused(_("请写明冲销理由。"), field="reason")
    hold(payment.instalment.agreement_id)
    instalment = queries.with_project(Instalment.objects.select_for_update(of=("self",))).get(
        pk=payment.instalment_id
    )

    def already_reversed():
        return workflow.Lost(_("这笔付款已经冲销。"), code="lost")

    if Payment.objects.filter(reverses=payment).exists():  # while this one waited for the lock
        raise already_reversed()
    refund_rules.check_can_take_back(payment)
    if instalment.state == InstalmentState.PAID and instalment.agreement.state in ENDED_EARLY:
        workflow.move(instalment, InstalmentState.CANCELLED, by=by, at=at, note=reason)
    elif instalment.state == InstalmentState.PAID:
        due_at = calendar.due(at, instalment.pay_days)
        workflow.move(instalment, InstalmentState.DUE, by=by, at=at, note=reason, due_at=due_at)
        notifications.open_payment(instalment, at=at)
        money_clocks.became_due(instalment, by=by, at=at)
        condition_clocks.became_due(instalment, at=at)

    def demanded_back():
        return refund_rules.covered_by_refunds(instalment.agreement)

    with rules.refused_by(finance_payment_reverses_id_key=already_reversed, refund_within_paid=demanded_back):
        negative = Payment.objects.create(
            instalment=instalment,
            amount=-payment.amount,
            paid_date=calendar.local_date(at),
            voucher=payment.voucher,
            payee_account=payment.payee_account,
            payee_bank=payment.payee_bank,
            reverses=payment,
            note=reason.strip()[:300],
            recorded_by=by,
            recorded_at=at,
        )
    workflow.record(
        instalment,
        "payment_reversed",
        by=by,
        at=at,
        note=reason,
        data={"payment": payment.pk, "amount": str(negative.amount)},
    )
    notifications.reversed_(payment, reason=reason.strip(), at=at)
    shrink(agreement=instalment.agreement, at=at)
    refund_clocks.settlement_followed(instalment.agreement, by=by, at=at)
    return negative


def _complete_if_settled(agreement: Agreement, *, by, at: datetime) -> None:
    """The last payment or the last acceptance completes the agreement; the row is locked so that one does."""
    agreement = Agreement.objects.select_for_update(of=("self",)).select_related("award").get(pk=agreement.pk)
    if agreement.state == AgreementState.IN_FORCE and queries.is_settled(agreement):
        awards.complete(agreement=agreement, by=by, at=at)
