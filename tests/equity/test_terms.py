"""What a notice says of shares."""

import pytest
from django.db import DatabaseError, transaction

from core.workflow import Refused
from equity import queries, rules
from equity.models import (
    BuyBackWindow,
)
from equity.states import ReportState
from tests.equity.helpers import clock
from tests.factories.equity import deal_of, equity_call, settled
from tests.factories.milestones import people_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"payees": (("运营方", 30, False), ("资金池", 60, True))}, "100%"),
        ({"payees": (("运营方", 30, False), ("孵化器", 70, False))}, "资金池"),
        ({"triggers": False}, "触发条件"),
        ({"instrument": "grant"}, "不能写股权条件"),
    ],
)
def test_a_notice_is_published_only_with_terms_that_are_whole(wrong, sentence):
    call = equity_call(**wrong)
    with pytest.raises(Refused, match=sentence):
        rules.check_terms(call)


def test_terms_are_frozen_and_money_invested_at_once_waits_for_no_trigger():
    call = equity_call(instrument="equity", triggers=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        queries.terms_of(call).save()
    deal = deal_of(call)
    people = people_of(deal.agreement)
    settled(deal, people)
    assert (deal.state, clock(deal)) == ("triggered", {"equity_conversion"})
    assert queries.due_report(deal).state == ReportState.DUE
    assert BuyBackWindow.objects.filter(deal=deal).count() == 0
