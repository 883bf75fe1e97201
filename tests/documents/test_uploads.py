"""Large files in pieces, kept once, within a quota."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from applications import queries
from core.workflow import Refused
from documents import actions, tasks, uploads
from documents.models import Document, ScanState, Upload
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.applications import ApplicationFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n" + b"x" * 2_000 + b"\n%%EOF\n"
SIZE = len(PDF)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(uploads, "CHUNK", 800)


@pytest.fixture
def person(client):
    user = UserFactory()
    client.force_login(user)
    return user


def begin(client, size=SIZE, name="方案.pdf"):
    return client.post(reverse("documents:begin"), {"name": name, "size": size})


def put(client, key, offset, piece):
    address = f"{reverse('documents:piece', args=[key])}?offset={offset}"
    return client.put(address, piece, content_type="application/octet-stream")


def send(client, content=PDF, name="方案.pdf") -> str:
    begun = begin(client, len(content), name).json()
    for offset in range(0, len(content), begun["piece"]):
        assert put(client, begun["key"], offset, content[offset : offset + begun["piece"]]).status_code == 200
    return begun["key"]


def content_of(document) -> bytes:
    with document.file.open("rb") as file:
        return file.read()


def test_a_file_in_pieces_goes_on_where_the_connection_broke(client):
    application = ApplicationFactory()
    client.force_login(application.created_by)
    begun = begin(client).json()
    assert (begun["received"], begun["piece"]) == (0, 800)
    put(client, begun["key"], 0, PDF[:800])
    again = put(client, begun["key"], 0, PDF[:800])
    assert (again.status_code, again.json()["received"]) == (409, 800)
    assert client.get(reverse("documents:piece", args=[begun["key"]])).json()["received"] == 800
    attach = reverse("applications:upload", args=[application.pk, "plan"])
    unfinished = client.post(attach, {"upload": begun["key"]})
    assert (unfinished.status_code, unfinished.json()["error"]) == (422, "unfinished")
    for offset in (800, 1600):
        put(client, begun["key"], offset, PDF[offset : offset + 800])
    assert client.post(attach, {"upload": begun["key"]}).status_code == 200
    document = Document.objects.get()
    assert (document.name, content_of(document)) == ("方案.pdf", PDF)
    assert queries.stored_answers(application)["plan"]["document"] == document.pk
    assert not Upload.objects.exists()
    assert not default_storage.exists(f"uploads/{begun['key'].replace('-', '')}")


def test_what_is_no_pdf_is_refused_after_it_came_and_its_pieces_go(client):
    application = ApplicationFactory()
    client.force_login(application.created_by)
    key = send(client, b"MZ" + PDF)
    answer = client.post(reverse("applications:upload", args=[application.pk, "plan"]), {"upload": key})
    assert (answer.status_code, answer.json()["error"]) == (422, "content")
    assert not Upload.objects.exists()


def test_pieces_are_their_owners(client, person):
    key = begin(client).json()["key"]
    client.force_login(UserFactory())
    assert put(client, key, 0, b"x").status_code == 404
    application = ApplicationFactory()
    client.force_login(application.created_by)
    attach = reverse("applications:upload", args=[application.pk, "plan"])
    assert client.post(attach, {"upload": key}).status_code == 404
    assert client.post(attach, {"upload": "nonsense"}).status_code == 404
    client.logout()
    assert put(client, key, 0, b"x").status_code == 401
    assert begin(client).status_code == 401


@pytest.mark.parametrize(
    ("offset", "piece", "status"),
    [(0, b"", 413), (0, b"x" * 801, 413), ("x", b"x", 409), (5, b"x", 409)],
)
def test_wrong_pieces_are_refused(client, person, offset, piece, status):
    key = begin(client, 1_000).json()["key"]
    assert put(client, key, offset, piece).status_code == status
    assert Upload.objects.get().received == 0


def test_no_piece_goes_beyond_the_size(client, person):
    key = begin(client, 10).json()["key"]
    assert put(client, key, 0, b"x" * 11).status_code == 422


def test_sizes_and_numbers_have_limits(client, person, settings):
    settings.DOCUMENT_MAX_BYTES = 1_000
    assert begin(client, 1_001).json()["error"] == "too_big"
    assert begin(client, 0).json()["error"] == "empty"
    assert begin(client, "x").json()["error"] == "empty"
    for _number in range(uploads.MOST_OPEN):
        begin(client, 10)
    assert begin(client, 10).json()["error"] == "too_many"
    with pytest.raises(IntegrityError), transaction.atomic():
        Upload.objects.update(received=11)


def test_what_nobody_went_on_with_is_swept_away(client, person):
    key = begin(client).json()["key"]
    put(client, key, 0, PDF[:800])
    assert tasks.remove_unfinished_uploads() == 0
    Upload.objects.update(at=timezone.now() - timedelta(days=3))
    assert tasks.remove_unfinished_uploads() == 1
    assert not default_storage.exists(f"uploads/{key.replace('-', '')}")


# ---- kept once, within a quota ----


def store(subject, content, kind="plan"):
    return actions.store(
        subject=subject,
        kind=kind,
        file=ContentFile(content),
        name="a.pdf",
        by=None,
        at=timezone.now(),
        endings=["pdf"],
    )


def test_the_same_bytes_are_kept_once_with_what_the_scanner_said():
    first = store(OrganisationFactory(), PDF)
    Document.objects.update(scan=ScanState.INFECTED)
    second = store(OrganisationFactory(), PDF)
    assert second.pk != first.pk
    assert (second.file.name, second.scan) == (first.file.name, ScanState.INFECTED)
    default_storage.delete(first.file.name)
    third = store(OrganisationFactory(), PDF)
    assert third.file.name != first.file.name
    assert content_of(third) == PDF


def test_all_files_of_a_subject_have_a_limit_and_equal_ones_count_once(settings):
    settings.DOCUMENT_QUOTA_BYTES = len(PDF) + 10
    subject = OrganisationFactory()
    store(subject, PDF)
    store(subject, PDF, kind="again")
    with pytest.raises(Refused, match="文件总量超过上限") as refused:
        store(subject, PDF + b"more than ten", kind="other")
    assert refused.value.code == "quota"
