"""Whose turn it is on a deal: the office's own steps, each within the working days of the notice.

What the trustee and the firm owe has dates of its own (`equity.notifications`).
"""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import Role
from awards.states import ENDED_EARLY
from core import calendar
from equity import queries
from equity.models import BuyBackWindow, Deal, Trigger
from equity.notifications import officer, title
from equity.states import DealState, ExitState, TriggerState, WindowState
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.obligations import entered_at
from notifications.wording import by_clause, said


class Turn(NamedTuple):
    """`what` is to be done since `subject` came into `state` (None: since the deal was opened)."""

    what: str
    role: str
    subject: Model
    state: str | None


def _trigger(deal: Deal) -> Turn | None:
    reported = Trigger.objects.filter(deal=deal, state=TriggerState.REPORTED).order_by("id").first()
    what = _("核实报告的触发事件")
    return reported and Turn(what, Role.PROGRAMME_MANAGER, reported, TriggerState.REPORTED)


def _window(deal: Deal) -> Turn | None:
    window = BuyBackWindow.objects.filter(deal=deal, state=WindowState.DECLARED).first()
    return window and Turn(_("办理团队回购"), Role.PROGRAMME_MANAGER, window, WindowState.DECLARED)


def _exit(deal: Deal) -> Turn:
    found = queries.open_exit(deal)
    if found.state == ExitState.PROPOSED:
        return Turn(_("决定是否批准退出"), Role.LEADER, deal, DealState.EXITING)
    return Turn(_("登记退出资金到账"), Role.FINANCE, found, ExitState.APPROVED)


def turn_of(deal: Deal) -> Turn | None:
    """What the office owes on a deal; None while it waits for others, or nothing is to be done."""
    if deal.state in (DealState.AGREED, DealState.WATCHING) and deal.agreement.state in ENDED_EARLY:
        return Turn(_("决定投入资金的处理"), Role.LEADER, deal.agreement, deal.agreement.state)
    match deal.state:
        case DealState.AGREED:
            return Turn(_("确定受托管理机构"), Role.PROGRAMME_MANAGER, deal, None)
        case DealState.WATCHING:
            return _trigger(deal)
        case DealState.VALUED:
            return Turn(_("决定转股条件"), Role.LEADER, deal, DealState.VALUED)
        case DealState.HOLDING:
            return _window(deal)
        case DealState.EXITING:
            return _exit(deal)
        case DealState.EXITED:
            return Turn(_("分配收益"), Role.FINANCE, deal, DealState.EXITED)
    return None


def owed() -> QuerySet[Deal]:
    """The deals on which it is the office's turn: what `turn_of` says, as one query."""
    reported = Trigger.objects.filter(deal=OuterRef("pk"), state=TriggerState.REPORTED)
    declared = BuyBackWindow.objects.filter(deal=OuterRef("pk"), state=WindowState.DECLARED)
    always = (DealState.AGREED, DealState.VALUED, DealState.EXITING, DealState.EXITED)
    return queries.with_project(
        Deal.objects.filter(
            Q(state__in=always)
            | Q(Exists(reported), state=DealState.WATCHING)
            | Q(Exists(declared), state=DealState.HOLDING)
            | Q(state=DealState.WATCHING, agreement__state__in=ENDED_EARLY)
        )
    )


def open_turn(deal: Deal, turn: Turn, *, at: datetime) -> None:
    terms = queries.terms_of(deal.application.call)
    text = said(
        _("自 %(date)s 起 %(days)s 个工作日内%(what)s"),
        date=calendar.local_date(at),
        days=terms.step_days,
        what=said(turn.what),
    )
    owed_by = [officer(deal)] if turn.role == Role.PROGRAMME_MANAGER else [Owes(role=turn.role)]
    actions.open_deadline(
        subject=deal,
        kind=DeadlineKind.EQUITY_STEP,
        title=title(deal),
        url=reverse("admin:equity_deal_change", args=[deal.pk]),
        due_at=calendar.due(at, terms.step_days),
        explanation=by_clause(text, terms.clause),
        clock=calendar.DayKind.WORKING,
        owed_by=owed_by,
        at=at,
        **cause(deal.application.call),
    )


def followed(deal: Deal, *, by, at: datetime) -> None:
    """A step was taken: its clock is met, that of the next one runs."""
    actions.meet_deadline(subject=deal, kind=DeadlineKind.EQUITY_STEP, by=by, at=at)
    if turn := turn_of(deal):
        open_turn(deal, turn, at=at)


def reopen(deal: Deal, *, at: datetime) -> None:
    """The clock that is missing, counted from the day on which the turn began."""
    turn = turn_of(deal)
    begun = deal.opened_at if turn.state is None else entered_at(turn.subject, turn.state, at)
    open_turn(deal, turn, at=begun)
