"""The API of accounts: visible units, the caller, one shape of error, constant queries."""

import pytest
from rest_framework.test import APIClient

from accounts import actions
from accounts.roles import Role, UnitRole
from tests.factories.accounts import (
    MembershipFactory,
    OrganisationFactFactory,
    OrganisationFactory,
    RoleAssignmentFactory,
    UserFactory,
    member_of,
    officer,
)

UNITS = "/api/v1/organisations/"


@pytest.fixture
def api():
    return APIClient()


def names(response):
    return [row["name"] for row in response.json()["results"]]


def test_the_public_gets_an_error_of_the_one_shape(api, db):
    response = api.get(UNITS)
    assert response.status_code in {401, 403}
    assert set(response.json()["error"]) == {"code", "message", "field", "clause"}
    assert response.json()["error"]["code"] == "not_authenticated"


def test_units_are_those_the_caller_may_see(api, db):
    mine, other = OrganisationFactory(name="甲"), OrganisationFactory(name="乙")
    api.force_authenticate(member_of(mine))
    assert names(api.get(UNITS)) == ["甲"]
    hidden = api.get(f"{UNITS}{other.pk}/")
    assert (hidden.status_code, hidden.json()["error"]["code"]) == (404, "not_found")
    api.force_authenticate(UserFactory())
    assert names(api.get(UNITS)) == []
    api.force_authenticate(officer())
    assert names(api.get(UNITS)) == ["乙", "甲"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"name": "海"}, ["海澜"]),
        ({"region": "3702"}, ["海澜"]),
        ({"kind": "university"}, ["大学"]),
        ({"credit_code": "91110000802100433B"}, ["大学"]),
    ],
)
def test_filters(api, db, query, expected):
    OrganisationFactory(name="海澜", region="370212")
    OrganisationFactory(name="大学", region="110000", kind="university", credit_code="91110000802100433B")
    api.force_authenticate(officer())
    assert names(api.get(UNITS, query)) == expected


def test_an_impossible_filter_names_its_field(api, db):
    api.force_authenticate(officer())
    response = api.get(UNITS, {"kind": "circus"})
    assert (response.status_code, response.json()["error"]["field"]) == (400, "kind")


def test_one_unit_comes_with_its_facts(api, db):
    unit = OrganisationFactory()
    OrganisationFactFactory(organisation=unit, text="GR1")
    api.force_authenticate(member_of(unit))
    body = api.get(f"{UNITS}{unit.pk}/").json()
    assert body["credit_code"] == unit.credit_code
    assert [(fact["kind"], fact["text"], fact["number"]) for fact in body["facts"]] == [
        ("high_tech", "GR1", None)
    ]


def test_nothing_can_be_written(api, db):
    unit = OrganisationFactory()
    api.force_authenticate(member_of(unit, UnitRole.ADMIN))
    assert api.post(UNITS, {}).status_code == 405
    assert api.patch(f"{UNITS}{unit.pk}/", {"name": "x"}).status_code == 405
    assert api.delete(f"{UNITS}{unit.pk}/").status_code == 405


def test_pages_follow_their_cursor(api, db):
    for _n in range(5):
        OrganisationFactory()
    api.force_authenticate(officer())
    first = api.get(UNITS, {"page_size": 3}).json()
    second = api.get(first["next"]).json()
    seen = [row["id"] for row in first["results"] + second["results"]]
    assert len(seen) == len(set(seen)) == 5
    assert second["next"] is None


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_takes_the_same_queries(api, db, rows, django_assert_num_queries):
    for _n in range(rows):
        OrganisationFactory(parent=OrganisationFactory())
    api.force_authenticate(officer())
    # offices, memberships, units
    with django_assert_num_queries(3):
        assert api.get(UNITS).status_code == 200


def test_me(api, db):
    unit = OrganisationFactory(name="甲")
    person = member_of(unit, UnitRole.FINANCE, name="李明", phone="13812345678")
    MembershipFactory(user=person, is_active=False)
    RoleAssignmentFactory(user=person, role=Role.EXPERT)
    RoleAssignmentFactory(user=person, role=Role.LEADER, is_active=False)
    api.force_authenticate(person)
    body = api.get("/api/v1/me/").json()
    assert (body["name"], body["phone"]) == ("李明", "13812345678")
    assert [(row["organisation"]["name"], row["role"]) for row in body["memberships"]] == [("甲", "finance")]
    assert body["roles"] == [{"role": "expert", "organisation": None, "region": ""}]


def test_a_token_opens_the_api_until_it_is_revoked(api, db):
    person = UserFactory()
    token = actions.create_token(by=person, at=person.date_joined)
    api.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")
    assert api.get("/api/v1/me/").json()["username"] == person.username
    actions.revoke_token(by=person, at=person.date_joined)
    assert api.get("/api/v1/me/").status_code in {401, 403}
