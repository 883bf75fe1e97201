"""The pages of duties: lists of constant cost, the form that saves itself, the desk, the API."""

import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from applications import actions as applications
from duties import queries
from duties.models import AcceptedBy, Duty
from duties.states import DutyState
from tests.factories.accounts import UserFactory, member_of
from tests.factories.applications import filled
from tests.factories.duties import hand_in, paper, term
from tests.factories.grants import CallFactory
from tests.factories.reviews import manager_of

pytestmark = pytest.mark.django_db


def owed(*terms):
    application = filled(call=CallFactory(parts__duties=terms or [term()]))
    applications.submit(application=application, by=application.created_by, at=timezone.now())
    return queries.with_subject(Duty.objects.all()).first(), User.objects.get(pk=application.created_by_id)


def page(duty) -> str:
    return reverse("duties:duty", args=[duty.pk])


def test_the_leader_saves_piece_by_piece_uploads_and_hands_in(client):
    duty, leader = owed()
    client.force_login(leader)
    shown = client.get(page(duty))
    assert (shown.status_code, "佐证材料" in shown.content.decode()) == (200, True)
    sent = json.dumps({"values": {"a-note": ["附后"]}, "questions": ["note"]})
    client.patch(page(duty), sent, content_type="application/json")
    empty = client.post(page(duty), {"do": "hand_in", "a-note": "附后"})
    assert (empty.status_code, "材料：必填。" in empty.content.decode()) == (422, True)
    url = reverse("duties:upload", args=[duty.pk, "files"])
    assert client.post(url, {"file": paper()}).status_code == 200
    assert client.post(page(duty), {"do": "hand_in", "a-note": "附后"}).status_code == 302
    duty.refresh_from_db()
    assert (duty.state, duty.answers["note"]) == (DutyState.HANDED_IN, "附后")


def test_a_stranger_finds_nothing_and_a_reader_may_not_write(client):
    duty, _leader = owed()
    client.force_login(UserFactory())
    assert client.get(page(duty)).status_code == 404
    assert client.post(page(duty), {"do": "save"}).status_code == 404
    client.force_login(User.objects.get(pk=manager_of(duty.term.call).pk))
    assert client.get(page(duty)).status_code == 200
    assert client.post(page(duty), {"do": "save"}).status_code == 403
    client.logout()
    assert client.get(page(duty)).status_code == 302


def test_the_list_costs_the_same_with_one_and_with_three(client, django_assert_num_queries):
    _duty, leader = owed()
    client.force_login(leader)
    url = reverse("duties:list")
    client.get(url)
    with django_assert_num_queries(7):
        assert client.get(url).content.decode().count("<h3>") == 1
    terms = [term(f"t{number}") for number in range(3)]
    application = filled(call=CallFactory(parts__duties=terms), created_by=leader)
    applications.submit(application=application, by=leader, at=timezone.now())
    with django_assert_num_queries(7):
        assert client.get(url).content.decode().count("<h3>") == 4
    assert "没有符合条件的事项" in client.get(url, {"q": "查无此项"}).content.decode()
    assert client.get(url, {"state": "owed"}).content.decode().count("<h3>") == 4


def test_application_and_notice_say_what_is_owed(client):
    text = "附查新报告。"
    duty, leader = owed(term(text=text, blocks="decision"))
    client.force_login(leader)
    shown = client.get(reverse("applications:detail", args=[duty.application_id])).content.decode()
    assert page(duty) in shown
    notice = client.get(reverse("portal:call", args=[duty.term.call_id])).content.decode()
    assert "提交申报书后 10 个工作日内；完成之前不得立项决定。附查新报告。" in notice


def test_the_officer_accepts_waives_and_exports_on_the_desk(client):
    duty, leader = owed()
    hand_in(duty, by=leader)
    client.force_login(User.objects.get(pk=manager_of(duty.term.call).pk))
    listed = client.get(reverse("admin:duties_duty_changelist"), {"when": "check"}).content.decode()
    assert "佐证材料" in listed
    one = client.get(reverse("admin:duties_duty_change", args=[duty.pk])).content.decode()
    assert "材料.pdf" in one
    export = client.get(reverse("admin:duties_duty_export"))
    assert (export.status_code, export.content[:2]) == (200, b"PK")
    url = reverse("admin:duties_duty_conclude", args=[duty.pk])
    assert client.post(url, {"outcome": "returned", "note": ""}).status_code == 422
    assert client.post(url, {"outcome": "accepted", "note": ""}).status_code == 302
    assert Duty.objects.get().state == DutyState.DONE


def test_the_administrator_of_the_unit_accepts_in_the_portal(client):
    duty, leader = owed(term(accepted_by=AcceptedBy.UNIT))
    hand_in(duty, by=leader)
    admin = member_of(duty.application.organisation, role="admin")
    client.force_login(admin)
    url = reverse("duties:conclude", args=[duty.pk])
    assert client.post(url, {"outcome": "returned", "note": ""}).status_code == 422
    assert client.post(url, {"outcome": "returned", "note": "缺章"}).status_code == 302
    assert Duty.objects.get().state == DutyState.RETURNED
    client.force_login(leader)
    assert client.post(url, {"outcome": "accepted", "note": ""}).status_code == 403


def test_the_api_lists_what_the_reader_sees(client):
    duty, leader = owed()
    client.force_login(leader)
    found = client.get("/api/v1/duties/", {"state": "open"}).json()["results"]
    assert [(row["code"], row["application"], row["clause"]) for row in found] == [
        ("summary", duty.application_id, "第四条")
    ]
    client.force_login(UserFactory())
    assert client.get("/api/v1/duties/").json()["results"] == []
