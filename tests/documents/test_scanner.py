"""The hook for ClamAV, against a small server that speaks its protocol."""

import socket
import struct
import threading

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from documents import actions, scanner, tasks
from documents.models import Document, ScanState
from tests.factories.accounts import OrganisationFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n%%EOF\n"
BAD = b"%PDF-1.7\nEICAR\n%%EOF\n"


class Clamd(threading.Thread):
    """Reads INSTREAM and finds "EICAR"; `answer` replaces what it says."""

    def __init__(self, answer=None):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.answer = answer
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self):
        while True:
            try:
                connection, _peer = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                command = stream.read(len(b"zINSTREAM\0"))
                content = b""
                while size := struct.unpack("!I", stream.read(4))[0]:
                    content += stream.read(size)
                found = b"stream: Eicar FOUND\0" if b"EICAR" in content else b"stream: OK\0"
                assert command == b"zINSTREAM\0"
                connection.sendall(self.answer if self.answer is not None else found)

    def close(self):
        self.listener.close()


@pytest.fixture
def clamd(settings):
    servers = []

    def start(answer=None):
        server = Clamd(answer)
        servers.append(server)
        server.start()
        settings.CLAMD_ADDRESS = server.address
        return server

    yield start
    for server in servers:
        server.close()


def stored(content):
    return actions.store(
        subject=OrganisationFactory(),
        kind="plan",
        file=ContentFile(content),
        name="a.pdf",
        by=None,
        at=timezone.now(),
    )


def test_files_that_wait_are_scanned(clamd):
    clean, infected = stored(PDF), stored(BAD)
    clamd()
    assert tasks.scan_pending() == 2
    assert tasks.scan_pending() == 0
    assert Document.objects.get(pk=clean.pk).scan == ScanState.CLEAN
    assert Document.objects.get(pk=infected.pk).scan == ScanState.INFECTED


def test_large_files_are_sent_in_chunks(clamd):
    clamd()
    assert scanner.is_clean(ContentFile(b"x" * 200_000)) is True
    assert scanner.is_clean(ContentFile(b"x" * 200_000 + b"EICAR")) is False


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0"])
def test_an_answer_that_says_nothing_leaves_the_file_waiting(clamd, answer):
    document = stored(PDF)
    clamd(answer)
    assert tasks.scan_pending() == 0
    assert Document.objects.get(pk=document.pk).scan == ScanState.PENDING


def test_a_daemon_that_is_down_leaves_the_file_waiting(settings):
    document = stored(PDF)
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    assert tasks.scan_pending() == 0
    settings.CLAMD_ADDRESS = "unix:/nonexistent"
    assert tasks.scan_pending() == 0
    assert Document.objects.get(pk=document.pk).scan == ScanState.PENDING


def test_without_a_scanner_nothing_happens(settings):
    document = stored(PDF)
    settings.CLAMD_ADDRESS = ""
    assert tasks.scan_pending() == 0
    assert Document.objects.get(pk=document.pk).scan == ScanState.PENDING
