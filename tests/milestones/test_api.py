import json

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from milestones.models import Milestone, Report
from milestones.states import MilestoneState
from tests.factories.milestones import (
    PARTIES,
    PEOPLE,
    agreement,
    evidence,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)

pytestmark = pytest.mark.django_db


def caller(user) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_without_signing_in_nothing_is_told(project):
    assert APIClient().get("/api/v1/milestones/").status_code in (401, 403)


@pytest.mark.parametrize("who", PEOPLE)
def test_the_list_follows_the_matrix(project, who):
    found, people = project
    rows = caller(people[who]).get("/api/v1/milestones/").json()["results"]
    assert [row["code"] for row in rows] == (["prototype", "final"] if who in PARTIES else [])
    address = f"/api/v1/milestones/{milestone_of(found).pk}/"
    assert caller(people[who]).get(address).status_code == (200 if who in PARTIES else 404)


def test_from_evidence_to_acceptance(project):
    found, people = project
    milestone = milestone_of(found, "final")
    base = f"/api/v1/milestones/{milestone.pk}"
    assert caller(people["demander"]).post(f"{base}/give_opinion/", {"opinion": "accept"}).status_code == 404
    data = {"text": "验收材料", "values": json.dumps({}), "spent_amount": "1000.00", "files": [evidence()]}
    response = caller(people["demander"]).post(f"{base}/hand_in/", data, format="multipart")
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "forbidden"
    response = caller(people["team"]).post(
        f"{base}/hand_in/", {**data, "files": [evidence()]}, format="multipart"
    )
    assert response.status_code == 200
    assert response.json()["state"] == "submitted"
    assert len(response.json()["reports"]) == 1
    response = caller(people["manager"]).post(f"{base}/conclude/", {"outcome": "accepted"})
    assert response.status_code == 422
    assert response.json()["error"] == {
        "code": "refused",
        "message": "发榜方还没有填写验收意见，不能通过。",
        "field": "outcome",
        "clause": "第十二条",
    }
    assert caller(people["demander"]).post(f"{base}/give_opinion/", {"opinion": "accept"}).status_code == 200
    assert caller(people["manager"]).post(f"{base}/conclude/", {"outcome": "accepted"}).status_code == 200
    again = caller(people["manager"]).post(f"{base}/conclude/", {"outcome": "accepted"})
    assert again.status_code == 409
    assert Milestone.objects.get(pk=milestone.pk).state == MilestoneState.ACCEPTED


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"text": "x", "spent_amount": "NaN"},
        {"text": "x", "spent_amount": "1", "values": "[1]", "files": "x"},
        {"text": "x", "spent_amount": "1", "values": "{", "files": "x"},
        {"text": "x", "spent_amount": "1", "values": "[" * 100_000, "files": "x"},
        {"text": "x", "spent_amount": "1", "values": r'{"\ud800": 1}', "files": "x"},
    ],
)
def test_bad_input_is_named(project, data):
    found, people = project
    address = f"/api/v1/milestones/{milestone_of(found).pk}/hand_in/"
    response = caller(people["team"]).post(address, data, format="multipart")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid"
    assert not Report.objects.exists()


@pytest.mark.parametrize("rows", [1, 15])
def test_the_list_costs_the_same_for_any_number(django_assert_num_queries, rows):
    call = project_call()
    for _ in range(rows):
        found = agreement(call=call)
        hand_in(milestone_of(found))
    client = caller(people_of(found)["manager"])
    client.get(reverse("api:milestone-list"))
    with django_assert_num_queries(3):
        assert len(client.get(reverse("api:milestone-list")).json()["results"]) == 2 * rows
