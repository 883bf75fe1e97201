"""Who demands money back, who records it, who gives it up; how much can be demanded."""

from datetime import date
from decimal import Decimal

from django.db.models import Case, F, Sum, When
from django.utils.translation import gettext as _

from accounts.roles import Role
from awards.models import Agreement
from awards.states import ENDED_EARLY
from core.calendar import local_date
from core.money import wan
from core.workflow import Refused
from finance import queries
from finance.models import Payment, Refund
from finance.rules import is_payer
from finance.states import RefundState
from grants.models import Instrument
from milestones.models import Milestone
from milestones.rules import can, is_manager_of
from milestones.states import MilestoneState


def demandable(agreement: Agreement) -> Decimal:
    """What was paid and is not demanded back yet; of a demand written off only what came counts."""
    counted = Case(When(state=RefundState.WRITTEN_OFF, then=F("returned")), default=F("amount"))
    demanded = Refund.objects.filter(agreement=agreement).aggregate(total=Sum(counted))["total"]
    return queries.paid_to(agreement) - (demanded or Decimal(0))


def check_can_demand(user, agreement: Agreement) -> None:
    """Raises Refused unless `user` is a finance officer or manages the programme, and money was paid."""
    if not (is_payer(user) or is_manager_of(user, agreement.award.application)):
        raise Refused(_("只有经费管理人员和主管处室的项目主管可以要求退回资金。"), code="forbidden")
    if demandable(agreement) <= 0:
        raise Refused(_("这个项目没有已付且未要求退回的资金。"), code="not_allowed")


def check_can_take_back(payment: Payment) -> None:
    """A payment of which money is demanded back is not reversed beside that. Raises Refused."""
    agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=payment.instalment.agreement_id)
    if demandable(agreement) < payment.amount:
        raise covered_by_refunds(agreement)


def covered_by_refunds(agreement: Agreement) -> Refused:
    """Which demand stands against the reversal of a payment."""
    counted = Refund.objects.filter(agreement=agreement).exclude(state=RefundState.WRITTEN_OFF, returned=0)
    refund = counted.order_by("-demanded_at", "-id").first()
    return Refused(
        _(
            "已于 %(date)s 要求退回 %(amount)s（%(clause)s），冲销后已付金额会少于要求退回的金额；"
            "请先办结这笔退回或由局领导核销。"
        )
        % {
            "date": local_date(refund.demanded_at),
            "amount": wan(refund.amount),
            "clause": refund.clause,
        },
        clause=refund.clause,
        code="not_allowed",
    )


def has_failed(agreement: Agreement) -> bool:
    """Whether the project was ended before its time, or one of its milestones failed."""
    failed = Milestone.objects.filter(agreement=agreement, state=MilestoneState.FAILED)
    return agreement.state in ENDED_EARLY or failed.exists()


def check_cause(agreement: Agreement, cause: str) -> None:
    """Money comes back from a project that ended or failed, or for another cause that is named."""
    if cause not in Refund.Cause.values:
        raise Refused(_("请选择退回原因。"), field="cause")
    instrument = agreement.award.application.call.instrument
    if cause == Refund.Cause.REPAYMENT and instrument not in (Instrument.CONVERTIBLE, Instrument.EQUITY):
        raise Refused(_("这份通知的资金不转为股权，请另选原因。"), field="cause")
    if cause == Refund.Cause.ENDED and not has_failed(agreement):
        raise Refused(
            _("项目没有终止、撤销，也没有里程碑判为不通过；请另选原因，或先办理项目终止。"), field="cause"
        )


def is_to_settle(agreement: Agreement) -> bool:
    """Ended before its time with money paid, and nobody has found yet what of it was spent."""
    return agreement.state in ENDED_EARLY and queries.to_settle().filter(pk=agreement.pk).exists()


def check_can_settle(user, agreement: Agreement) -> None:
    if not is_payer(user):
        raise Refused(_("只有经费管理人员可以办理终止结算。"), code="forbidden")
    if not is_to_settle(agreement):
        raise Refused(_("只有已付过款、终止或撤销后还没有结算的项目可以办理终止结算。"), code="not_allowed")


def check_settlement(*, paid: Decimal, recognised: Decimal, note: str) -> None:
    """Raises Refused naming the field."""
    if not 0 <= recognised <= paid:
        raise Refused(_("核定支出应在 0 和已付的 %(paid)s 之间。") % {"paid": wan(paid)}, field="recognised")
    if not note.strip():
        raise Refused(_("请写明核定说明。"), field="note")


def check_demand(*, due_date: date, reason: str, clause: str, today: date) -> None:
    """Raises Refused naming the field."""
    if due_date <= today:
        raise Refused(_("退回期限应晚于今天。"), field="due_date")
    if not reason.strip():
        raise Refused(_("请写明退回理由。"), field="reason")
    if not clause.strip():
        raise Refused(_("请写明依据条款。"), field="clause")


def _check_open(refund: Refund) -> None:
    if refund.state != RefundState.DEMANDED:
        raise Refused(
            _("这笔退回资金现在是“%(state)s”，不能再办理。") % {"state": refund.get_state_display()},
            clause=refund.clause,
            code="not_allowed",
        )


def check_can_receive(user, refund: Refund) -> None:
    if not is_payer(user):
        raise Refused(_("只有经费管理人员可以登记退款。"), code="forbidden")
    _check_open(refund)


def check_receipt(*, received_date: date, voucher: str, today: date) -> None:
    """Raises Refused naming the field."""
    if received_date > today:
        raise Refused(_("到账日期不能晚于今天。"), field="received_date")
    if not voucher.strip():
        raise Refused(_("请填写凭证号。"), field="voucher")


def check_can_write_off(user, refund: Refund) -> None:
    if not user.has_role(Role.LEADER):
        raise Refused(_("只有局领导可以核销。"), code="forbidden")
    _check_open(refund)


def can_demand(user, agreement: Agreement) -> bool:
    return can(check_can_demand, user, agreement)


def can_receive(user, refund: Refund) -> bool:
    return can(check_can_receive, user, refund)


def can_write_off(user, refund: Refund) -> bool:
    return can(check_can_write_off, user, refund)


def can_settle(user, agreement: Agreement) -> bool:
    return can(check_can_settle, user, agreement)
