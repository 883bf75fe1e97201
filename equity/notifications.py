"""The clocks of a deal, and what its parties hear."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role
from applications.notifications import team_and_admins
from core import calendar
from equity import queries
from equity.models import BuyBackWindow, Deal, Holding, PeriodicReport, Trigger
from finance.states import RefundState
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind as K
from notifications.wording import by_clause, said


def address(deal: Deal) -> str:
    return reverse("equity:deal", args=[deal.pk])


def title(deal: Deal) -> str:
    return f"{deal.agreement.award.number} {deal.firm.name}"


def _trustees(deal: Deal) -> list[Owes]:
    """The trustee and the officer owe what the trust is there for."""
    return [Owes(organisation=deal.trustee), officer(deal)]


def officer(deal: Deal) -> Owes:
    return Owes(role=Role.PROGRAMME_MANAGER, organisation=deal.application.call.programme.department)


def _firm(deal: Deal) -> list[Owes]:
    return [Owes(user=user) for user in team_and_admins(deal.application)]


def _terms(deal: Deal):
    return queries.terms_of(deal.application.call)


def _open(subject, deal: Deal, kind: str, day, text, clause: str, owed_by, *, at: datetime, clock="") -> None:
    actions.open_deadline(
        subject=subject,
        kind=kind,
        title=title(deal),
        url=address(deal),
        due_at=calendar.end_of_day(day),
        explanation=by_clause(text, clause),
        owed_by=owed_by,
        clock=clock,
        at=at,
        **cause(deal.application.call),
    )


def open_trigger(trigger: Trigger, *, at: datetime) -> None:
    text = said(
        _("“%(event)s”应在 %(date)s 前达成，期满未达成的由局领导决定"),
        event=trigger.get_kind_display(),
        date=trigger.by_date,
    )
    _open(
        trigger,
        trigger.deal,
        K.EQUITY_TRIGGER,
        trigger.by_date,
        text,
        trigger.clause,
        _trustees(trigger.deal),
        at=at,
    )


def trigger_settled(trigger: Trigger, *, met: bool, by, at: datetime) -> None:
    close = actions.meet_deadline if met else actions.cancel_deadline
    close(subject=trigger, kind=K.EQUITY_TRIGGER, by=by, at=at)


def open_conversion(deal: Deal, *, at: datetime) -> None:
    terms = _terms(deal)
    text = said(
        _("自 %(date)s 起 %(days)s 日内完成估值、批准和工商变更登记"),
        date=calendar.local_date(at),
        days=terms.conversion_days,
    )
    _open(deal, deal, K.EQUITY_CONVERSION, deal.convert_by_date, text, terms.clause, _trustees(deal), at=at)


def open_repayment(deal: Deal, *, at: datetime) -> None:
    """Finance demands the money by the end of the period; what is demanded the firm owes, as a refund."""
    terms = _terms(deal)
    if queries.demanded_back(deal.agreement_id).filter(state=RefundState.SETTLED).exists():
        text = said(
            _("%(date)s 已退清，%(days)s 个工作日内确认办结，或继续要求退回"),
            date=calendar.local_date(at),
            days=terms.repayment_days,
        )
    else:
        text = said(
            _("自 %(date)s 起 %(days)s 个工作日内向企业要求退回投入资金"),
            date=calendar.local_date(at),
            days=terms.repayment_days,
        )
    actions.open_deadline(
        subject=deal,
        kind=K.EQUITY_REPAYMENT,
        title=title(deal),
        url=reverse("admin:equity_deal_change", args=[deal.pk]),
        due_at=calendar.due(at, terms.repayment_days),
        explanation=by_clause(text, terms.clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.FINANCE), officer(deal)],
        at=at,
        **cause(deal.application.call),
    )


def repayment_under_way(deal: Deal, *, by, at: datetime) -> None:
    """Demanded, or all of it is back: what is owed now is the refund, or nothing."""
    actions.meet_deadline(subject=deal, kind=K.EQUITY_REPAYMENT, by=by, at=at)


def open_valuation(deal: Deal, *, at: datetime) -> None:
    terms = _terms(deal)
    text = said(_("持股期间每 %(months)s 个月估值一次"), months=terms.valuation_months)
    clause = terms.report_clause
    _open(deal, deal, K.EQUITY_VALUATION, deal.valuation_due_date, text, clause, _trustees(deal), at=at)


def open_report(report: PeriodicReport, *, at: datetime) -> None:
    terms = _terms(report.deal)
    text = said(_("企业每 %(months)s 个月报送一次经营情况"), months=terms.report_months)
    deal = report.deal
    _open(report, deal, K.EQUITY_REPORT, report.due_date, text, terms.report_clause, _firm(deal), at=at)


def open_holding(holding: Holding, *, at: datetime) -> None:
    deal, terms = holding.deal, _terms(holding.deal)
    text = said(
        _("自 %(date)s 登记起持股不超过 %(months)s 个月"),
        date=holding.registered_date,
        months=terms.max_holding_months,
    )
    _open(
        holding, deal, K.EQUITY_HOLDING, holding.until_date, text, terms.exit_clause, _trustees(deal), at=at
    )


def open_window(window: BuyBackWindow, *, at: datetime) -> None:
    deal, terms = window.deal, _terms(window.deal)
    text = said(_("%(first)s 至 %(last)s 团队可以回购"), first=window.from_date, last=window.to_date)
    owed_by = [*_firm(deal), *_trustees(deal)]
    _open(window, deal, K.EQUITY_BUY_BACK, window.to_date, text, terms.exit_clause, owed_by, at=at)


def converting(deal: Deal, *, at: datetime) -> None:
    open_conversion(deal, at=at)


def converted(deal: Deal, holding: Holding, window: BuyBackWindow | None, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=deal, kind=K.EQUITY_CONVERSION, by=by, at=at)
    open_valuation(deal, at=at)
    open_holding(holding, at=at)
    if window is not None:
        open_window(window, at=at)


def valued_again(deal: Deal, *, by, at: datetime) -> None:
    """The year's valuation is done; the next is owed."""
    actions.meet_deadline(subject=deal, kind=K.EQUITY_VALUATION, by=by, at=at)
    open_valuation(deal, at=at)


def report_handed_in(report: PeriodicReport, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=report, kind=K.EQUITY_REPORT, by=by, at=at)


def report_dropped(report: PeriodicReport, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=report, kind=K.EQUITY_REPORT, by=by, at=at)


def window_used(window: BuyBackWindow, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=window, kind=K.EQUITY_BUY_BACK, by=by, at=at)


def given_up(deal: Deal, *, by, at: datetime) -> None:
    """Nothing is owed any more before or after the conversion."""
    for kind in (K.EQUITY_CONVERSION, K.EQUITY_REPAYMENT, K.EQUITY_VALUATION):
        actions.cancel_deadline(subject=deal, kind=kind, by=by, at=at)


def no_longer_held(
    deal: Deal, holding: Holding, window: BuyBackWindow | None, *, sold: bool, by, at: datetime
) -> None:
    close = actions.meet_deadline if sold else actions.cancel_deadline
    close(subject=holding, kind=K.EQUITY_HOLDING, by=by, at=at)
    actions.cancel_deadline(subject=deal, kind=K.EQUITY_VALUATION, by=by, at=at)
    if window is not None:
        actions.cancel_deadline(subject=window, kind=K.EQUITY_BUY_BACK, by=by, at=at)


def parties(deal: Deal) -> list[User]:
    """The firm's team and administrators, and the trustee's people."""
    trustees = User.objects.filter(
        memberships__organisation_id=deal.trustee_id, memberships__is_active=True, is_active=True
    )
    return [*team_and_admins(deal.application), *trustees.order_by("id")]


def managers(deal: Deal) -> list[User]:
    department = deal.application.call.programme.department_id
    return list(User.objects.managing(department).order_by("id"))


def tell(
    deal: Deal, news, *, at: datetime, to: list[User] | None = None, reason: str = "", clause: str = ""
) -> None:
    """`news`: a sentence (`said`) on what became of the deal."""
    actions.tell(
        recipients=parties(deal) if to is None else to,
        template="equity/news",
        context={
            "project": deal.application.title,
            "number": deal.agreement.award.number,
            "firm": deal.firm.name,
            "news": news.data,
            "reason": reason,
            "clause": clause,
        },
        url=address(deal),
        at=at,
    )
