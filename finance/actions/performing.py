"""What a conclusion of the acceptance does to the money: shares, amounts by figures, premiums, refunds."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import F, Max
from django.utils import translation
from django.utils.translation import gettext as _

from awards.models import Agreement
from core import expressions, workflow
from core.calendar import local_date
from core.money import to_cents, wan
from core.workflow import Refused
from finance import refund_rules, rules
from finance.actions.committing import hold
from finance.actions.refunding import open_refund
from finance.models import Commitment, Condition, Instalment, Refund
from finance.states import InstalmentState
from milestones import accepting
from milestones.models import AcceptanceGrade, Milestone
from milestones.queries import latest_report

WHOLE = Decimal(100)


@transaction.atomic
def work_out(*, milestone: Milestone, grade: AcceptanceGrade | None, by, at: datetime) -> None:
    """An accepted milestone: how much of what waits for it is paid, and the premium of its grade.

    Raises Refused when a formula lacks data, or the year's budget does not hold the premium.
    """
    hold(milestone.agreement_id)
    waiting = Instalment.objects.filter(milestone=milestone, state=InstalmentState.PLANNED)
    known = None
    for instalment in waiting.order_by("order"):
        pays, reason = instalment.amount, ""
        if instalment.formula.strip():
            known = known or _known(milestone)
            pays, reason = _by_formula(instalment, known)
        if grade is not None and grade.pays != WHOLE:
            pays = to_cents(pays * grade.pays / WHOLE)
            with translation.override(settings.LANGUAGE_CODE):
                share = _("“%(grade)s”付 %(share)s%%") % {
                    "grade": grade,
                    "share": f"{grade.pays.normalize():f}",
                }
            reason = "，".join(filter(None, (reason, share)))
        _withhold(instalment, instalment.amount - pays, reason, by=by, at=at)
    if grade is not None and grade.premium:
        _add_premium(milestone, grade, by=by, at=at)


@transaction.atomic
def follow_failure(*, milestone: Milestone, grade: AcceptanceGrade | None, by, at: datetime) -> None:
    """It did not pass for good: nothing that waits for it is paid, and what its grade says comes back."""
    if grade is None:
        return
    hold(milestone.agreement_id)
    for instalment in Instalment.objects.filter(milestone=milestone, state=InstalmentState.PLANNED):
        with translation.override(settings.LANGUAGE_CODE):
            reason = _("“%(grade)s”不付") % {"grade": grade}
        _withhold(instalment, instalment.amount, reason, by=by, at=at)
    left = refund_rules.demandable(milestone.agreement)
    amount = to_cents(left * grade.refund / WHOLE)
    if amount <= 0:
        return
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("“%(milestone)s”验收结论为“%(grade)s”，退回已付资金的 %(share)s%%") % {
            "milestone": milestone,
            "grade": grade,
            "share": f"{grade.refund.normalize():f}",
        }
        clause = grade.clause or milestone.clause or _("通知的验收规定")
    open_refund(
        agreement=milestone.agreement,
        amount=amount,
        cause=Refund.Cause.ENDED,
        due_date=local_date(at) + timedelta(days=grade.refund_days),
        reason=reason,
        clause=clause,
        by=by,
        at=at,
    )


def _known(milestone: Milestone) -> dict:
    report = latest_report(milestone)
    hearing = accepting.hearing_of(report)
    return accepting.context_of(report, hearing.total if hearing else None)


def _by_formula(instalment: Instalment, known: dict) -> tuple[Decimal, str]:
    """The amount that the reported figures come to, at most the planned one. Raises Refused."""
    try:
        value = expressions.compile(instalment.formula).evaluate(known)
        worked = to_cents(Decimal(repr(value)))
    except (expressions.ExpressionError, ArithmeticError, TypeError, ValueError) as fault:
        raise Refused(
            _("“%(name)s”按公式计算，现在还算不出：%(fault)s")
            % {"name": instalment.name, "fault": getattr(fault, "message", instalment.formula)},
            field="outcome",
            clause=instalment.clause,
            code="formula",
        ) from None
    pays = min(max(worked, Decimal(0)), instalment.amount)
    with translation.override(settings.LANGUAGE_CODE):
        return pays, _("按填报的数据计算为 %(amount)s") % {"amount": wan(worked)}


def _withhold(instalment: Instalment, withheld: Decimal, reason: str, *, by, at: datetime) -> None:
    """What is not paid for good is free in the year's budget again."""
    if reason:
        Instalment.objects.filter(pk=instalment.pk).update(withheld=withheld, withheld_reason=reason[:300])
        data = {"withheld": str(withheld)}
        workflow.record(instalment, "worked_out", by=by, at=at, note=reason, data=data)
    if withheld <= 0:
        return
    _adjust(instalment.agreement, -withheld)
    instalment.withheld = withheld
    if not instalment.payable:
        workflow.move(instalment, InstalmentState.CANCELLED, by=by, at=at, note=reason)


def _adjust(agreement: Agreement, amount: Decimal) -> int:
    rows = Commitment.objects.held().filter(application=agreement.award.application)
    return rows.update(adjusted=F("adjusted") + amount)


def _add_premium(milestone: Milestone, grade: AcceptanceGrade, *, by, at: datetime) -> None:
    agreement = milestone.agreement
    call = agreement.award.application.call

    def overcommitted():
        return Refused(
            _("“%(grade)s”另奖励 %(amount)s，超出“%(programme)s” %(year)s 年度预算。")
            % {
                "grade": grade,
                "amount": wan(grade.premium),
                "programme": call.programme,
                "year": call.year,
            },
            field="outcome",
            clause=grade.clause,
            code="overcommitted",
        )

    with rules.refused_by(appropriation_not_overcommitted=overcommitted):
        if not _adjust(agreement, grade.premium):
            raise overcommitted()
    last = Instalment.objects.filter(agreement=agreement).aggregate(last=Max("order"))["last"] or 0
    with translation.override(settings.LANGUAGE_CODE):
        name = _("验收奖励（%(grade)s）") % {"grade": grade}
    Instalment.objects.create(
        agreement=agreement,
        order=last + 1,
        name=name,
        amount=grade.premium,
        is_premium=True,
        condition=Condition.MILESTONE,
        milestone=milestone,
        clause=grade.clause,
    )
