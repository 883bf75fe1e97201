"""Out of the share: who may buy it for how much, and who gets the money."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from core.calendar import local_date
from core.workflow import Lost, Refused
from equity import actions, queries, rules
from equity.models import (
    Deal,
    Distribution,
    DistributionLine,
    Exit,
)
from equity.states import DealState, ExitState, WindowState
from tests.equity.helpers import agreeing, clock, owes_step, proposed, sums_hold
from tests.factories.milestones import AT

TODAY = local_date(AT)

pytestmark = pytest.mark.django_db


def test_the_team_buys_back_within_its_window_for_no_less_than_the_formula(held):
    deal, people = held
    window = queries.window_of(deal)
    inside = AT + timedelta(days=400)
    with pytest.raises(Refused, match="回购期是"):
        actions.declare_buy_back(window=window, offer=Decimal(2_000_000), note="", by=people["team"], at=AT)
    # 1 000 000 and 3.65 per cent a year for 400 days.
    with pytest.raises(Refused, match="104 万元"):
        actions.declare_buy_back(
            window=window, offer=Decimal("1039999.99"), note="", by=people["team"], at=inside
        )
    actions.declare_buy_back(window=window, offer=Decimal(1_040_000), note="", by=people["team"], at=inside)
    assert (window.state, clock(window)) == (WindowState.DECLARED, set())
    assert owes_step(deal, people, inside) == ({"manager"}, "办理团队回购")
    with pytest.raises(Refused, match="不能低于"):
        proposed(deal, people, at=inside, price=Decimal(1_000_000))
    with pytest.raises(Refused, match="团队优先"):
        proposed(deal, people, at=inside, kind="transfer", price=Decimal(9_000_000))
    found = proposed(deal, people, at=inside, price=Decimal(1_040_000))
    assert owes_step(deal, people, inside) == ({"leader"}, "决定是否批准退出")
    actions.refuse_exit(exit_=found, reason="价格偏低", by=people["leader"], at=inside)
    window.refresh_from_db()
    assert (deal.state, window.state, clock(window)) == ("holding", "open", {"equity_buy_back"})
    assert clock(deal) == {"equity_valuation"}
    assert agreeing(inside) == []
    with pytest.raises(Refused, match="团队优先"):
        proposed(deal, people, at=inside, kind="transfer", price=Decimal(9_000_000))


def test_of_two_exits_at_once_one_wins(held):
    deal, people = held
    other = Deal.objects.get(pk=deal.pk)
    found = proposed(deal, people)
    with pytest.raises(Lost):
        proposed(other, people)
    with pytest.raises(DatabaseError), transaction.atomic():
        Exit.objects.create(
            deal=deal,
            kind="buy_back",
            price_formula="original",
            least=1,
            price=1,
            counterparty="x",
            reason="x",
            proposed_by=people["manager"],
            proposed_at=AT,
        )
    assert Exit.objects.get(deal=deal) == found
    for change in ({"price": 1}, {"state": "settled"}, {"state": "approved", "received": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Exit.objects.filter(pk=found.pk).update(**change)
    actions.approve_exit(exit_=found, note="", by=people["leader"], at=AT)
    actions.refuse_exit(exit_=found, reason="受让方没有付款", by=people["leader"], at=AT)
    assert (deal.state, found.state, agreeing()) == ("holding", "refused", []), "not stuck for ever"


def test_income_is_split_to_the_cent_and_the_rest_goes_to_the_pool(held):
    deal, people = held
    seen = Deal.objects.get(pk=deal.pk)
    found = proposed(deal, people, price=Decimal("1100000.01"))
    book = {"received_date": TODAY, "voucher": "收-1", "by": people["finance"], "at": AT}
    with pytest.raises(Refused, match="待批准"):
        actions.book_exit(exit_=found, received=Decimal("1100000.01"), **book)
    actions.approve_exit(exit_=found, note="同意", by=people["leader"], at=AT)
    assert owes_step(deal, people) == ({"finance"}, "登记退出资金到账")
    with pytest.raises(Refused, match="批准的价格"):
        actions.book_exit(exit_=found, received=Decimal(1_100_000), **book)
    actions.book_exit(exit_=found, received=Decimal("1100000.01"), **book)
    assert (deal.state, found.state, agreeing()) == ("exited", ExitState.SETTLED, [])
    assert queries.due_report(deal) is None
    assert owes_step(deal, people) == ({"finance"}, "分配收益")
    table = {"shares": Decimal(1), "others": [("张三", Decimal(9))], "as_of_date": TODAY, "occasion": "x"}
    with pytest.raises(Refused, match="已退出"):
        actions.restructure(deal=seen, file=None, **table, by=people["manager"], at=AT)
    deal.refresh_from_db()
    distribution = actions.distribute(deal=deal, by=people["finance"], at=AT)
    sums_hold()
    # Of 100 000.01: 30 000.00 (cut), 40 000.00 (cut), the pool its share, the odd cent and the principal.
    assert list(distribution.lines.values_list("payee", "amount")) == [
        ("运营方", Decimal("30000.00")),
        ("推荐孵化器", Decimal("40000.00")),
        ("资金池", Decimal("1030000.01")),
    ]
    assert (deal.state, clock(deal), agreeing()) == (DealState.CLOSED, set(), [])
    with pytest.raises(DatabaseError), transaction.atomic():
        DistributionLine.objects.create(
            distribution=distribution, payee="他", share=1, amount=1, is_pool=False
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        Distribution.objects.update(amount=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Deal.objects.filter(pk=deal.pk).update(ending="x")


def test_a_loss_leaves_nothing_to_split(held):
    deal, _people = held
    payees = queries.payees_of_call(deal.application.call)
    parts = rules.split(Decimal("999.99"), Decimal(1000), payees)
    assert [amount for _row, amount in parts] == [0, 0, Decimal("999.99")]
