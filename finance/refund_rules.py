"""Who demands money back, who records it, who gives it up; how much can be demanded."""

from datetime import date
from decimal import Decimal

from django.db.models import Case, F, Sum, When
from django.utils.translation import gettext as _

from accounts.roles import Role
from awards.models import Agreement
from core.workflow import Refused
from finance.models import Instalment, Payment, Refund
from finance.rules import is_payer
from finance.states import RefundState
from milestones.rules import is_manager_of


def demandable(agreement: Agreement) -> Decimal:
    """What was paid and is not demanded back yet; of a demand written off only what came counts."""
    paid = Instalment.objects.filter(agreement=agreement).aggregate(total=Sum("paid"))["total"]
    counted = Case(When(state=RefundState.WRITTEN_OFF, then=F("returned")), default=F("amount"))
    demanded = Refund.objects.filter(agreement=agreement).aggregate(total=Sum(counted))["total"]
    return (paid or Decimal(0)) - (demanded or Decimal(0))


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
        raise Refused(_("这个项目已要求退回资金，冲销后已付金额会少于要求退回的金额。"), code="not_allowed")


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


def _can(check, *args) -> bool:
    try:
        check(*args)
    except Refused:
        return False
    return True


def can_demand(user, agreement: Agreement) -> bool:
    return _can(check_can_demand, user, agreement)


def can_receive(user, refund: Refund) -> bool:
    return _can(check_can_receive, user, refund)


def can_write_off(user, refund: Refund) -> bool:
    return _can(check_can_write_off, user, refund)
