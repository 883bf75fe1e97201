"""Demands of enterprises."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from exchange import actions
from exchange.models import Demand, IpOwnership
from grants.models import EligibilityRule, Sourcing
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.reviews import CallFactory, bid_call, manager_of, publish


class DemandFactory(DjangoModelFactory):
    """A complete draft; the secret stands in `problem` alone."""

    class Meta:
        model = Demand

    call = factory.LazyFunction(bid_call)
    organisation = factory.SubFactory(OrganisationFactory)
    title = factory.Sequence(lambda n: f"耐高压密封件寿命提升{n}")
    field = "海洋装备"
    problem = "本厂密封件在 60 MPa 下 300 小时失效，配方为机密甲"
    public_summary = "提高深海密封件的寿命"
    indicators = [{"name": "寿命", "target": "≥2000", "unit": "小时"}]
    amount = Decimal(2_000_000)
    offered_amount = Decimal(1_500_000)
    deadline_date = factory.LazyFunction(lambda: timezone.localdate() + timedelta(days=400))
    ip_ownership = IpOwnership.SHARED
    contact_name = "王经理"
    contact_phone = "13812345678"
    created_by = factory.LazyAttribute(lambda stub: member_of(stub.organisation))
    created_at = factory.LazyFunction(timezone.now)
    saved_at = factory.LazyFunction(timezone.now)


def submitted(**kwargs) -> Demand:
    demand = DemandFactory(**kwargs)
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    return demand


def argued(**kwargs) -> Demand:
    demand = submitted(**kwargs)
    actions.argue(
        demand=demand, opinion="指标可行", accept=True, by=manager_of(demand.call), at=timezone.now()
    )
    return demand


def tech_sme_call():
    """A call whose second clause asks the demand side for a certificate."""
    call = CallFactory(sourcing=Sourcing.DEMAND, closes_at=None, bid_days=20)
    EligibilityRule.objects.create(
        call=call,
        code="demander-sme",
        text="发榜方应为有效期内的科技型中小企业",
        clause="第二条",
        scope="unit",
        automation="auto",
        expression="unit.tech_sme",
        params={"applies_to": "demand"},
        order=1,
    )
    EligibilityRule.objects.create(
        call=call,
        code="bidder-only",
        text="揭榜方应为高校院所",
        clause="第四条",
        scope="unit",
        automation="auto",
        expression="unit.kind == 'university'",
        order=2,
    )
    return publish(call)
