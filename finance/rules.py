"""Who may pay and see accounts; and the database's own refusals as sentences."""

from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from accounts.models import BankAccount, Organisation
from accounts.roles import Role
from accounts.states import AccountState
from awards.limits import counted_by, counts_for
from awards.models import Decision
from awards.queries import funded_in
from core.money import wan
from core.workflow import Refused
from finance import queries
from finance.models import Appropriation, Commitment, Instalment, InstalmentTemplate, Payment
from finance.states import InstalmentState
from grants.models import Call, QuotaOf
from milestones.models import Kind, MilestoneTemplate

CENT = Decimal("0.01")
WHOLE = Decimal(100)


@contextmanager
def refused_by(**sentences):
    """Run a statement of which the database may refuse named constraints; each `name=` makes the Refused."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name not in sentences:
            raise
        raise sentences[name]() from None


def is_payer(user) -> bool:
    return user.has_role(Role.FINANCE)


def check_shares(decision: Decision, budget: Appropriation) -> None:
    """What the notice gives to some projects stays within their share of the year's budget. Raises Refused.

    Decisions on one notice come one after the other where it limits awards (`awards.rules.check_place_left`).
    """
    application = decision.application
    rows = application.call.quotas.filter(of=QuotaOf.AWARD, percent__isnull=False)
    for quota in rows.select_related("project_type"):
        kind = quota.project_type
        if kind not in (None, application.project_type) or not counts_for(quota, application):
            continue
        others = counted_by(quota, funded_in(application.call, kind).exclude(pk=application.pk))
        held = Commitment.objects.held().filter(application__in=others)
        used = held.aggregate(sum=Sum(F("amount") + F("adjusted")))["sum"] or Decimal(0)
        most = (budget.amount * quota.percent / WHOLE).quantize(CENT)
        if used + decision.amount > most:
            raise Refused(
                _(
                    "“%(of)s”的资助额合计不超过年度预算的 %(percent)s%%，即 %(most)s："
                    "已安排 %(used)s，本项 %(amount)s。"
                )
                % {
                    "of": quota.applies_when or kind or application.call,
                    "percent": f"{quota.percent.normalize():f}",
                    "most": wan(most),
                    "used": wan(used),
                    "amount": wan(decision.amount),
                },
                field="amount",
                clause=quota.clause,
                code="share",
            )


def check_can_pay(user, instalment: Instalment) -> None:
    """Raises Refused unless `user` is a finance officer and the instalment is due."""
    if not is_payer(user):
        raise Refused(_("只有经费管理人员可以登记付款。"), code="forbidden")
    check_is_due(instalment)


def check_is_due(instalment: Instalment) -> None:
    if instalment.state != InstalmentState.DUE:
        raise Refused(
            _("这笔拨款现在是“%(state)s”，不能付款。") % {"state": instalment.get_state_display()},
            clause=instalment.clause,
            code="not_allowed",
        )


def account_to_pay(unit: Organisation, *, on: date) -> BankAccount:
    """The account that counts on a day, confirmed. Raises Refused: what is missing, and who mends it."""
    account = queries.account_of(unit, on=on)
    if account is None:
        raise _without_account(unit)
    if account.state != AccountState.CONFIRMED:
        raise Refused(
            _(
                "“%(unit)s”登记的收款账户（%(bank)s，尾号 %(last)s）还没有确认："
                "请经费管理人员在“收款账户”中核对确认，之后才能付款。"
            )
            % {"unit": unit, "bank": account.bank, "last": account.number[-4:]},
            code="no_account",
        )
    return account


def _without_account(unit: Organisation) -> Refused:
    """Nothing was registered, or it was sent back, or it counts only later."""
    latest = BankAccount.objects.filter(organisation=unit).first()
    if latest is None:
        sentence = _(
            "“%(unit)s”还没有登记收款账户：请单位管理员或单位财务在“单位档案”的“收款账户”中登记，"
            "经费管理人员核对确认后才能付款。"
        )
    elif latest.state == AccountState.RETURNED:
        sentence = _(
            "“%(unit)s”登记的收款账户（尾号 %(last)s）已退回：请单位管理员或单位财务在“单位档案”中重新登记，"
            "经费管理人员核对确认后才能付款。"
        )
    else:
        sentence = _(
            "“%(unit)s”登记的收款账户（尾号 %(last)s）自 %(day)s 起启用：请到时付款，"
            "或请单位管理员、单位财务在“单位档案”中登记现在可用的账户。"
        )
    known = {"last": latest.number[-4:], "day": latest.valid_from} if latest else {}
    return Refused(sentence % {"unit": unit, **known}, code="no_account")


def check_payee(account: BankAccount, number: str) -> None:
    """Whoever says where the bank paid says the confirmed account. Raises Refused."""
    if number and "".join(number.split()) != account.number:
        raise Refused(
            _("付到的账号不是单位已确认的收款账户（%(bank)s，尾号 %(last)s）；账户已变更的，请单位重新登记。")
            % {"bank": account.bank, "last": account.number[-4:]},
            field="payee_account",
            code="other_account",
        )


def check_can_check_account(user, account: BankAccount) -> None:
    """Raises Refused unless `user` is a finance officer and the account waits."""
    if not is_payer(user):
        raise Refused(_("只有经费管理人员可以核对收款账户。"), code="forbidden")
    if account.state != AccountState.REGISTERED:
        raise Refused(
            _("这个收款账户现在是“%(state)s”，不能再核对。") % {"state": account.get_state_display()},
            code="not_allowed",
        )


def can_check_account(user, account: BankAccount) -> bool:
    try:
        check_can_check_account(user, account)
    except Refused:
        return False
    return True


def check_amount(amount) -> Decimal:
    try:
        paid = Decimal(amount)
        sound = paid.is_finite() and paid > 0 and paid == paid.quantize(CENT)
    except (InvalidOperation, TypeError, ValueError):
        sound = False
    if not sound:
        raise Refused(_("付款金额应大于 0，最多精确到分。"), field="amount")
    return paid


def check_payment(*, paid_date: date, voucher: str, today: date) -> None:
    """Raises Refused naming the field."""
    if paid_date > today:
        raise Refused(_("拨付日期不能晚于今天。"), field="paid_date")
    if not voucher.strip():
        raise Refused(_("请填写凭证号。"), field="voucher")


def check_can_reverse(user, payment: Payment) -> None:
    """Raises Refused unless `user` is a finance officer and the payment still counts."""
    if not is_payer(user):
        raise Refused(_("只有经费管理人员可以冲销付款。"), code="forbidden")
    if payment.reverses_id is not None:
        raise Refused(_("这一笔本身是冲销，不能再冲销。"), code="not_allowed")
    if Payment.objects.filter(reverses=payment).exists():
        raise Refused(_("这笔付款已经冲销。"), code="not_allowed")


def can_see_account(user, payment: Payment) -> bool:
    """The whole account is for finance officers and for the payee's own administrators and finance staff."""
    scope = user.scope
    payee = payment.instalment.agreement.award.application.organisation_id
    return is_payer(user) or payee in scope.admin_units | scope.finance_units


def check_plan(call: Call) -> None:
    """A call's payment plan is whole: shares add up to 100, milestones exist. Raises Refused.

    A call without a plan pays in one sum (`queries.payment_plan`).
    """
    plan = list(InstalmentTemplate.objects.filter(call=call))
    if not plan:
        return
    total = sum((row.share for row in plan), Decimal(0))
    if total != WHOLE:
        raise Refused(
            _("拨款计划各笔比例之和应为 100%%，现在是 %(total)s%%。") % {"total": f"{total.normalize():f}"},
            field="instalments",
            clause=plan[0].clause,
        )
    known = MilestoneTemplate.objects.filter(call=call, kind=Kind.MILESTONE)
    codes = set(known.values_list("code", flat=True))
    for row in plan:
        if row.milestone_code and row.milestone_code not in codes:
            raise Refused(
                _("拨款“%(name)s”所依据的里程碑“%(code)s”不在里程碑模板中。")
                % {"name": row.name, "code": row.milestone_code},
                field="instalments",
                clause=row.clause,
            )


def can_pay(user, instalment: Instalment) -> bool:
    try:
        check_can_pay(user, instalment)
    except Refused:
        return False
    return True


def can_reverse(user, payment: Payment) -> bool:
    try:
        check_can_reverse(user, payment)
    except Refused:
        return False
    return True
