"""The mail server of the demo and the page that shows what it received."""

import smtplib
import subprocess
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.test import Client

from config.machine import LOOPBACK, PROJECT, free_port
from tests.conftest import wait_until


@pytest.fixture
def box(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    (tmp_path / "mail").mkdir()
    return tmp_path / "mail"


def message(number: int) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = f"提醒 {number} <b>"
    mail["To"] = "li@jiebang.example"
    mail["From"] = "noreply@jiebang.example"
    mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0800"
    mail.set_content("请办理 <script>: https://jiebang.example/todo/")
    return mail.as_bytes()


@pytest.mark.servers
def test_the_server_keeps_each_message(tmp_path, monkeypatch):
    monkeypatch.setenv("JIEBANG_VAR", str(tmp_path))
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "config.mailsink", str(port)], cwd=PROJECT)
    try:

        def send():
            try:
                with smtplib.SMTP(LOOPBACK, port, timeout=5) as client:
                    client.sendmail("a@jiebang.example", ["li@jiebang.example"], message(1))
            except ConnectionRefusedError:
                return False
            return True

        wait_until(send, "the mail server answers")
        (kept,) = (tmp_path / "mail").iterdir()
        assert kept.suffix == ".eml"
        received = message_from_bytes(kept.read_bytes(), policy=policy.default)
        assert (received["Subject"], received["To"]) == ("提醒 1 <b>", "li@jiebang.example")
    finally:
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.django_db
def test_the_newest_come_first_and_fifty_are_shown(box, client):
    for number in range(60):
        (box / f"20260302T0900-{number:02}.eml").write_bytes(message(number))
    response = client.get("/demo/mail/")
    assert [mail.subject for mail in response.context["mails"]] == [f"提醒 {n} <b>" for n in range(59, 9, -1)]
    assert "提醒 59 &lt;b&gt;" in response.content.decode()


@pytest.mark.django_db
def test_one_message_is_shown_escaped(box, client):
    (box / "20260302T0900-0.eml").write_bytes(message(0))
    text = client.get("/demo/mail/20260302T0900-0/").content.decode()
    assert "请办理 &lt;script&gt;" in text
    assert '<a href="https://jiebang.example/todo/"' in text


@pytest.mark.django_db
def test_an_empty_box_says_so(box, client):
    box.rmdir()
    assert "还没有邮件" in client.get("/demo/mail/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["nothing", "..", "%2e%2e%2fpostgres"])
def test_nothing_else_can_be_read(box, client, key):
    assert client.get(f"/demo/mail/{key}/").status_code == 404


def test_a_message_that_cannot_be_read_hides_no_other(box):
    (box / "1.eml").write_bytes(b"\xff\xfe no header at all")
    (box / "2.eml").write_bytes(b"Date: never\nSubject: =?utf-8?b?broken\n\nbody")
    (box / "3.eml").write_bytes(b"Content-Type: text/plain; charset=nonsense\n\nbody \xe4")
    assert Client().get("/demo/mail/").status_code == 200
