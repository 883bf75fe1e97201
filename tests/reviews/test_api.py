"""/api/v1/assignments/: the expert's own tasks."""

import pytest

from accounts.roles import Role
from reviews.models import Assignment, Criterion, Review
from reviews.states import AssignmentState
from tests.factories.accounts import UserFactory, officer
from tests.factories.reviews import ApplicationFactory, ExpertFactory, manager_of, sealed, task_for

pytestmark = pytest.mark.django_db
URL = "/api/v1/assignments/"


def sheet(task, *values):
    criteria = Criterion.objects.filter(call=task.application.call).order_by("order")
    scores = [{"criterion": c.pk, "value": str(v)} for c, v in zip(criteria, values, strict=False)]
    return {"scores": scores, "comment": "路线可行", "recommendation": "fund"}


def test_only_ones_own_tasks_are_listed_even_for_who_sees_everything(client):
    task = task_for(ApplicationFactory())
    task_for(task.application)

    for user in (manager_of(task.application.call), officer(Role.LEADER), UserFactory()):
        client.force_login(user)
        assert client.get(URL).json()["results"] == []
    client.force_login(task.expert.user)
    assert [row["id"] for row in client.get(URL).json()["results"]] == [task.pk]


def test_visitors_are_turned_away(client):
    assert client.get(URL).status_code in (401, 403)


def test_a_task_is_accepted_saved_and_submitted_by_the_api(client):
    application = ApplicationFactory()
    sealed(application)
    task = task_for(application, accepted=False)
    client.force_login(task.expert.user)
    url = f"{URL}{task.pk}/"
    json = "application/json"

    assert client.post(f"{url}accept/", {"pledge": False}, content_type=json).status_code == 422
    accepted = client.post(f"{url}accept/", {"pledge": True}, content_type=json).json()
    saved = client.post(f"{url}save/", sheet(task, 90), content_type=json).json()
    submitted = client.post(f"{url}submit/", sheet(task, 90, 80, 70), content_type=json).json()

    assert (accepted["state"], saved["total"]) == (AssignmentState.ACCEPTED, None)
    assert (submitted["state"], submitted["total"]) == (AssignmentState.SUBMITTED, "81.50")
    again = client.post(f"{url}submit/", sheet(task, 1, 1, 1), content_type=json)
    assert again.status_code == 409
    assert str(Review.objects.get().total) == "81.50"


def test_a_fault_names_its_field(client):
    task = task_for(ApplicationFactory())
    client.force_login(task.expert.user)
    bad = sheet(task, 101)

    answer = client.post(f"{URL}{task.pk}/save/", bad, content_type="application/json")

    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == f"score_{bad['scores'][0]['criterion']}"


def test_declining_needs_a_reason(client):
    task = task_for(ApplicationFactory())
    client.force_login(task.expert.user)

    assert client.post(f"{URL}{task.pk}/decline/", {}).status_code == 400
    assert client.post(f"{URL}{task.pk}/decline/", {"reason": "出差"}).json()["state"] == "declined"


def test_the_list_costs_the_same_for_one_and_for_thirty(client, django_assert_num_queries):
    expert = ExpertFactory(max_per_year=99)
    task = task_for(ApplicationFactory(), expert=expert)
    client.force_login(expert.user)

    for count in (1, 30):
        while Assignment.objects.count() < count:
            application = ApplicationFactory(call=task.application.call)
            task_for(application, expert=expert, accepted=False)
        with django_assert_num_queries(5):
            assert len(client.get(URL).json()["results"]) == count
