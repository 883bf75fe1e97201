from decimal import Decimal

import pytest
from django.urls import reverse

from documents.models import Document
from milestones import actions
from milestones.models import DemanderOpinion, Indicator, Milestone, Report
from milestones.states import MilestoneState
from tests.factories.milestones import (
    AT,
    PARTIES,
    PEOPLE,
    draft_agreement,
    evidence,
    hand_in,
    milestone_of,
)

pytestmark = pytest.mark.django_db


def page(milestone):
    return reverse("milestones:milestone", args=[milestone.pk])


def typed(milestone, **changes):
    data = {"text": "海试三次，指标达到。", "spent_amount": "12.5", "files": [evidence()]}
    data |= {f"value_{indicator.pk}": "-168" for indicator in milestone.indicators.all()}
    return {name: value for name, value in (data | changes).items() if value is not None}


@pytest.mark.parametrize("who", PEOPLE)
def test_the_page_is_for_who_sees_the_project_and_its_form_for_the_team(client, project, who):
    found, people = project
    milestone = milestone_of(found)
    client.force_login(people[who])
    response = client.get(page(milestone))
    assert response.status_code == (200 if who in PARTIES else 404)
    if who in PARTIES:
        assert (response.context["form"] is not None) == (who in ("team", "unit_admin"))
    response = client.post(page(milestone), typed(milestone))
    expected = 404 if who not in PARTIES else 302 if who in ("team", "unit_admin") else 403
    assert response.status_code == expected
    assert Report.objects.count() == (expected == 302)


def test_strangers_are_asked_to_sign_in(client, project):
    found, _people = project
    address = page(milestone_of(found))
    assert client.get(address).url == f"{reverse('account_login')}?next={address}"


def test_what_was_handed_in_is_shown(client, project):
    found, people = project
    milestone = milestone_of(found)
    client.force_login(people["team"])
    response = client.post(
        page(milestone), typed(milestone, files=[evidence(), evidence("照片.pdf")]), follow=True
    )
    assert response.context["form"] is None
    report = Report.objects.get()
    assert (report.spent_amount, report.text) == (Decimal(125_000), "海试三次，指标达到。")
    assert sorted(Document.objects.about(report).values_list("name", flat=True)) == ["报告.pdf", "照片.pdf"]
    body = response.content.decode()
    assert "材料已提交，等待审核。" in body
    assert "照片.pdf" in body
    assert "-168" in body


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "长" * 4001}, "text"),
        ({"spent_amount": "很多"}, "spent_amount"),
        ({"spent_amount": "-1"}, "spent_amount"),
        ({"files": None}, "files"),
        ({"files": [evidence("a.exe")]}, "files"),
        ({"files": [evidence(f"{n}.pdf") for n in range(21)]}, "files"),
        ({"value": ""}, "value"),
    ],
)
def test_a_mistake_is_named_and_nothing_typed_is_lost(client, project, changes, field):
    found, people = project
    milestone = milestone_of(found)
    if field == "value":
        field = f"value_{Indicator.objects.get().pk}"
        changes = {field: ""}
    client.force_login(people["team"])
    data = typed(milestone, **changes)
    response = client.post(page(milestone), data)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    for name in ("text", "spent_amount"):
        assert response.context["form"][name].value() == data[name]
    assert Milestone.objects.get(pk=milestone.pk).state == MilestoneState.PLANNED


def test_a_script_gets_only_what_is_wrong(client, project):
    found, people = project
    milestone = milestone_of(found)
    client.force_login(people["team"])
    response = client.post(page(milestone), typed(milestone, text=""), headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert next(template.name for template in response.templates) == "portal/includes/_form_errors.html"
    assert "<form" not in response.content.decode()
    response = client.post(page(milestone), typed(milestone), headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == page(milestone)


def test_a_second_click_changes_nothing_and_keeps_what_was_typed(client, project):
    found, people = project
    milestone = milestone_of(found)
    client.force_login(people["team"])
    assert client.post(page(milestone), typed(milestone)).status_code == 302
    response = client.post(page(milestone), typed(milestone))
    assert response.status_code == 422
    assert "待审核" in response.content.decode()
    assert Report.objects.count() == 1


def test_before_signing_there_is_nothing_to_hand_in(client):
    found = draft_agreement()
    client.force_login(found.award.application.created_by)
    assert client.get(page(milestone_of(found))).context["form"] is None


@pytest.mark.parametrize("who", PEOPLE)
def test_the_opinion_page_is_for_the_demand_side(client, project, who):
    found, people = project
    report = hand_in(milestone_of(found, "final"))
    client.force_login(people[who])
    address = reverse("milestones:opinion", args=[report.pk])
    expected = 404 if who not in PARTIES else 200 if who == "demander" else 403
    assert client.get(address).status_code == expected
    response = client.post(address, {"opinion": "refuse", "text": "噪声偏高"})
    assert response.status_code == (302 if who == "demander" else expected)
    assert DemanderOpinion.objects.count() == (who == "demander")


def test_an_opinion_without_reason_is_sent_back(client, project):
    found, people = project
    report = hand_in(milestone_of(found, "final"))
    client.force_login(people["demander"])
    address = reverse("milestones:opinion", args=[report.pk])
    response = client.post(address, {"opinion": "refuse", "text": ""})
    assert response.status_code == 422
    assert response.context["form"].errors == {"text": ["有条件同意或不同意时，请写明条件或理由。"]}
    assert client.post(address, {"opinion": "accept"}).status_code == 302
    response = client.post(address, {"opinion": "accept"})
    assert response.status_code == 422
    assert "不能修改" in response.content.decode()


def test_the_demander_is_led_to_its_opinion(client, project):
    found, people = project
    milestone = milestone_of(found, "final")
    report = hand_in(milestone)
    client.force_login(people["demander"])
    assert client.get(page(milestone)).context["opinion_report"] == report
    client.force_login(people["team"])
    assert client.get(page(milestone)).context["opinion_report"] is None


@pytest.mark.parametrize("times", [1, 6])
def test_a_long_history_costs_no_more(client, project, django_assert_num_queries, times):
    found, people = project
    milestone = milestone_of(found)
    for number in range(times):
        report = hand_in(milestone, files=[evidence(f"{number}.pdf")])
        actions.conclude(report=report, outcome="returned", note="补充", by=people["manager"], at=AT)
    client.force_login(people["manager"])
    client.get(page(milestone))
    with django_assert_num_queries(13):
        client.get(page(milestone))
