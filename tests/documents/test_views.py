"""One address for every file."""

from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfWriter

from documents import actions, drawing
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


# ---- pages as pictures ----


@pytest.fixture
def two_pages(document):
    writer = PdfWriter()
    for _n in range(2):
        writer.add_blank_page(width=595, height=842)
    body = BytesIO()
    writer.write(body)
    return actions.store(
        subject=document.subject,
        kind="plan",
        file=ContentFile(body.getvalue()),
        name="两页.pdf",
        by=document.created_by,
        at=timezone.now(),
    )


def test_the_pages_of_a_pdf_are_pictures_for_those_who_may_read_it(client, two_pages):
    pages = reverse("documents:pages", args=[two_pages.pk])
    second = reverse("documents:page", args=[two_pages.pk, 2])
    client.force_login(two_pages.created_by)
    assert second in client.get(pages).content.decode()
    picture = client.get(second)
    assert (picture["Content-Type"], picture.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert Image.open(BytesIO(picture.content)).width == drawing.WIDTH
    for number in (0, 3, drawing.MOST_PAGES + 1):
        assert client.get(reverse("documents:page", args=[two_pages.pk, number])).status_code == 404
    client.force_login(UserFactory())
    assert client.get(pages).status_code == 404
    assert client.get(second).status_code == 404


def test_a_broken_pdf_and_other_files_have_no_pages_to_show(client, document):
    client.force_login(document.created_by)
    page = client.get(reverse("documents:pages", args=[document.pk]))
    assert "不能在网页里显示" in page.content.decode()
    assert client.get(reverse("documents:page", args=[document.pk, 1])).status_code == 404


def test_pages_of_an_infected_file_are_not_drawn(client, two_pages):
    Document.objects.filter(pk=two_pages.pk).update(scan=ScanState.INFECTED)
    client.force_login(two_pages.created_by)
    assert client.get(reverse("documents:page", args=[two_pages.pk, 1])).status_code == 403
