"""Blindness: no identity in page, file or API; identity numbers never, blind or not."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.models import OrganisationKind
from accounts.roles import Role
from documents.models import Document
from reviews import visibility
from reviews.models import Assignment
from tests.factories.accounts import OrganisationFactory, UserFactory, officer
from tests.factories.reviews import (
    ApplicationFactory,
    ExpertFactory,
    manager_of,
    panel_call,
    sealed,
    task_for,
)

UNIT, CODE, PI, ID = "中国海洋示范大学", "91370212MA00000001", "欧阳修远", "11010519491231002X"
SECRETS = (UNIT, CODE, PI, ID, "鲁迅之", "青岛合作研究院")
CONTENT = {
    "title": f"{UNIT}深海密封件研究",
    "summary": f"由 欧阳 修远 教授领衔，依托{UNIT}（{CODE}）。",
    "organisation": {"name": UNIT, "credit_code": CODE, "legal_representative": "鲁迅之", "region": "370212"},
    "topic": None,
    "starts_date": "2026-09-01",
    "ends_date": "2028-08-31",
    "amounts": {"fiscal": "600000.00", "own": "600000.00"},
    "participants": [
        {
            "role": "pi",
            "name": PI,
            "id_number": ID,
            "birth_date": "1949-12-31",
            "title": "教授",
            "organisation_name": UNIT,
            "credit_code": CODE,
            "months_per_year": "6.0",
            "task": "总体",
        },
        {
            "role": "member",
            "name": "杜子",
            "id_number": "",
            "organisation_name": "青岛合作研究院",
            "credit_code": "91370212MA00000002",
        },
    ],
    "answers": [
        {"section": "研究内容", "kind": "text", "label": "路线", "text": f"{PI}提出的方法", "value": "x"},
        {
            "section": "研究内容",
            "kind": "table",
            "label": "基础",
            "text": "",
            "value": [],
            "columns": [{"code": "who", "label": "单位"}],
            "rows": [["青岛合作研究院"], ["别家"]],
        },
        {
            "section": "附件",
            "kind": "attachment",
            "label": "合作协议",
            "text": f"{UNIT}协议.pdf",
            "value": {"document": 1},
        },
    ],
    "milestones": [
        {
            "name": f"{UNIT}样机",
            "due_date": "2027-08-31",
            "deliverable": f"{PI}验收",
            "indicators": [{"name": "寿命", "target": "≥2000", "unit": f"{PI}"}],
        }
    ],
}


def words(view) -> str:
    return json.dumps(view, default=lambda thing: vars(thing), ensure_ascii=False)


# ---- the pure function ----


def test_a_blind_view_names_nobody():
    view = visibility.for_reviewer(CONTENT, number="SL1", is_blind=True)

    said = words(view)
    assert [secret for secret in SECRETS if secret in said] == []
    assert view.title == "〔已隐去〕深海密封件研究"
    assert view.summary == "由 〔已隐去〕 教授领衔，依托〔已隐去〕（〔已隐去〕）。"
    assert (view.organisation, view.people) == ("", [])
    assert [title for title, _lines in view.sections] == ["研究内容"]
    assert view.sections[0][1][1].rows == [["〔已隐去〕"], ["别家"]]


def test_of_a_form_with_blind_parts_a_blind_reader_sees_only_those():
    apart = {"section": "论证活页", "kind": "text", "label": "论证", "text": "方法", "blind": True}
    content = CONTENT | {"answers": [*CONTENT["answers"], apart]}
    for is_blind, seen in ((True, ["论证活页"]), (False, ["研究内容", "附件", "论证活页"])):
        view = visibility.for_reviewer(content, number="SL1", is_blind=is_blind)
        assert [title for title, _lines in view.sections] == seen


def test_an_open_view_names_people_but_no_identity_numbers():
    view = visibility.for_reviewer(CONTENT, number="SL1", is_blind=False)

    said = words(view)
    assert (view.organisation, view.title) == (UNIT, CONTENT["title"])
    assert [person["name"] for person in view.people] == [PI, "杜子"]
    assert [secret for secret in (ID, "1949-12-31", CODE) if secret in words(view.people)] == []
    assert ID not in said
    assert [title for title, _lines in view.sections] == ["研究内容", "附件"]


@pytest.mark.parametrize("content", [{}, {"organisation": None, "participants": [{"name": None}]}])
def test_content_that_lacks_parts_is_shown_as_far_as_it_goes(content):
    view = visibility.for_reviewer(content, number="SL1", is_blind=True)

    assert (view.title, view.sections, view.milestones) == ("", [], [])


def test_a_single_letter_is_no_name():
    assert visibility.identities({"participants": [{"name": "王"}]}) == []


# ---- pages, files and the API ----


def blind_task(*, is_blind=True, accepted=True):
    call = panel_call(scheme={"is_blind": is_blind})
    unit = OrganisationFactory(name=UNIT, kind=OrganisationKind.UNIVERSITY)
    application = ApplicationFactory(call=call, organisation=unit, title=CONTENT["title"], pi_name=PI)
    sealed(application, **CONTENT)
    return task_for(application, accepted=accepted)


def attach(application) -> Document:
    return Document.objects.create(
        subject=application,
        kind="agreement",
        file=SimpleUploadedFile("a.pdf", b"%PDF-1.4"),
        name=f"{UNIT}协议.pdf",
        size=8,
        sha256="0" * 64,
        media_type="application/pdf",
        scan="clean",
        created_at=timezone.now(),
    )


def fetched(client, task) -> dict[str, str]:
    """Everything that an expert can fetch about a task."""
    admin = "admin:reviews_assignment"
    pages = {
        "desk": reverse(f"{admin}_change", args=[task.pk]),
        "list": reverse(f"{admin}_changelist"),
        "search": reverse(f"{admin}_changelist") + "?q=SL",
        "decline": reverse(f"{admin}_decline", args=[task.pk]),
        "history": reverse(f"{admin}_history", args=[task.pk]),
        "api list": "/api/v1/assignments/",
        "api one": f"/api/v1/assignments/{task.pk}/",
        "api dossier": f"/api/v1/assignments/{task.pk}/dossier/",
        "todo": reverse("portal:todo"),
        "inbox": reverse("portal:inbox"),
    }
    found = {}
    for name, url in pages.items():
        answer = client.get(url)
        assert answer.status_code in (200, 302, 403), (name, answer.status_code)
        found[name] = answer.content.decode()
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("accepted", [True, False])
def test_a_blind_expert_receives_no_identity_from_any_page_or_the_api(client, accepted):
    task = blind_task(accepted=accepted)
    client.force_login(task.expert.user)

    found = fetched(client, task)
    leaks = [
        (name, secret)
        for name, text in found.items()
        for secret in (*SECRETS, task.application.organisation.credit_code)
        if secret in text
    ]

    assert leaks == []
    assert "〔已隐去〕深海密封件研究" in found["desk"]


@pytest.mark.django_db
def test_an_open_review_shows_the_unit_to_its_expert(client):
    task = blind_task(is_blind=False)
    client.force_login(task.expert.user)

    found = fetched(client, task)

    assert UNIT in found["desk"]
    assert json.loads(found["api dossier"])["organisation"] == UNIT
    assert ID not in found["desk"] + found["api dossier"]


@pytest.mark.django_db
def test_files_are_for_experts_of_open_reviews_alone():
    task, blind = blind_task(is_blind=False), blind_task()
    invited = blind_task(is_blind=False, accepted=False)
    files = {
        name: attach(t.application) for name, t in (("open", task), ("blind", blind), ("invited", invited))
    }

    seen = {
        name: list(Document.objects.visible_to(user))
        for name, user in (
            ("open", task.expert.user),
            ("blind", blind.expert.user),
            ("invited", invited.expert.user),
            ("other", ExpertFactory().user),
        )
    }

    assert seen == {"open": [files["open"]], "blind": [], "invited": [], "other": []}


@pytest.mark.django_db
def test_the_full_content_waits_for_the_pledge(client):
    task = blind_task(is_blind=False, accepted=False)
    client.force_login(task.expert.user)

    page = client.get(reverse("admin:reviews_assignment_change", args=[task.pk])).content.decode()

    assert "提出的方法" not in page
    assert client.get(f"/api/v1/assignments/{task.pk}/dossier/").status_code == 403


# ---- who sees which tasks ----


@pytest.mark.django_db
def test_experts_never_see_other_experts_tasks(client):
    task = blind_task(is_blind=False)
    other = task_for(task.application)
    client.force_login(task.expert.user)

    assert list(Assignment.objects.visible_to(task.expert.user)) == [task]
    assert client.get(reverse("admin:reviews_assignment_change", args=[other.pk])).status_code in (302, 404)
    assert client.get(f"/api/v1/assignments/{other.pk}/").status_code == 404
    assert (
        other.expert.user.name
        not in client.get(reverse("admin:reviews_assignment_changelist")).content.decode()
    )


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["panel", "expert", "review", "conflict", "criterion", "demanderchoice"])
def test_an_expert_opens_no_other_list_of_the_app(client, model):
    task = blind_task()
    client.force_login(task.expert.user)

    assert client.get(reverse(f"admin:reviews_{model}_changelist")).status_code == 403


@pytest.mark.django_db
def test_the_matrix_of_review_tasks():
    task = blind_task()
    call = task.application.call
    who = {
        "expert": task.expert.user,
        "manager": manager_of(call),
        "leader": officer(Role.LEADER),
        "supervision": officer(Role.SUPERVISION),
        "auditor": officer(Role.AUDITOR),
        "other_manager": officer(Role.PROGRAMME_MANAGER, organisation=OrganisationFactory()),
        "finance": officer(Role.FINANCE),
        "other_expert": ExpertFactory().user,
        "applicant": task.application.created_by,
        "stranger": UserFactory(),
    }

    seeing = [name for name, user in who.items() if Assignment.objects.visible_to(user).exists()]

    assert seeing == ["expert", "manager", "leader", "supervision", "auditor"]
