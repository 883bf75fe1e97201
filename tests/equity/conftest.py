"""One deal for all tests of a module: as the agreement made it, with a trustee, and held as a share."""

import pytest
from django.db import transaction

from equity.models import Deal
from tests.factories import equity
from tests.factories.milestones import People, people_of


@pytest.fixture(scope="package")
def world(django_db_setup, django_db_blocker):
    """(agreed, watching, held) deals of one call, in a transaction that is never committed."""
    with django_db_blocker.unblock(), transaction.atomic():
        call = equity.equity_call()
        deals = [equity.deal_of(call) for _number in range(3)]
        people = [people_of(deal.agreement) for deal in deals]
        office = people[0]
        for others in people[1:]:
            for name in ("manager", "leader", "finance", "auditor", "other_manager"):
                others[name] = office[name]
        equity.settled(deals[1], people[1])
        equity.settled(deals[2], people[2], trustee=deals[1].trustee)
        equity.held(deals[2], people[2])
        yield {name: (deal.pk, found) for name, deal, found in zip(NAMES, deals, people, strict=True)}
        transaction.set_rollback(True)


NAMES = ("agreed", "watching", "held")


def _fixture(name):
    @pytest.fixture(name=name)
    def found(world, db):
        key, people = world[name]
        # Whoever comes into being in one test is gone in the next.
        around = People(people.makers)
        around.update(people)
        return Deal.objects.get(pk=key), around

    return found


agreed, watching, held = (_fixture(name) for name in NAMES)
