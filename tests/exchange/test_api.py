"""/api/v1/demands/."""

import pytest
from django.utils import timezone

from exchange import actions
from exchange.models import Demand
from exchange.states import DemandState
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of
from tests.factories.exchange import DemandFactory
from tests.factories.reviews import bid_call, manager_of

pytestmark = pytest.mark.django_db
URL = "/api/v1/demands/"


def test_the_list_is_ones_own_and_closed_to_visitors(client):
    mine, _other = DemandFactory(), DemandFactory()

    assert client.get(URL).status_code in (401, 403)
    client.force_login(mine.created_by)
    assert [row["id"] for row in client.get(URL).json()["results"]] == [mine.pk]
    client.force_login(UserFactory())
    assert client.get(URL).json()["results"] == []
    assert client.get(f"{URL}{mine.pk}/").status_code == 404


def test_a_demand_goes_its_way_by_the_api(client):
    demand = DemandFactory()
    manager = manager_of(demand.call)

    client.force_login(demand.created_by)
    assert client.post(f"{URL}{demand.pk}/submit/").json()["state"] == DemandState.SUBMITTED
    client.force_login(manager)
    opinion = {"accept": True, "opinion": "可行"}
    assert client.post(f"{URL}{demand.pk}/argue/", opinion).json()["state"] == DemandState.ARGUED
    listed = client.post(f"{URL}{demand.pk}/list/", {"number": "QD-9"}).json()

    assert (listed["state"], listed["topic_number"]) == (DemandState.LISTED, "QD-9")


@pytest.mark.parametrize("move", ["argue", "return", "list"])
def test_the_unit_does_not_handle_its_own_demand(client, move):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    client.force_login(demand.created_by)

    answer = client.post(f"{URL}{demand.pk}/{move}/", {"accept": True, "opinion": "可", "reason": "不"})

    assert answer.status_code == 422
    assert Demand.objects.get().state == DemandState.SUBMITTED


def test_what_comes_too_late_is_a_conflict_in_the_one_shape_of_error(client):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    client.force_login(demand.created_by)

    answer = client.post(f"{URL}{demand.pk}/submit/")

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "not_allowed"


def test_bad_input_is_a_sentence_with_its_field(client):
    demand = DemandFactory()
    actions.submit(demand=demand, by=demand.created_by, at=timezone.now())
    client.force_login(manager_of(demand.call))

    answer = client.post(f"{URL}{demand.pk}/argue/", {"accept": "perhaps", "opinion": "可"})

    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "accept")


def test_the_list_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    unit = OrganisationFactory()
    user = member_of(unit)
    call = bid_call()
    client.force_login(user)

    for count in (1, 30):
        while Demand.objects.count() < count:
            DemandFactory(organisation=unit, call=call, created_by=user)
        with django_assert_num_queries(5):
            assert len(client.get(URL).json()["results"]) == count
