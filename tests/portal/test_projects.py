from datetime import timedelta

import pytest
from django.urls import reverse

from awards.models import Agreement
from milestones import actions
from portal.projects import chart
from tests.factories.milestones import (
    AT,
    PARTIES,
    PEOPLE,
    agreement,
    awarded_application,
    draft_agreement,
    hand_in,
    milestone_of,
    people_of,
    project_call,
)
from tests.finance.helpers import instalment_of, pay

pytestmark = pytest.mark.django_db


def page(found):
    return reverse("portal:project", args=[found.pk])


@pytest.mark.parametrize("who", PEOPLE)
def test_a_project_is_for_its_parties(client, project, who):
    found, people = project
    pay(instalment_of(found), by=people["finance"])
    client.force_login(people[who])
    assert client.get(page(found)).status_code == (200 if who in PARTIES else 404)
    listed = [row.pk for row in client.get(reverse("portal:projects")).context["listing"]]
    assert listed == ([found.pk] if who in PARTIES else [])
    if who in PARTIES:
        body = client.get(page(found)).content.decode()
        whole = who in ("finance", "unit_admin", "unit_finance")
        assert ("6222021001123456789" in body) == whole
        assert ("6222***********6789" in body) == (not whole)


def test_strangers_are_asked_to_sign_in(client, project):
    found, _people = project
    for address in (page(found), reverse("portal:projects")):
        assert client.get(address).url == f"{reverse('account_login')}?next={address}"


@pytest.mark.parametrize(
    ("who", "before", "after"),
    [
        ("team", {"prototype": "提交材料", "final": "提交材料"}, {"prototype": "提交材料"}),
        ("manager", {}, {"final": "审核"}),
        ("demander", {}, {"final": "填写意见"}),
        ("leader", {}, {}),
    ],
)
def test_everybody_reads_what_they_have_to_do(client, project, who, before, after):
    found, people = project
    client.force_login(people[who])

    def acts():
        lines = client.get(page(found)).context["chart"].lines
        return {line.milestone.code: line.action for line in lines if line.action}

    assert acts() == before
    hand_in(milestone_of(found, "final"))
    assert acts() == after


def test_the_unit_is_led_to_signing(client):
    found = draft_agreement()
    people = people_of(found)
    client.force_login(people["unit_admin"])
    response = client.get(page(found))
    assert response.context["may_sign"] is True
    assert reverse("awards:agreement", args=[found.pk]) in response.content.decode()
    client.force_login(people["team"])
    assert client.get(page(found)).context["may_sign"] is False


def test_the_list_names_what_comes_next(client, project):
    found, people = project
    client.force_login(people["team"])
    row = client.get(reverse("portal:projects")).context["listing"].rows[0]
    assert (row.next_name, row.paid, row.amount) == ("样机", 0, 500_000)
    Agreement.objects.filter(pk=found.pk).update(state="completed")
    assert client.get(reverse("portal:projects")).context["listing"].rows == []
    assert len(client.get(reverse("portal:projects"), {"tab": "ended"}).context["listing"]) == 1
    assert client.get(reverse("portal:projects"), {"tab": "?", "cursor": "?"}).status_code == 200


def test_the_picture_follows_the_plan():
    found = agreement()
    milestones = [milestone_of(found), milestone_of(found, "final")]
    early = chart(found, milestones, acts={}, at=AT - timedelta(days=400))
    assert early.today is None
    assert [(line.start, line.tone, line.is_late) for line in early.lines] == [
        ("0.00", "good", False),
        (early.lines[0].width, "good", False),
    ]
    late = chart(found, milestones, acts={}, at=AT + timedelta(days=230))
    assert [(line.tone, line.is_late) for line in late.lines] == [("wait", True), ("good", False)]
    much = chart(found, milestones, acts={}, at=AT + timedelta(days=280))
    assert [line.tone for line in much.lines] == ["bad", "good"]


def test_a_failed_milestone_holds_its_money(client, project):
    found, people = project
    report = hand_in(milestone_of(found, "final"))
    actions.conclude(report=report, outcome="failed", note="未达标", by=people["manager"], at=AT)
    client.force_login(people["team"])
    assert "里程碑未通过，暂停拨付" in client.get(page(found)).content.decode()


@pytest.mark.parametrize("rows", [1, 30])
def test_the_list_costs_the_same_for_any_number(client, django_assert_num_queries, rows):
    call = project_call()
    for _ in range(rows):
        found = agreement(call=call)
    client.force_login(people_of(found)["manager"])
    client.get(reverse("portal:projects"))
    with django_assert_num_queries(7):
        listing = client.get(reverse("portal:projects")).context["listing"]
    assert listing.count == str(rows)


@pytest.mark.parametrize("number", [1, 10])
def test_a_page_costs_the_same_for_any_number_of_milestones(client, django_assert_num_queries, number):
    application = awarded_application(
        call=project_call(templates=(), plan=()),
        proposed=[
            {
                "name": f"第{n}步",
                "due_date": AT.date() + timedelta(days=30 * n),
                "deliverable": "样机",
                "indicators": [{"name": "指标", "unit": "个", "target": "1"}],
            }
            for n in range(1, number + 1)
        ],
    )
    found = agreement(application=application)
    client.force_login(application.created_by)
    client.get(page(found))
    with django_assert_num_queries(21):
        client.get(page(found))
