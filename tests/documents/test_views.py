"""One address for every file."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone

from documents import actions
from documents.models import Document, ScanState
from tests.factories.accounts import UserFactory
from tests.factories.applications import ApplicationFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.fixture
def document():
    application = ApplicationFactory()
    return actions.store(
        subject=application,
        kind="plan",
        file=ContentFile(PDF),
        name="方案书（终稿）.pdf",
        by=application.created_by,
        at=timezone.now(),
    )


def address(document):
    return reverse("documents:download", args=[document.pk])


def test_a_file_is_sent_under_its_chinese_name_and_never_run(client, document):
    client.force_login(document.created_by)
    response = client.get(address(document))
    assert b"".join(response.streaming_content) == PDF
    name = "%E6%96%B9%E6%A1%88%E4%B9%A6%EF%BC%88%E7%BB%88%E7%A8%BF%EF%BC%89.pdf"
    assert response["Content-Disposition"] == f"attachment; filename*=utf-8''{name}"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/pdf"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-store"
    inline = client.get(address(document), {"inline": ""})
    assert inline["Content-Disposition"].startswith("inline")
    assert b"".join(inline.streaming_content) == PDF


def test_strangers_are_told_that_there_is_none(client, document):
    assert client.get(address(document)).status_code == 302
    client.force_login(UserFactory())
    assert client.get(address(document)).status_code == 404
    assert client.get(reverse("documents:download", args=[999_999])).status_code == 404


def test_an_infected_file_is_not_sent(client, document, settings):
    client.force_login(document.created_by)
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    assert client.get(address(document)).status_code == 403
    Document.objects.update(scan=ScanState.CLEAN)
    response = client.get(address(document))
    assert b"".join(response.streaming_content) == PDF
    settings.CLAMD_ADDRESS = ""
    Document.objects.update(scan=ScanState.INFECTED)
    assert client.get(address(document)).status_code == 403


def test_a_file_that_is_gone_is_a_404(client, document):
    client.force_login(document.created_by)
    document.file.storage.delete(document.file.name)
    assert client.get(address(document)).status_code == 404
