"""From the agreement to the share or to another end; who may do what; what is owed meanwhile."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from core import calendar
from core.calendar import end_of_day, local_date
from core.workflow import Refused
from equity import actions, queries, rules
from equity.models import (
    Deal,
    PeriodicReport,
    Trigger,
)
from equity.states import DEAL, DealState
from finance import actions as finance
from finance.models import Instalment, Refund
from milestones import actions as milestones
from notifications import obligations
from notifications.actions import lapse_rights
from notifications.models import Deadline, DeadlineKind, Message
from tests.equity.helpers import agreeing, clock, owes_step, proposed, reported
from tests.factories.equity import file, settled
from tests.factories.milestones import AT, PEOPLE, hand_in, milestone_of, payee
from tests.factories.notifications import drifts, only_of

TODAY = local_date(AT)
LATER = AT + timedelta(days=800)

pytestmark = pytest.mark.django_db


# ---- what is owed ----


def test_a_project_whose_money_becomes_a_share_has_a_deal_and_its_trustee_starts_the_clocks(agreed):
    deal, people = agreed
    assert (deal.state, deal.amount, deal.trustee) == (DealState.AGREED, 1_000_000, None)
    assert owes_step(deal, people) == ({"manager"}, "确定受托管理机构")
    settled(deal, people)
    assert clock(deal) == set()
    first, second = deal.triggers.all()
    assert (deal.state, first.by_date, second.milestone.code) == (
        DealState.WATCHING,
        queries.months_on(deal.agreement.starts_date, 24),
        "final",
    )
    deadline = Deadline.objects.open().get(kind=DeadlineKind.EQUITY_TRIGGER, object_id=first.pk)
    assert deadline.due_at == end_of_day(first.by_date)
    assert "第六条" in str(deadline.explanation)
    owing = {name for name in PEOPLE if Deadline.objects.owed_by(people[name]).filter(pk=deadline.pk)}
    assert owing == {"manager"}
    assert Deadline.objects.owed_by(people["trustee"]).filter(pk=deadline.pk).exists()
    report = queries.due_report(deal)
    assert report.due_date == queries.months_on(TODAY, 6)
    assert Deadline.objects.owed_by(people["team"]).filter(kind=DeadlineKind.EQUITY_REPORT).exists()
    assert agreeing() == []


def test_the_first_trigger_that_is_confirmed_ends_the_waiting_for_the_others(watching):
    deal, people = watching
    first, second = deal.triggers.all()
    reported(first, by=people["trustee"])
    assert (clock(first), owes_step(deal, people)) == (
        {"equity_trigger"},
        ({"manager"}, "核实报告的触发事件"),
    )
    with pytest.raises(Refused, match="已报告"):
        reported(first, by=people["team"])
    actions.return_trigger(trigger=first, reason="协议未盖章", by=people["manager"], at=AT)
    assert (first.state, first.met_date, first.evidence, clock(deal)) == ("waiting", None, "", set())
    reported(first, by=people["team"])
    assert Message.objects.filter(template="equity/news", recipient=people["manager"]).exists()
    actions.confirm_trigger(trigger=first, by=people["manager"], at=AT)
    second.refresh_from_db()
    deal.refresh_from_db()
    assert (first.state, second.state, deal.state) == ("met", "dropped", "triggered")
    assert clock(first) == clock(second) == set()
    assert clock(deal) == {"equity_conversion"}
    assert deal.convert_by_date == TODAY + timedelta(days=90)
    assert agreeing() == []


def test_a_held_share_is_valued_reported_on_bought_back_and_left_in_time(held):
    deal, people = held
    holding, window = queries.holding_of(deal), queries.window_of(deal)
    assert (holding.table.percent, deal.state) == (20, "holding")
    assert clock(deal) == {"equity_valuation"}
    assert clock(holding) == {"equity_holding"}
    assert clock(window) == {"equity_buy_back"}
    due = {
        deadline.kind: local_date(deadline.due_at)
        for deadline in queries.clocks([deal, holding, window, queries.due_report(deal)])
    }
    assert due == {
        "equity_report": queries.months_on(TODAY, 6),
        "equity_valuation": queries.months_on(TODAY, 12),
        "equity_buy_back": queries.months_on(TODAY, 36) - timedelta(days=1),
        "equity_holding": queries.months_on(TODAY, 60),
    }
    assert agreeing() == []
    year = AT + timedelta(days=360)
    value = {"post_money": Decimal(8_000_000), "basis": "assessed", "file": file(), "by": people["manager"]}
    actions.record_valuation(deal=deal, as_of_date=local_date(year), at=year, **value)
    assert local_date(Deadline.objects.open().get(kind="equity_valuation").due_at) == deal.valuation_due_date
    assert Deadline.objects.filter(kind="equity_valuation", state="met").count() == 1
    with pytest.raises(Refused, match="已经登记过"):
        actions.record_valuation(deal=deal, as_of_date=local_date(year), at=year, **value | {"file": file()})
    # Behind its last day the right has lapsed: nothing is owed.
    lapsed = end_of_day(window.to_date) + timedelta(hours=1)
    lapse_rights(at=lapsed)
    assert clock(window) == set()
    assert agreeing(lapsed) == []


def test_each_report_handed_in_plans_the_next_and_one_sent_back_is_owed_again(held):
    deal, people = held
    report = queries.due_report(deal)
    typed = {"revenue": Decimal(100), "profit": Decimal(-5), "staff": 12, "text": "正常", "at": AT}
    with pytest.raises(Refused, match="只有企业"):
        actions.submit_report(report=report, file=file(), by=people["trustee"], **typed)
    with pytest.raises(Refused) as refused:
        actions.submit_report(report=report, file=file(), by=people["team"], **typed | {"text": " "})
    assert refused.value.field == "text"
    actions.submit_report(report=report, file=file(), by=people["team"], **typed)
    following = queries.due_report(deal)
    assert (following.number, following.due_date) == (2, queries.months_on(report.due_date, 6))
    assert (clock(report), clock(following)) == (set(), {"equity_report"})
    actions.return_report(report=report, reason="缺报表", by=people["manager"], at=AT)
    assert clock(report) == {"equity_report"}
    actions.submit_report(report=report, file=file("补充.pdf"), by=people["unit_admin"], **typed)
    assert PeriodicReport.objects.filter(deal=deal).count() == 2
    assert agreeing() == []


def test_the_repair_mends_what_drifted(held):
    deal, _people = held
    Deadline.objects.open().filter(kind__startswith="equity").delete()
    # Four of this one; two triggers and a report of the one that waits; a step of the one without trustee.
    assert len(agreeing()) == 8
    with only_of("equity"):
        obligations.mend(at=AT)
    assert agreeing() == []
    Deadline.objects.open().filter(kind="equity_holding").update(due_at=AT)
    assert agreeing() == [f"moved equity_holding equity.Holding:{queries.holding_of(deal).pk}"]


# ---- before the trigger's date, and behind it ----


def test_behind_the_triggers_date_a_leader_chooses_among_four_ways(watching):
    deal, people = watching
    leader = {"by": people["leader"], "reason": "市场变化"}
    for early in (actions.demand_repayment, actions.renegotiate):
        extra = {"by_date": local_date(LATER)} if early is actions.renegotiate else {}
        with pytest.raises(Refused, match="还没有过"):
            early(deal=deal, at=AT, **leader, **extra)
    with pytest.raises(Refused, match="还没有过"):
        actions.give_up(deal=deal, outcome="exempted", at=AT, **leader)
    after = AT + timedelta(days=1000)
    trigger = deal.triggers.first()
    with pytest.raises(Refused, match="已过"):
        reported(trigger, by=people["team"], at=after, day=local_date(after))
    again = local_date(after) + timedelta(days=180)
    actions.renegotiate(deal=deal, by_date=again, at=after, **leader)
    assert list(deal.triggers.values_list("state", flat=True)) == ["not_met"] * 2 + ["waiting"] * 2
    assert set(Deadline.objects.open().filter(kind="equity_trigger").values_list("due_at", flat=True)) == {
        end_of_day(again)
    }
    assert agreeing(after) == []
    last = AT + timedelta(days=2000)
    lapse_rights(at=last)
    actions.demand_repayment(deal=deal, at=last, **leader)
    assert (deal.state, clock(deal), agreeing(last)) == ("repaying", {"equity_repayment"}, [])
    with pytest.raises(Refused, match="退清"):
        actions.confirm_repaid(deal=deal, by=people["finance"], at=last)
    with transaction.atomic():
        for cause, amount in (("surplus", 1), ("repayment", 100)):
            assert not rules._can(rules.check_repaid, deal), "what else came back is not this"
            paid_back(deal, people, cause=cause, amount=Decimal(amount))
        actions.confirm_repaid(deal=deal, by=people["finance"], at=last)
        assert (clock(deal), agreeing(last)) == (set(), [])
        transaction.set_rollback(True)
    deal.refresh_from_db()
    demanded = [paid_back(deal, people, cause=cause, comes=False) for cause in ("surplus", "repayment")]
    assert (clock(deal), agreeing(last)) == (set(), []), "the refund has a clock of its own"
    actions.give_up(deal=deal, outcome="exempted", at=last, **leader)
    assert (deal.state, deal.ending, queries.due_report(deal)) == ("exempted", "市场变化", None)
    assert [Refund.objects.get(pk=row.pk).state for row in demanded] == ["demanded", "written_off"]
    assert drifts("refund", at=last) == agreeing(last) == []


def test_while_money_is_to_come_back_somebody_owes_the_next_step(watching):
    deal, people = watching
    after = AT + timedelta(days=1000)
    with pytest.raises(Refused, match="局领导决定退还"), transaction.atomic():
        paid_back(deal, people, cause="repayment", comes=False)
    actions.demand_repayment(deal=deal, reason="市场变化", by=people["leader"], at=after)

    def due():
        return Deadline.objects.open().get(kind=DeadlineKind.EQUITY_REPAYMENT)

    assert due().due_at == calendar.due(after, 10)
    assert "要求退回" in str(due().explanation)
    assert "第七条" in str(due().explanation)
    around = ("team", "unit_admin", "trustee", "leader", "manager", "finance")
    owing = {name for name in around if Deadline.objects.owed_by(people[name]).filter(pk=due().pk)}
    assert owing == {"manager", "finance"}
    refund = paid_back(deal, people, cause="repayment", comes=False)
    assert clock(deal) == set(), "now the firm owes the refund"
    assert refund in [row.subject for row in queries.dossier(deal).clocks]
    finance.write_off(refund=refund, reason="重新要求", by=people["leader"], at=after)
    assert clock(deal) == {"equity_repayment"}, "what was written off may be demanded again"
    money = {"amount": Decimal(1), "by": people["finance"], "at": after}
    terms = {
        "cause": "repayment",
        "due_date": local_date(LATER) + timedelta(days=900),
        "reason": "x",
        "clause": "x",
    }
    refund = finance.demand_refund(agreement=deal.agreement, **terms, **money)
    assert clock(deal) == set()
    finance.receive_refund(refund=refund, received_date=TODAY, voucher="退", **money)
    assert "已退清" in str(due().explanation)
    Deadline.objects.filter(pk=due().pk).delete()
    with only_of("equity"):
        obligations.mend(at=after + timedelta(days=30))
    assert due().due_at == calendar.due(after, 10), "the repair counts from the day on which it came"
    first = Instalment.objects.filter(agreement=deal.agreement).order_by("order").first()
    more = {"paid_date": TODAY, "voucher": "再拨", "amount": Decimal(3)}
    finance.record_payment(instalment=first, **money | more)
    with pytest.raises(Refused, match=r"0\.0003 万元 已付而没有要求退回"):
        actions.confirm_repaid(deal=deal, by=people["finance"], at=after)
    actions.give_up(deal=deal, outcome="written_off", reason="企业破产", by=people["leader"], at=after)
    assert (clock(deal), agreeing(after)) == (set(), [])


def paid_back(deal, people, *, cause: str, amount=Decimal(1), comes=True):
    """Some of the money was paid, demanded back for a cause, and came."""
    first = Instalment.objects.filter(agreement=deal.agreement).order_by("order").first()
    payee(deal.agreement)
    money = {"amount": amount, "by": people["finance"], "at": AT}
    finance.record_payment(instalment=first, paid_date=TODAY, voucher=f"拨-{cause}", **money)
    terms = {"cause": cause, "due_date": local_date(LATER), "reason": "x", "clause": "x"}
    refund = finance.demand_refund(agreement=deal.agreement, **terms, **money)
    if comes:
        finance.receive_refund(refund=refund, received_date=TODAY, voucher=f"退-{cause}", **money)
    return refund


def test_when_the_project_was_ended_a_leader_waits_neither_for_the_triggers_date_nor_for_a_trustee(agreed):
    deal, people = agreed
    with pytest.raises(Refused, match="先确定受托管理机构"):
        actions.give_up(deal=deal, outcome="exempted", reason="x", by=people["leader"], at=AT)
    asked = {"end": "terminated", "ground": "other", "reason": "x", "files": []}
    ended = milestones.ask_termination(agreement=deal.agreement, **asked, by=people["manager"], at=AT)
    milestones.terminate(termination=ended, opinion="同意", clause="x", by=people["leader"], at=AT)
    deal = Deal.objects.get(pk=deal.pk)
    assert owes_step(deal, people) == ({"leader"}, "决定投入资金的处理")
    with transaction.atomic():
        actions.give_up(deal=deal, outcome="exempted", reason="项目终止", by=people["leader"], at=AT)
        assert (deal.state, deal.trustee, agreeing()) == ("exempted", None, [])
        transaction.set_rollback(True)
    deal = Deal.objects.get(pk=deal.pk)
    settled(deal, people)
    # The clock that got lost runs from the day on which the project was ended.
    Deadline.objects.open().filter(kind="equity_step", object_id=deal.pk).delete()
    with only_of("equity"):
        obligations.mend(at=AT + timedelta(days=30))
    assert owes_step(deal, people) == ({"leader"}, "决定投入资金的处理")
    assert rules.can_lapse(people["leader"], deal, at=AT)
    actions.give_up(deal=deal, outcome="exempted", reason="项目终止", by=people["leader"], at=AT)
    assert (deal.state, agreeing()) == ("exempted", [])


def test_a_share_that_is_written_off_owes_nothing_more(held):
    deal, people = held
    with pytest.raises(Refused, match="理由"):
        actions.give_up(deal=deal, outcome="written_off", reason="", by=people["leader"], at=AT)
    with pytest.raises(Refused, match="请选择"):
        actions.give_up(deal=deal, outcome="closed", reason="破产", by=people["leader"], at=AT)
    report = queries.due_report(deal)
    typed = {"revenue": Decimal(1), "profit": Decimal(1), "staff": 1, "text": "正常", "at": AT}
    actions.submit_report(report=report, file=file(), by=people["team"], **typed)
    actions.return_report(report=report, reason="缺报表", by=people["manager"], at=AT)
    assert queries.due_reports(deal).count() == 2
    actions.give_up(deal=deal, outcome="written_off", reason="企业破产", by=people["leader"], at=AT)
    assert not queries.due_reports(deal).exists()
    assert Deadline.objects.open().filter(pk__in=[d.pk for d in queries.dossier(deal).clocks]).count() == 0
    assert agreeing() == []


def test_research_acceptance_never_moves_a_deal(watching):
    deal, people = watching
    hand_in(milestone_of(deal.agreement), by=people["team"])
    deal.refresh_from_db()
    assert (deal.state, milestone_of(deal.agreement).state) == ("watching", "submitted")


# ---- who ----


def test_who_may_do_what_and_see_it(watching, held):
    deal, people = watching
    everybody = {name: people[name] for name in [*PEOPLE, "trustee"]}
    trigger, report = deal.triggers.first(), queries.due_report(deal)
    mine = queries.window_of(held[0])

    def allowed(can):
        return {name for name, user in everybody.items() if can(user)}

    assert allowed(lambda user: rules.can_report_trigger(user, trigger)) == {
        "team",
        "unit_admin",
        "trustee",
        "manager",
    }
    assert allowed(lambda user: rules.can_submit_report(user, report)) == {"team", "unit_admin"}
    assert allowed(lambda user: rules.can_manage(user, deal, DealState.WATCHING)) == {"manager"}
    assert allowed(lambda user: rules.can_give_up(user, deal)) == {"leader"}
    assert allowed(lambda user: rules.can_book(user, deal, DealState.WATCHING)) == {"finance"}
    assert allowed(lambda user: rules.can_value(user, held[0])) == {"manager", "trustee"}
    assert allowed(lambda user: rules.can_declare(user, mine, today=mine.from_date)) == set()
    sees = {"team", "unit_admin", "unit_finance", "trustee", "manager", "leader", "finance", "auditor"}
    for model in (Deal, Trigger, PeriodicReport):
        field = "pk" if model is Deal else "deal"
        assert (
            allowed(lambda user, m=model, f=field: m.objects.visible_to(user).filter(**{f: deal.pk})) == sees
        )


@pytest.mark.parametrize("state", DealState.values)
def test_no_move_but_those_of_the_table(agreed, state):
    """What the table does not allow is refused whatever the role; final states stay."""
    deal, people = agreed
    deal.state = state
    by = people["leader"]
    if not DEAL.allows(state, "exempted"):
        with pytest.raises(Refused):
            actions.give_up(deal=deal, outcome="exempted", reason="x", by=by, at=AT)
    if state != "valued":
        with pytest.raises(Refused):
            actions.approve_conversion(deal=deal, percent=Decimal(1), note="", by=by, at=AT)
    if state != "exited":
        with pytest.raises(Refused):
            actions.distribute(deal=deal, by=people["finance"], at=AT)
    if state != "agreed":
        with pytest.raises(Refused):
            actions.settle(deal=deal, trustee=deal.firm, by=people["manager"], at=AT)
    if state != "holding":
        with pytest.raises(Refused):
            proposed(deal, people)
