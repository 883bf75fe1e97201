"""From the agreement to the trigger; and what becomes of a deal whose trigger never came."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Organisation
from awards.models import Agreement
from core import calendar, workflow
from core.calendar import local_date
from core.workflow import Refused
from equity import notifications, queries, rules, turns
from equity.actions.reporting import attach, drop_report, plan_report
from equity.models import Deal, Trigger
from equity.states import DealState, TriggerState, WindowState
from finance import actions as finance
from finance.states import RefundState
from milestones.models import Milestone
from notifications.wording import said


@transaction.atomic
def open_deal(*, agreement: Agreement, by, at: datetime) -> Deal | None:
    """A signed project whose notice says that its money becomes a share has a deal; others have none."""
    application = agreement.award.application
    if not agreement.award.amount or queries.terms_of(application.call) is None:
        return None
    deal = Deal.objects.create(
        agreement=agreement,
        instrument=application.call.instrument,
        amount=agreement.award.amount,
        opened_at=at,
    )
    workflow.record(deal, "opened", by=by, at=at, to_state=deal.state)
    turns.followed(deal, by=by, at=at)
    return deal


def project_ended(*, agreement: Agreement, by, at: datetime) -> None:
    """Money whose share has not begun waits for a leader's decision from now on."""
    deal = queries.with_project(Deal.objects.filter(agreement=agreement)).first()
    if deal is not None and deal.state in (DealState.AGREED, DealState.WATCHING):
        turns.followed(deal, by=by, at=at)


@transaction.atomic
def settle(*, deal: Deal, trustee: Organisation, by, at: datetime) -> None:
    """Name the trustee; from now on the triggers run and the firm reports. Raises Refused.

    Money that is invested at once (a notice without triggers) is to be registered as a share.
    """
    rules.check_manages(by, deal, DealState.AGREED)
    if trustee.pk == deal.application.organisation_id:
        raise Refused(_("受托管理机构不能是企业自己。"), field="trustee")
    triggers = queries.triggers_of_call(deal.application.call)
    if triggers:
        workflow.move(deal, DealState.WATCHING, by=by, at=at, trustee=trustee)
        for row in triggers:
            _watch(deal, row, at=at)
    else:
        _convert_by(deal, by=by, at=at, trustee=trustee)
    plan_report(deal=deal, after=local_date(at), at=at)
    turns.followed(deal, by=by, at=at)
    notifications.tell(deal, said(gettext_noop("受托管理机构为 %(trustee)s"), trustee=trustee.name), at=at)


def _watch(deal: Deal, row, *, at: datetime) -> Trigger:
    agreement = deal.agreement
    code = row.milestone_code
    trigger = Trigger.objects.create(
        deal=deal,
        kind=row.kind,
        amount=row.amount,
        milestone=Milestone.objects.get(agreement=agreement, code=code) if code else None,
        by_date=queries.months_on(agreement.starts_date, row.months),
        clause=row.clause,
    )
    notifications.open_trigger(trigger, at=at)
    return trigger


def _convert_by(deal: Deal, *, by, at: datetime, **fields) -> None:
    days = queries.terms_of(deal.application.call).conversion_days
    until = calendar.add_days(local_date(at), days, kind=calendar.DayKind.CALENDAR)
    workflow.move(deal, DealState.TRIGGERED, by=by, at=at, convert_by_date=until, **fields)
    notifications.converting(deal, at=at)


@transaction.atomic
def report_trigger(*, trigger: Trigger, met_date: date, evidence: str, file, by, at: datetime) -> None:
    """The firm or the trustee says that the event has happened, with evidence. Raises Refused."""
    rules.check_can_report_trigger(by, trigger)
    rules.check_trigger_day(trigger, met_date, today=local_date(at))
    if not evidence.strip():
        raise Refused(_("请说明证据。"), field="evidence", clause=trigger.clause)
    attach(subject=trigger, kind="evidence", file=file, clause=trigger.clause, by=by, at=at)
    workflow.move(
        trigger,
        TriggerState.REPORTED,
        by=by,
        at=at,
        met_date=met_date,
        evidence=evidence.strip(),
        reported_by=by,
    )
    workflow.record(trigger.deal, "trigger_reported", by=by, at=at, note=trigger.get_kind_display())
    turns.followed(trigger.deal, by=by, at=at)
    news = said(gettext_noop("已报告“%(event)s”，等待核实"), event=trigger.get_kind_display())
    notifications.tell(
        trigger.deal, news, to=notifications.managers(trigger.deal), clause=trigger.clause, at=at
    )


@transaction.atomic
def return_trigger(*, trigger: Trigger, reason: str, by, at: datetime) -> None:
    """The evidence does not show it: the event is still awaited. Raises Refused."""
    rules.check_can_judge_trigger(by, trigger)
    _check_reason(reason)
    workflow.move(
        trigger, TriggerState.WAITING, by=by, at=at, note=reason, met_date=None, evidence="", reported_by=None
    )
    workflow.record(trigger.deal, "trigger_returned", by=by, at=at, note=reason.strip())
    turns.followed(trigger.deal, by=by, at=at)
    news = said(gettext_noop("“%(event)s”未予确认"), event=trigger.get_kind_display())
    notifications.tell(trigger.deal, news, reason=reason.strip(), clause=trigger.clause, at=at)


@transaction.atomic
def confirm_trigger(*, trigger: Trigger, by, at: datetime) -> None:
    """The event has happened: the money becomes a share; the other triggers are no longer needed."""
    rules.check_can_judge_trigger(by, trigger)
    deal = trigger.deal
    workflow.move(trigger, TriggerState.MET, by=by, at=at)
    notifications.trigger_settled(trigger, met=True, by=by, at=at)
    _settle_triggers(deal, TriggerState.DROPPED, by=by, at=at)
    _convert_by(deal, by=by, at=at)
    turns.followed(deal, by=by, at=at)
    news = said(gettext_noop("“%(event)s”已确认，开始办理转股"), event=trigger.get_kind_display())
    notifications.tell(deal, news, clause=trigger.clause, at=at)


def _settle_triggers(deal: Deal, state: str, *, by, at: datetime) -> None:
    for trigger in queries.watched(deal):
        workflow.move(trigger, state, by=by, at=at)
        notifications.trigger_settled(trigger, met=False, by=by, at=at)


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("请写明理由。"), field="reason")


@transaction.atomic
def renegotiate(*, deal: Deal, by_date: date, reason: str, by, at: datetime) -> None:
    """A leader agrees to another date for what has not happened; the old dates are recorded as not met."""
    rules.check_decides(by, deal, DealState.WATCHING)
    rules.check_lapsed(deal, at=at)
    _check_reason(reason)
    if by_date <= local_date(at):
        raise Refused(_("新的触发期限应晚于今天。"), field="by_date")
    old = list(queries.watched(deal))
    _settle_triggers(deal, TriggerState.NOT_MET, by=by, at=at)
    for trigger in old:
        again = Trigger.objects.create(
            deal=deal,
            kind=trigger.kind,
            amount=trigger.amount,
            milestone=trigger.milestone,
            by_date=by_date,
            clause=trigger.clause,
        )
        notifications.open_trigger(again, at=at)
    turns.followed(deal, by=by, at=at)
    workflow.record(deal, "renegotiated", by=by, at=at, note=reason.strip(), data={"by_date": by_date})
    news = said(gettext_noop("触发期限重新约定为 %(date)s"), date=by_date)
    notifications.tell(deal, news, reason=reason.strip(), at=at)


@transaction.atomic
def demand_repayment(*, deal: Deal, reason: str, by, at: datetime) -> None:
    """A leader decides that the money is paid back; it is demanded and booked where refunds are."""
    rules.check_decides(by, deal, DealState.WATCHING)
    rules.check_lapsed(deal, at=at)
    _check_reason(reason)
    workflow.move(deal, DealState.REPAYING, by=by, at=at, note=reason, ending=reason.strip())
    _stop(deal, by=by, at=at)
    turns.followed(deal, by=by, at=at)
    repayment_followed(agreement_id=deal.agreement_id, by=by, at=at)
    news = said(gettext_noop("触发期满未达成，投入资金应退还"))
    notifications.tell(deal, news, reason=reason.strip(), at=at)


def repayment_followed(*, agreement_id: int, by, at: datetime) -> None:
    """Bring the clock of a deal that is being repaid to what was demanded and came."""
    # A demand made meanwhile holds the agreement too: the later of the two sees the other.
    finance.hold(agreement_id)
    deal = queries.with_project(Deal.objects.filter(agreement_id=agreement_id)).first()
    if deal is None or deal.state != DealState.REPAYING:
        return
    notifications.repayment_under_way(deal, by=by, at=at)
    if queries.to_demand_back().filter(pk=deal.pk).exists():
        notifications.open_repayment(deal, at=at)


@transaction.atomic
def confirm_repaid(*, deal: Deal, by, at: datetime) -> None:
    """Finance finds everything that was demanded back received. Raises Refused."""
    rules.check_books(by, deal, DealState.REPAYING)
    rules.check_repaid(deal)
    workflow.move(deal, DealState.REPAID, by=by, at=at, ended_at=at)
    notifications.repayment_under_way(deal, by=by, at=at)
    notifications.tell(deal, said(gettext_noop("投入资金已退还，股权项目办结")), at=at)


@transaction.atomic
def give_up(*, deal: Deal, outcome: str, reason: str, by, at: datetime) -> None:
    """A leader exempts the loss (容亏) or writes the money off, with the reason. Raises Refused.

    What the deal demanded back and has not come is written off with it.
    """
    rules.check_can_give_up(by, deal)
    if outcome not in (DealState.EXEMPTED, DealState.WRITTEN_OFF):
        raise Refused(_("请选择容亏免责或核销。"), field="outcome")
    if outcome == DealState.EXEMPTED:
        rules.check_lapsed(deal, at=at)
    _check_reason(reason)
    workflow.move(
        deal,
        outcome,
        by=by,
        at=at,
        note=reason,
        ending=reason.strip(),
        ended_at=at,
        convert_by_date=None,
        valuation_due_date=None,
    )
    _stop(deal, by=by, at=at)
    turns.followed(deal, by=by, at=at)
    for refund in queries.repayments(deal).filter(state=RefundState.DEMANDED):
        finance.write_off(refund=refund, reason=reason, by=by, at=at)
    news = said(gettext_noop("%(outcome)s，股权项目办结"), outcome=DealState(outcome).label)
    notifications.tell(deal, news, reason=reason.strip(), at=at)


def _stop(deal: Deal, *, by, at: datetime) -> None:
    """Nothing is awaited any more."""
    _settle_triggers(deal, TriggerState.NOT_MET, by=by, at=at)
    drop_report(deal=deal, by=by, at=at)
    notifications.given_up(deal, by=by, at=at)
    end_holding(deal=deal, sold=False, by=by, at=at)


def end_holding(*, deal: Deal, sold: bool, by, at: datetime) -> None:
    holding, window = queries.holding_of(deal), queries.window_of(deal)
    if holding is None:
        return
    if window is not None and window.state != WindowState.ENDED:
        workflow.move(window, WindowState.ENDED, by=by, at=at)
    notifications.no_longer_held(deal, holding, window, sold=sold, by=by, at=at)
