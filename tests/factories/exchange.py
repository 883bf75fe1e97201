"""Demands of enterprises."""

from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from exchange import actions
from exchange.models import Demand, IpOwnership
from tests.factories.accounts import OrganisationFactory, member_of
from tests.factories.reviews import bid_call, manager_of


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
