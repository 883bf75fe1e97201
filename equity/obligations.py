"""What a deal owes by when: the second opinion on its deadlines."""

from django.db.models import Max

from core import calendar
from core.calendar import local_date
from equity import notifications, queries, turns
from equity.models import BuyBackWindow, Deal, Holding, PeriodicReport, Trigger
from equity.states import CONVERTING, HELD, REPORTING, WATCHED, DealState, ReportState, WindowState
from notifications.models import DeadlineKind as K
from notifications.obligations import Obligation, entered_at, register


def _deals(*states):
    return queries.with_project(Deal.objects.filter(state__in=states))


def _of(model, *states, **wanted):
    return queries.with_deal(model.objects.filter(deal__state__in=states, **wanted))


def _repaying_since(deal: Deal, at):
    """The decision, or the end of the demand that came last."""
    began = entered_at(deal, DealState.REPAYING, at)
    last = queries.demanded_back(deal.agreement_id).aggregate(last=Max("ended_at"))["last"]
    return max(began, last or began)


def _by(field: str):
    return lambda subject: calendar.end_of_day(getattr(subject, field))


def register_all() -> None:
    register(
        Obligation(
            kind=K.EQUITY_TRIGGER,
            model=Trigger,
            owing=lambda at: _of(Trigger, DealState.WATCHING, state__in=WATCHED),
            open=lambda trigger, at: notifications.open_trigger(trigger, at=at),
            due=_by("by_date"),
            dates=("equity.Trigger.by_date",),
        ),
        Obligation(
            kind=K.EQUITY_CONVERSION,
            model=Deal,
            owing=lambda at: _deals(*CONVERTING),
            open=lambda deal, at: notifications.open_conversion(
                deal, at=entered_at(deal, DealState.TRIGGERED, at)
            ),
            due=_by("convert_by_date"),
            dates=("equity.Deal.convert_by_date",),
        ),
        Obligation(
            kind=K.EQUITY_REPAYMENT,
            model=Deal,
            owing=lambda at: queries.with_project(queries.to_demand_back()),
            open=lambda deal, at: notifications.open_repayment(deal, at=_repaying_since(deal, at)),
        ),
        Obligation(
            kind=K.EQUITY_STEP,
            model=Deal,
            owing=lambda at: turns.owed(),
            open=lambda deal, at: turns.reopen(deal, at=at),
        ),
        Obligation(
            kind=K.EQUITY_VALUATION,
            model=Deal,
            owing=lambda at: _deals(*HELD),
            open=lambda deal, at: notifications.open_valuation(deal, at=at),
            due=_by("valuation_due_date"),
            dates=("equity.Deal.valuation_due_date",),
        ),
        Obligation(
            kind=K.EQUITY_REPORT,
            model=PeriodicReport,
            owing=lambda at: _of(PeriodicReport, *REPORTING, state=ReportState.DUE),
            open=lambda report, at: notifications.open_report(report, at=at),
            due=_by("due_date"),
            dates=("equity.PeriodicReport.due_date",),
        ),
        Obligation(
            kind=K.EQUITY_BUY_BACK,
            model=BuyBackWindow,
            owing=lambda at: _of(BuyBackWindow, *HELD, state=WindowState.OPEN, to_date__gte=local_date(at)),
            open=lambda window, at: notifications.open_window(window, at=at),
            due=_by("to_date"),
            dates=("equity.BuyBackWindow.to_date",),
        ),
        Obligation(
            kind=K.EQUITY_HOLDING,
            model=Holding,
            owing=lambda at: _of(Holding, *HELD),
            open=lambda holding, at: notifications.open_holding(holding, at=at),
            due=_by("until_date"),
            dates=("equity.Holding.until_date",),
        ),
    )
