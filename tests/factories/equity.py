"""Deals for tests: a signed project whose notice says that its money becomes a share."""

from decimal import Decimal

from django.db import connection, transaction

from accounts.models import Membership, Organisation
from accounts.roles import UnitRole
from equity import actions
from equity.models import Deal, EquityTerms, PayeeTemplate, TriggerTemplate
from grants.models import Instrument
from milestones.models import MilestoneTemplate
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.grants import in_order
from tests.factories.milestones import AT, TEMPLATES, agreement, evidence
from tests.factories.reviews import CallFactory, publish

PAYEES = (("运营方", 30, False), ("推荐孵化器", 40, False), ("资金池", 30, True))
TERMS = {
    "max_percent": Decimal(25),
    "buy_back_after_months": 12,
    "buy_back_months": 24,
    "price_formula": "original_interest",
    "interest_percent": Decimal("3.65"),
    "clause": "第七条",
    "report_clause": "第八条",
    "exit_clause": "第九条",
    "split_clause": "第十条",
}


def equity_call(*, instrument=Instrument.CONVERTIBLE, payees=PAYEES, triggers=True, **terms):
    """A published call whose money becomes a share."""
    call = CallFactory(instrument=instrument)
    in_order(MilestoneTemplate, TEMPLATES, call=call, deliverable="按通知")
    EquityTerms.objects.create(call=call, **TERMS | terms)
    if triggers:
        TriggerTemplate.objects.create(
            call=call, order=1, kind="financing", amount=Decimal(2_000_000), months=24, clause="第六条"
        )
        TriggerTemplate.objects.create(
            call=call, order=2, kind="milestone", milestone_code="final", months=30, clause="第六条"
        )
    for order, (name, share, is_pool) in enumerate(payees, start=1):
        PayeeTemplate.objects.create(call=call, order=order, name=name, share=share, is_pool=is_pool)
    return publish(call)


def deal_of(call=None) -> Deal:
    """A deal as the agreement made it."""
    found = agreement(call=call or equity_call(), amount=Decimal(1_000_000))
    return Deal.objects.get(agreement=found)


def with_trustee(people, trustee=None) -> Organisation:
    """A trustee with a member, who is added to the people around the deal."""
    trustee = trustee or OrganisationFactory(name="青岛科创受托管理有限公司")
    people["trustee"] = UserFactory()
    Membership.objects.create(user=people["trustee"], organisation=trustee, role=UnitRole.MEMBER)
    return trustee


def settled(deal, people, *, at=AT, trustee=None) -> None:
    trustee = with_trustee(people, trustee)
    actions.settle(deal=deal, trustee=trustee, by=people["manager"], at=at)


def file(name="依据.pdf"):
    return evidence(name)


def held(deal, people, *, at=AT, shares=Decimal(200_000), others=(("张三", Decimal(800_000)),)) -> None:
    """On to the registered share: triggered, valued, approved, registered."""
    trigger = deal.triggers.get(kind="financing")
    day = at.date()
    actions.report_trigger(
        trigger=trigger, met_date=day, evidence="甲轮投资协议", file=file(), by=people["team"], at=at
    )
    actions.confirm_trigger(trigger=trigger, by=people["manager"], at=at)
    deal.refresh_from_db()
    actions.record_valuation(
        deal=deal,
        as_of_date=day,
        post_money=Decimal(5_000_000),
        basis="round",
        file=file(),
        by=people["trustee"],
        at=at,
    )
    actions.approve_conversion(deal=deal, percent=Decimal(20), note="", by=people["leader"], at=at)
    actions.register(
        deal=deal,
        shares=shares,
        others=list(others),
        registered_date=day,
        file=file(),
        by=people["manager"],
        at=at,
    )


def whole_in_time():
    """Check deferred constraints now."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
