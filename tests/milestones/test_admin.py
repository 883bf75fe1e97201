import pytest
from django.urls import reverse
from django.utils import timezone

from core.calendar import end_of_day
from milestones.admin import end_of_month
from milestones.models import Acceptance, Milestone
from milestones.states import MilestoneState
from notifications.models import Deadline
from tests.factories.milestones import AT, agreement, hand_in, milestone_of, people_of, project_call

pytestmark = pytest.mark.django_db
LIST = "admin:milestones_milestone_changelist"


def address(milestone, name="change"):
    return reverse(f"admin:milestones_milestone_{name}", args=[milestone.pk])


@pytest.mark.parametrize(
    ("who", "rows"), [("manager", 2), ("other_manager", 0), ("leader", 2), ("finance", 2), ("auditor", 2)]
)
def test_the_board_shows_what_the_officer_sees(client, project, who, rows):
    found, people = project
    client.force_login(people[who])
    response = client.get(reverse(LIST))
    assert response.context["cl"].result_count == rows
    assert client.get(address(milestone_of(found))).status_code == (200 if rows else 404)


@pytest.mark.parametrize("who", ["team", "unit_admin", "demander", "district", "stranger"])
def test_the_board_is_for_the_bureau(client, project, who):
    _found, people = project
    client.force_login(people[who])
    assert client.get(reverse(LIST)).status_code == 302


def test_the_manager_concludes(client, project):
    found, people = project
    milestone = milestone_of(found)
    client.force_login(people["manager"])
    assert client.get(address(milestone, "conclude")).status_code == 403
    hand_in(milestone)
    body = client.get(address(milestone)).content.decode()
    assert "样机完成，海试三次。" in body
    assert "报告.pdf" in body
    response = client.post(address(milestone, "conclude"), {"outcome": "returned", "note": ""})
    assert response.status_code == 422
    assert "请写明理由" in response.content.decode()
    response = client.post(address(milestone, "conclude"), {"outcome": "accepted", "note": "核实"})
    assert response.status_code == 302
    assert Milestone.objects.get(pk=milestone.pk).state == MilestoneState.ACCEPTED
    assert Acceptance.objects.get().by == people["manager"]


@pytest.mark.parametrize("who", ["leader", "finance", "auditor", "expert"])
def test_others_of_the_bureau_only_look(client, project, who):
    found, people = project
    milestone = milestone_of(found)
    hand_in(milestone)
    client.force_login(people[who])
    response = client.post(address(milestone, "conclude"), {"outcome": "accepted", "note": ""})
    assert response.status_code in (302, 403, 404)
    assert not Acceptance.objects.exists()


def test_acceptance_without_the_opinion_is_refused_with_its_clause(client, project):
    found, people = project
    milestone = milestone_of(found, "final")
    hand_in(milestone)
    client.force_login(people["manager"])
    assert "填写前不能通过" in client.get(address(milestone)).content.decode()
    response = client.post(address(milestone, "conclude"), {"outcome": "accepted", "note": "好"})
    assert response.status_code == 422
    assert response.context["form"].errors == {"outcome": ["发榜方还没有填写验收意见，不能通过。"]}


def test_a_returned_milestone_can_be_failed(client, project):
    found, people = project
    milestone = milestone_of(found)
    hand_in(milestone)
    client.force_login(people["manager"])
    client.post(address(milestone, "conclude"), {"outcome": "returned", "note": "缺报告"})
    response = client.post(address(milestone, "fail"), {"note": "逾期未补"})
    assert (response.status_code, "退回补充的期限是" in response.content.decode()) == (422, True)
    Deadline.objects.open().filter(object_id=milestone.pk, kind="milestone").update(due_at=AT)
    assert client.post(address(milestone, "fail"), {"note": "逾期未补"}).status_code == 302
    assert Milestone.objects.get(pk=milestone.pk).state == MilestoneState.FAILED


@pytest.mark.parametrize("when", ["check", "overdue", "month", "later"])
def test_the_board_is_filtered_by_when_things_are_due(client, project, when):
    found, people = project
    hand_in(milestone_of(found))
    client.force_login(people["manager"])
    shown = list(client.get(reverse(LIST), {"when": when}).context["cl"].queryset)
    final = milestone_of(found, "final")
    today = timezone.localdate()
    expected = {
        "check": [milestone_of(found)],
        "overdue": [final] if final.due_date < today else [],
        "month": [final] if today <= final.due_date <= end_of_month(today) else [],
        "later": [final] if final.due_date > end_of_month(today) else [],
    }[when]
    assert shown == expected


def test_a_month_ends_on_its_last_day():
    assert str(end_of_month(end_of_day(AT.date()).date())) == "2026-09-30"


@pytest.mark.parametrize("rows", [1, 15])
def test_the_board_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    call = project_call()
    for _ in range(rows):
        found = agreement(call=call)
    client.force_login(people_of(found)["manager"])
    client.get(reverse(LIST))
    with django_assert_num_queries(7):
        response = client.get(reverse(LIST))
    assert response.context["cl"].result_count == 2 * rows
