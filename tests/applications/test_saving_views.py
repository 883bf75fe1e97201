"""Saving a part of an application, with scripts and without, and its files."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from applications import queries
from documents.models import Document
from tests.applications.workspace import open_as_author, url
from tests.factories.accounts import UserFactory
from tests.factories.applications import ApplicationFactory, filled, submitted

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def patch(client, address, values, **extra):
    return client.patch(address, json.dumps({"values": values, **extra}), content_type="application/json")


# ---- saving without scripts ----


def test_basics_are_saved_and_the_next_part_follows(client):
    application = open_as_author(client, ApplicationFactory())
    data = {"title": "水听器", "starts_date": "2027-01-01", "ends_date": "2027-12-31", "do": "next"}
    response = client.post(url(application, "basics"), data)
    assert response.url == url(application, "section", "solution")
    application.refresh_from_db()
    assert (application.title, application.ends_date.isoformat()) == ("水听器", "2027-12-31")


def test_what_is_wrong_is_said_and_kept(client):
    application = open_as_author(client, ApplicationFactory())
    data = {"title": "改了的", "starts_date": "2027-01-01", "ends_date": "2026-01-01"}
    response = client.post(url(application, "basics"), data)
    assert response.status_code == 422
    assert "结束日期应在开始日期之后。" in response.content.decode()
    application.refresh_from_db()
    assert application.starts_date is None
    page = client.get(url(application, "basics")).content.decode()
    assert 'value="2026-01-01"' in page
    assert 'value="改了的"' in page
    assert "结束日期应在开始日期之后。" in page
    client.post(url(application, "basics"), data | {"ends_date": "2027-12-01"})
    application.refresh_from_db()
    assert (application.typed, application.title) == ({}, "改了的")


def test_answers_are_saved_with_the_file(client):
    application = open_as_author(client, ApplicationFactory())
    data = {"a-route": "先仿真", "a-trl": "十", "a-plan": SimpleUploadedFile("方案书.pdf", PDF)}
    response = client.post(url(application, "section", "solution"), data)
    assert response.status_code == 422
    stored = queries.stored_answers(application)
    assert (stored["route"], stored["trl"], stored["plan"]["name"]) == (
        "先仿真",
        {"typed": "十"},
        "方案书.pdf",
    )
    page = client.get(url(application, "section", "solution")).content.decode()
    assert 'value="十"' in page
    assert "方案书.pdf" in page
    response = client.post(url(application, "section", "solution"), {"detach": "plan"})
    assert response.status_code == 302
    assert queries.stored_answers(application)["plan"] is None


def people(*rows, prefix="participants"):
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": 0}
    for index, row in enumerate(rows):
        data |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
    return data


def test_people_are_saved_and_id_numbers_masked(client):
    application = open_as_author(client, filled())
    stored = application.participants.get()
    page = client.get(url(application, "participants")).content.decode()
    assert stored.id_number not in page
    masked = f"{stored.id_number[:3]}***********{stored.id_number[-4:]}"
    row = {
        "role": "pi",
        "name": "周海声",
        "id_number": masked,
        "organisation_name": "甲",
        "credit_code": application.organisation.credit_code,
    }
    empty = {"role": "member"}
    response = client.post(url(application, "participants"), people(row, empty))
    assert response.status_code == 302
    assert application.participants.get().id_number == stored.id_number


def test_a_wrong_credit_code_is_named_and_nothing_typed_is_lost(client):
    application = open_as_author(client, filled())
    row = {"role": "pi", "name": "吴新", "organisation_name": "乙", "credit_code": "91370212MA3C4R5T6X"}
    response = client.post(url(application, "participants"), people(row))
    assert response.status_code == 422
    assert "91370212MA3C4R5T6X”不正确" in response.content.decode()
    assert application.participants.get().name == "周海声"
    page = client.get(url(application, "participants")).content.decode()
    assert 'value="吴新"' in page
    assert "未保存的内容" in client.get(url(application, "detail")).content.decode()


def test_a_person_marked_for_removal_goes(client):
    application = open_as_author(client, filled())
    code = application.organisation.credit_code
    rows = [
        {"role": "pi", "name": "周", "organisation_name": "甲", "credit_code": code},
        {"role": "member", "name": "李", "organisation_name": "甲", "credit_code": code, "DELETE": "on"},
    ]
    assert client.post(url(application, "participants"), people(*rows)).status_code == 302
    assert [person.name for person in application.participants.all()] == ["周"]


def test_the_budget_shows_its_sums_and_the_ratio(client):
    application = open_as_author(client, ApplicationFactory())
    call = application.call
    equipment = call.budget_categories.get(code="equipment").pk
    fiscal, own = (call.funding_sources.get(code=code).pk for code in ("fiscal", "own"))
    data = {f"cell-{equipment}-{fiscal}": "50", f"cell-{equipment}-{own}": "60.5"}
    assert client.post(url(application, "budget"), data).status_code == 302
    page = client.get(url(application, "budget")).content.decode()
    assert "自筹 60.50 万元，财政 50 万元，自筹与财政之比为 1.21:1。" in page
    assert '<td class="jb-number" id="grand-total">110.50</td>' in page
    response = client.post(url(application, "budget"), data | {f"cell-{equipment}-{own}": "许多"})
    assert response.status_code == 422
    application.refresh_from_db()
    assert application.own_amount == Decimal(605_000)
    assert 'value="许多"' in client.get(url(application, "budget")).content.decode()


def test_milestones_are_saved_with_their_indicators(client):
    application = open_as_author(client, filled())
    due = (application.starts_date + timedelta(days=30)).isoformat()
    row = {"name": "样机", "due_date": due, "deliverable": "样机", "share": "100"}
    response = client.post(
        url(application, "milestones"),
        people(row | {"indicators": "灵敏度，dB，≥ -170\n重量，2 kg"}, prefix="milestones"),
    )
    assert response.status_code == 302
    assert application.proposed_milestones.get().indicators == [
        {"name": "灵敏度", "unit": "dB", "target": "≥ -170"},
        {"name": "重量", "unit": "", "target": "2 kg"},
    ]
    outside = (application.ends_date + timedelta(days=1)).isoformat()
    response = client.post(
        url(application, "milestones"), people(row | {"due_date": outside}, prefix="milestones")
    )
    assert response.status_code == 422
    assert "计划日期应在执行期" in response.content.decode()
    assert application.proposed_milestones.get().due_date.isoformat() == due


# ---- autosave ----


def side(client, application, name):
    return client.get(url(application, "side", name)).json()["fragments"]


def test_the_panel_beside_a_part_is_the_teams(client):
    application = ApplicationFactory()
    assert client.get(url(application, "side", "basics")).status_code == 401
    client.force_login(UserFactory())
    assert client.get(url(application, "side", "basics")).status_code == 404


def test_autosave_stores_what_changed_and_says_how_things_stand(client):
    application = open_as_author(client, ApplicationFactory())
    address = url(application, "section", "solution")
    answer = patch(client, address, {"a-route": ["先仿真"]}, questions=["route"]).json()
    assert answer["faults"] == {}
    assert queries.stored_answers(application) == {"route": "先仿真"}
    assert "单位所在区域" in side(client, application, "solution")["part-side"]
    answer = patch(client, address, {"a-trl": ["12"]}, questions=["trl"]).json()
    assert list(answer["faults"]) == ["a-trl"]
    assert queries.stored_answers(application) == {"route": "先仿真", "trl": {"typed": "12"}}


def test_autosave_answers_rules_while_one_types(client):
    application = open_as_author(client, filled())
    call = application.call
    cell = f"cell-{call.budget_categories.first().pk}-{call.funding_sources.get(code='fiscal').pk}"
    answer = patch(client, url(application, "budget"), {cell: ["200"]}).json()
    panel = side(client, application, "budget")
    assert "超过上限 100 万元，多 100 万元。" in panel["part-side"]
    assert "200" in panel["budget-totals"]
    assert answer["texts"]["grand-total"] == "200"


def test_autosave_after_the_session_has_ended_asks_to_sign_in(client):
    application = ApplicationFactory()
    answer = patch(client, url(application, "section", "solution"), {"a-route": ["x"]}, questions=["route"])
    assert (answer.status_code, answer.json()["error"]) == (401, "signed_out")
    client.force_login(application.created_by)
    client.logout()
    assert patch(client, url(application, "basics"), {"title": ["x"]}).status_code == 401
    client.force_login(application.created_by)
    patch(client, url(application, "section", "solution"), {"a-route": ["x"]}, questions=["route"])
    assert queries.stored_answers(application) == {"route": "x"}


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"values": []}', '{"values": {"a": {"b": 1}}}', '{"values": {}, "questions": 3}'],
)
def test_autosave_of_nonsense_is_refused(client, body):
    application = open_as_author(client, ApplicationFactory())
    response = client.patch(url(application, "basics"), body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["message"] == "没有读懂要保存的内容。"


def test_autosave_into_a_sealed_application_is_a_conflict(client):
    application = open_as_author(client, submitted())
    response = patch(client, url(application, "basics"), {"title": ["改"]})
    assert (response.status_code, response.json()["error"]) == (409, "sealed")


def test_autosave_of_rows_without_their_counter_keeps_them(client):
    application = open_as_author(client, filled())
    response = patch(client, url(application, "participants"), {"participants-0-name": ["x"]})
    assert response.status_code == 200
    assert application.participants.get().name == "周海声"


# ---- files ----


def test_a_file_is_uploaded_by_the_script_and_wrong_ones_are_refused(client):
    application = open_as_author(client, ApplicationFactory())
    address = url(application, "upload", "plan")
    answer = client.post(address, {"file": SimpleUploadedFile("方案.pdf", PDF)}).json()
    assert "方案.pdf" in answer["fragments"]["file-plan"]
    for name, content in (("a.docx", PDF), ("a.pdf", b"MZ" + b"\0" * 99), ("a.pdf", b"")):
        response = client.post(address, {"file": SimpleUploadedFile(name, content)})
        assert response.status_code == 422
        assert name in response.json()["message"]
    assert client.post(address, {}).status_code == 400
    assert client.post(url(application, "upload", "route"), {}).status_code == 404
    assert Document.objects.count() == 1
    client.logout()
    assert client.post(address, {"file": SimpleUploadedFile("b.pdf", PDF)}).status_code == 401
