"""Storing files: by content, size, version; and the database behind it."""

import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from core.workflow import Refused
from documents import actions
from documents.models import Document
from tests.factories.accounts import OrganisationFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\0" * 64


def archive(*names) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name in names:
            packed.writestr(name, "<x/>")
    return buffer.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml")


def store(content, name, *, subject=None, kind="plan", **kwargs):
    return actions.store(
        subject=subject or OrganisationFactory(),
        kind=kind,
        file=ContentFile(content),
        name=name,
        by=None,
        at=timezone.now(),
        **kwargs,
    )


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "方案.pdf", "application/pdf"),
        (PDF, "方案.PDF", "application/pdf"),
        (PNG, "图.png", "image/png"),
        (JPEG, "图.jpg", "image/jpeg"),
        (JPEG, "图.jpeg", "image/jpeg"),
        (DOCX, "书.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (XLSX, "表.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_files_are_known_by_their_content(content, name, media_type):
    document = store(content, name)
    assert (document.media_type, document.name, document.version, document.size) == (
        media_type,
        name,
        1,
        len(content),
    )
    with document.file.open() as file:
        assert file.read() == content


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "a.pdf", "empty"),
        (PDF, "a.exe", "ending"),
        (PDF, "noending", "ending"),
        (PDF, "a.pdf.exe", "ending"),
        (PDF, "a.docx", "content"),
        (DOCX, "a.pdf", "content"),
        (DOCX, "a.xlsx", "content"),
        (b"MZ\x90\x00" + b"\0" * 99, "a.pdf", "content"),
        (b"plain text", "a.pdf", "content"),
        (b"PK\x03\x04 broken", "a.docx", "content"),
        (archive("evil.sh"), "a.docx", "content"),
    ],
)
def test_wrong_files_are_refused_with_a_sentence(content, name, code):
    with pytest.raises(Refused) as refused:
        store(content, name, field="方案书", clause="第六条")
    assert (refused.value.code, refused.value.field, refused.value.clause) == (code, "方案书", "第六条")
    assert name in refused.value.message
    assert not Document.objects.exists()


def test_endings_and_size_can_be_narrowed_but_not_widened(settings):
    with pytest.raises(Refused) as refused:
        store(PNG, "a.png", endings=["pdf", ".DOCX"])
    assert refused.value.message == "文件“a.png”的类型不能上传：只接受 docx、pdf。"
    with pytest.raises(Refused) as refused:
        store(PDF, "a.pdf", max_bytes=10)
    assert refused.value.code == "too_big"
    settings.DOCUMENT_MAX_BYTES = 20
    with pytest.raises(Refused):
        store(PDF, "a.pdf", max_bytes=10_000)
    with pytest.raises(Refused):
        store(b"MZ", "a.exe", endings=["exe"])


def test_each_new_content_is_the_next_version_and_the_same_is_the_same():
    unit = OrganisationFactory()
    first = store(PDF, "a.pdf", subject=unit)
    assert store(PDF, "a.pdf", subject=unit) == first
    second = store(PDF + b"2", "a.pdf", subject=unit)
    other = store(PDF, "a.pdf", subject=unit, kind="other")
    assert [first.version, second.version, other.version] == [1, 2, 1]
    assert store(PDF, "a.pdf", subject=unit).version == 3
    assert first.sha256 == other.sha256 != second.sha256


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\docs\\方案.pdf", "方案.pdf"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_names_are_made_plain(given, kept):
    assert store(PDF, given).name == kept


def test_a_path_tells_nothing():
    document = store(PDF, "机密.pdf")
    assert "机密" not in document.file.name
    assert not document.file.name.endswith(".pdf")


def test_a_version_that_stands_is_not_made_twice_and_leaves_no_file():
    unit = OrganisationFactory()
    store(PDF, "a.pdf", subject=unit, version=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        store(PDF, "a.pdf", subject=unit, version=1)
    assert Document.objects.count() == 1


def test_the_database_keeps_a_file_as_it_was_stored():
    document = store(PDF, "a.pdf")
    for change in ({"file": "x"}, {"sha256": "0" * 64}, {"size": 1}, {"version": 9}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Document.objects.filter(pk=document.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Document.objects.create(
            subject=document.subject, kind="x", file="x", name="x", size=0, created_at=timezone.now()
        )
