"""The registered share and its cap tables: within the cap, whole, never the largest."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from core.calendar import local_date
from core.workflow import Refused
from equity import actions, queries
from equity.models import (
    CapTable,
    Deal,
    Holding,
    Shareholding,
    Trigger,
    Valuation,
)
from tests.equity.helpers import agreeing, reported, sums_hold
from tests.factories.equity import file
from tests.factories.milestones import AT

TODAY = local_date(AT)
LATER = AT + timedelta(days=800)

pytestmark = pytest.mark.django_db


def approved(deal, people):
    """A deal whose conversion is approved at 20 per cent."""
    trigger = deal.triggers.first()
    reported(trigger, by=people["team"])
    actions.confirm_trigger(trigger=trigger, by=people["manager"], at=AT)
    deal.refresh_from_db()
    value = {"post_money": Decimal(5_000_000), "basis": "round", "by": people["trustee"], "at": AT}
    actions.record_valuation(deal=deal, as_of_date=TODAY, file=file(), **value)
    actions.return_valuation(deal=deal, reason="依据不足", by=people["leader"], at=AT)
    with pytest.raises(Refused, match="已经登记过"):
        actions.record_valuation(deal=deal, as_of_date=TODAY, file=file(), **value)
    mended = value | {"post_money": Decimal(5_000_100)}
    actions.record_valuation(deal=deal, as_of_date=TODAY, file=file(), **mended)
    assert queries.last_valuation(deal).post_money == 5_000_100, "the same day, mended"
    actions.return_valuation(deal=deal, reason="没有备案", by=people["leader"], at=AT)
    actions.record_valuation(deal=deal, as_of_date=TODAY, file=file(), filing_number="备-1", **mended)
    assert queries.last_valuation(deal).filing_number == "备-1", "the same value, filed"
    with pytest.raises(Refused, match="不超过 25%"):
        actions.approve_conversion(deal=deal, percent=Decimal("25.01"), note="", by=people["leader"], at=AT)
    actions.approve_conversion(deal=deal, percent=Decimal(20), note="", by=people["leader"], at=AT)


def test_a_share_beyond_the_cap_or_the_largest_is_refused_by_rule_and_by_the_database(watching):
    deal, people = watching
    approved(deal, people)
    register = {"registered_date": TODAY, "file": file(), "by": people["manager"], "at": AT}
    founders = [("张三", Decimal(500_000)), ("李四", Decimal(300_000))]
    wrong = [
        (Decimal(200_001), founders, "shares", "超过批准"),
        (Decimal(200_000), [(f"股东{n}", Decimal(160_000)) for n in range(5)], "others", "第一大股东"),
        (Decimal(0), founders, "shares", "大于 0"),
        (Decimal(200_000), [], "others", "其他每一名"),
        (Decimal(200_000), [*founders, ("张三", Decimal(1))], "others", "不重复"),
        (Decimal(200_000), [*founders, (deal.trustee.name, Decimal(1))], "others", "不要再列入"),
    ]
    for shares, others, field, sentence in wrong:
        with pytest.raises(Refused, match=sentence) as refused:
            actions.register(deal=deal, shares=shares, others=others, **register)
        assert refused.value.field == field
    actions.register(deal=deal, shares=Decimal(200_000), others=founders, **register)
    sums_hold()
    assert [str(row) for row in queries.holding_of(deal).table.rows.all()] == [
        "张三",
        "李四",
        deal.trustee.name,
    ]
    attacks = [
        lambda: Holding.objects.update(until_date=LATER),
        lambda: CapTable.objects.update(shares=1),
        lambda: Shareholding.objects.update(shares=1),
        lambda: Shareholding.objects.create(table=queries.holding_of(deal).table, name="王五", shares=1),
        lambda: Deal.objects.filter(pk=deal.pk).update(valuation_due_date=None),
        lambda: Deal.objects.filter(pk=deal.pk).update(amount=1),
        lambda: Deal.objects.filter(pk=deal.pk).update(trustee=None),
        lambda: Trigger.objects.filter(deal=deal, state="met").update(evidence="x"),
        lambda: Trigger.objects.filter(deal=deal).update(by_date=TODAY),
        lambda: Valuation.objects.update(post_money=1),
    ]
    for attack in attacks:
        with pytest.raises(DatabaseError), transaction.atomic():
            attack()


def test_a_later_round_makes_another_cap_table_and_the_latest_counts(held, watching):
    deal, people = held
    on = TODAY + timedelta(days=90)
    founders = [("张三", Decimal(800_000)), ("蓝海创投", Decimal(600_000))]
    round_a = {"shares": Decimal(200_000), "others": founders, "as_of_date": on, "occasion": "A 轮增资"}
    round_a |= {"by": people["trustee"], "at": AT + timedelta(days=100)}
    wrong = [
        ({"as_of_date": TODAY}, "as_of_date", "晚于"),
        ({"as_of_date": TODAY + timedelta(days=101)}, "as_of_date", "不晚于今天"),
        ({"occasion": " "}, "occasion", "变动原因"),
        ({"shares": Decimal(500_000)}, "shares", "超过"),
        ({"others": [("张三", Decimal(10) ** 15)]}, "others", "过大"),
        ({"by": people["team"]}, "", "受托管理机构"),
    ]
    for change, field, sentence in wrong:
        with pytest.raises(Refused, match=sentence) as refused:
            actions.restructure(deal=deal, file=file(), **round_a | change)
        assert refused.value.field == field
    with pytest.raises(Refused, match="现在是"):
        actions.restructure(deal=watching[0], file=file(), **round_a | {"by": people["manager"]})
    assert queries.holding_of(deal).earlier == []
    actions.restructure(deal=deal, file=file(), **round_a)
    sums_hold()
    with pytest.raises(Refused, match="已经登记过"):
        actions.restructure(deal=deal, file=file(), **round_a)
    holding = queries.holding_of(deal)
    assert [(table.as_of_date, str(table)) for table in (holding.table, *holding.earlier)] == [
        (on, "12.5%"),
        (TODAY, "20%"),
    ]
    assert queries.deals(people["manager"]).get(pk=deal.pk).held_percent == Decimal("12.5")
    assert queries.dossier(deal).value == 5_000_000 * Decimal("0.125")
    assert {row.pk for row in CapTable.objects.visible_to(people["team"])} == {
        t.pk for t in holding.tables.all()
    }
    assert not CapTable.objects.visible_to(people["demander"]).exists()
    assert agreeing() == []


@pytest.mark.parametrize(
    ("shares", "rows"),
    [
        (Decimal(300), [(300, True), (700, False)]),  # above the cap
        (Decimal(200), [(200, True), (700, False)]),  # not the whole
        (Decimal(200), [(200, False), (800, False)]),  # not the public's
        (Decimal(200), [(200, True), *[(160, False)] * 5]),  # the largest
    ],
)
def test_the_database_holds_the_cap_table(agreed, shares, rows):
    deal, people = agreed

    def attack():
        recorded = {"recorded_by": people["manager"], "recorded_at": AT}
        until = TODAY + timedelta(days=1)
        holding = Holding.objects.create(deal=deal, registered_date=TODAY, until_date=until, **recorded)
        whole = {"total_shares": 1000, "max_percent": 25, "not_largest": True}
        table = CapTable.objects.create(holding=holding, as_of_date=TODAY, shares=shares, **whole, **recorded)
        for number, (held, is_public) in enumerate(rows):
            Shareholding.objects.create(table=table, name=str(number), shares=held, is_public=is_public)
        sums_hold()

    with pytest.raises(DatabaseError), transaction.atomic():
        attack()
