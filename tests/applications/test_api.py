"""Applications by API."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.roles import Role, UnitRole
from applications.models import Application
from applications.states import ApplicationState
from tests.factories.accounts import OrganisationFactory, UserFactory, member_of, officer
from tests.factories.applications import ApplicationFactory, filled, in_state, submitted
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db

LIST = "/api/v1/applications/"


def client_of(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_one_reads_what_one_may_see():
    mine, other = submitted(), submitted()
    rows = client_of(mine.created_by).get(LIST).json()["results"]
    assert [row["id"] for row in rows] == [mine.pk]
    detail = client_of(mine.created_by).get(f"{LIST}{mine.pk}/").json()
    assert detail["sha256"] == mine.submissions.get().sha256
    assert mine.participants.get().id_number not in str(detail)
    assert [line["code"] for line in detail["rule_results"]] == ["U1", "P1"]
    for user in (UserFactory(), other.created_by):
        assert client_of(user).get(f"{LIST}{mine.pk}/").status_code == 404
    assert APIClient().get(LIST).status_code in (401, 403)


def test_filters_and_drafts():
    application = filled()
    client = client_of(application.created_by)
    assert len(client.get(LIST, {"state": "draft"}).json()["results"]) == 1
    assert client.get(LIST, {"state": "awarded"}).json()["results"] == []
    assert client.get(LIST, {"state": "nonsense"}).status_code == 400
    assert [row["id"] for row in client.get(f"{LIST}drafts/").json()["results"]] == [application.pk]
    admin = member_of(application.organisation, UnitRole.ADMIN)
    assert client_of(admin).get(f"{LIST}drafts/").json()["results"] == []


def test_starting_answering_and_handing_in():
    call, unit = CallFactory(), OrganisationFactory()
    client = client_of(member_of(unit))
    answer = client.post(LIST, {"call": call.pk, "organisation": unit.pk}, format="json")
    assert answer.status_code == 201
    pk = answer.json()["id"]
    answer = client.patch(
        f"{LIST}{pk}/answers/", {"answers": {"route": "先仿真", "trl": "十"}}, format="json"
    )
    assert list(answer.json()["faults"]) == ["trl"]
    answer = client.post(f"{LIST}{pk}/submit/")
    assert answer.status_code == 422
    problems = answer.json()["error"]["problems"]
    assert {"field": "技术路线", "clause": "第六条", "message": "必填。"} not in problems
    assert "项目名称" in [problem["field"] for problem in problems]
    assert client.post(LIST, {"call": call.pk, "organisation": OrganisationFactory().pk}).status_code == 404


def test_a_second_submission_is_a_conflict():
    application = filled()
    client = client_of(application.created_by)
    assert client.post(f"{LIST}{application.pk}/submit/").json()["state"] == "unit_review"
    assert client.post(f"{LIST}{application.pk}/submit/").status_code == 409


def test_the_desks_move_by_api():
    application = submitted(organisation__region="370212")
    department = application.call.programme.department
    address = f"{LIST}{application.pk}/"
    admin = client_of(member_of(application.organisation, UnitRole.ADMIN))
    office = OrganisationFactory()
    recommender = client_of(officer(Role.RECOMMENDER, office, region="3702"))
    manager = client_of(officer(Role.PROGRAMME_MANAGER, department))
    author = client_of(application.created_by)
    assert author.post(f"{address}unit-approve/").status_code == 422
    assert admin.post(f"{address}unit-approve/").json()["state"] == "recommendation"
    assert admin.post(f"{address}recommend/", {"opinion": "x"}).status_code == 422
    waits = author.get(address).json()["recommendation"]
    assert (waits["kind"], waits["state"], waits["opinion"], waits["at"]) == ("region", "waiting", "", None)
    assert recommender.post(f"{address}recommend/", {"opinion": "同意"}).json()["state"] == "formal_check"
    read = [client.get(address).json()["recommendation"] for client in (recommender, manager, author, admin)]
    assert [found["state"] for found in read] == ["recommended"] * 4
    assert [found["opinion"] for found in read] == ["同意", "同意", "", ""]
    assert {found["name"] for found in read} == {office.name}
    assert manager.post(f"{address}pass/").status_code == 422
    assert manager.post(f"{address}return/", {"reason": ""}).status_code == 422
    assert manager.post(f"{address}return/", {"reason": "补"}).json()["state"] == "returned"
    assert author.post(f"{address}submit/").json()["state"] == "formal_check"
    rejection = {"reason": "超范围", "clause": "第三条"}
    assert manager.post(f"{address}reject/", rejection).json()["state"] == "rejected"
    assert manager.post(f"{address}appeal/", {"grounds": "认定有误，见附件证明。"}).status_code == 422
    assert author.post(f"{address}appeal/", {"grounds": "认定有误，见附件证明。"}).status_code == 200
    assert author.post(f"{address}appeal/", {"grounds": "认定有误，见附件证明。"}).status_code == 409
    assert author.post(f"{address}withdraw/", {"reason": "x"}).status_code == 422


def test_taking_back_by_api():
    application = submitted()
    address = f"{LIST}{application.pk}/take-back/"
    author = client_of(application.created_by)
    assert author.post(address).json()["state"] == "draft"
    assert author.post(address).status_code == 409


def test_unit_returns_and_withdrawals():
    application = submitted()
    address = f"{LIST}{application.pk}/"
    admin = client_of(member_of(application.organisation, UnitRole.ADMIN))
    assert admin.post(f"{address}unit-return/", {"reason": "补章"}).json()["state"] == "returned"
    assert admin.post(f"{address}withdraw/", {"reason": "不报了"}).json()["state"] == "withdrawn"


@pytest.mark.parametrize("number", [1, 30])
def test_the_list_costs_the_same_whatever_it_holds(number, django_assert_num_queries):
    call, unit = CallFactory(), OrganisationFactory()
    for _n in range(number):
        ApplicationFactory(call=call, organisation=unit)
    Application.objects.update(
        state=ApplicationState.FORMAL_CHECK, submitted_at=timezone.now(), submitted_by=UserFactory()
    )
    client = client_of(member_of(unit, UnitRole.ADMIN))
    with django_assert_num_queries(3):
        assert len(client.get(LIST).json()["results"]) == number


def test_applicants_do_not_read_how_far_the_bureau_has_come():
    application = in_state(ApplicationState.DECISION)
    applicant = client_of(application.created_by)
    manager = client_of(officer(Role.PROGRAMME_MANAGER, application.call.programme.department))
    assert applicant.get(f"{LIST}{application.pk}/").json()["state"] == "expert_review"
    assert manager.get(f"{LIST}{application.pk}/").json()["state"] == "decision"
    for state in ("expert_review", "demander_choice", "decision"):
        assert len(applicant.get(LIST, {"state": state}).json()["results"]) == 1
        found = manager.get(LIST, {"state": state}).json()["results"]
        assert len(found) == (state == "decision")
