"""`make demo`: what is done again, what is said, and that its processes end together."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from config import demo, schema
from config.machine import LOOPBACK, PROJECT, Unavailable
from tests.config.test_embedded import gone
from tests.conftest import wait_until


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of two steps that append to a file each time they run."""
    monkeypatch.setattr(demo, "PROJECT", tmp_path)
    monkeypatch.setenv("JIEBANG_VAR", str(tmp_path / "var"))
    (tmp_path / "var").mkdir()
    (tmp_path / "note").write_text("a")
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    steps = [
        (name, name, ["-c", script, str(tmp_path / "done"), name[0]], ["note"])
        for name in ("static", "migrate")
    ]
    monkeypatch.setattr(demo, "STEPS", steps)
    return tmp_path


def prepared(project, *, ours: bool) -> str:
    (project / "done").write_text("")
    demo.prepare(dict(os.environ), ours=ours)
    return (project / "done").read_text()


def test_unchanged_files_need_no_second_preparation(project):
    (project / "var" / "postgres.password").write_text("x")
    assert prepared(project, ours=True) == "sm"
    assert prepared(project, ours=True) == ""
    (project / "note").write_text("b")
    assert prepared(project, ours=True) == "sm"


def test_a_new_cluster_is_filled_again(project):
    secret = project / "var" / "postgres.password"
    secret.write_text("x")
    assert prepared(project, ours=True) == "sm"
    secret.write_text("y")
    assert prepared(project, ours=True) == "sm"


def test_nothing_is_assumed_about_a_database_that_is_not_ours(project):
    assert prepared(project, ours=False) == "sm"
    assert prepared(project, ours=False) == "m"


def test_the_sample_data_is_made_again_when_its_texts_change():
    steps = {name: patterns for name, _text, _words, patterns in demo.STEPS}
    covered = {path for pattern in steps["sample"] for path in PROJECT.glob(pattern)}
    assert {path for path in (PROJECT / "seeds").rglob("*") if path.suffix in (".py", ".yaml")} == covered


def test_the_logins_are_read_again_when_the_cast_changes(project):
    (project / "seeds" / "demo").mkdir(parents=True)
    cast = project / "seeds" / "demo" / "cast.yaml"
    (project / "manage.py").write_text(f"print(open({str(cast)!r}).read())")

    said = []
    for text in ("陈立春", "陈立春", "徐清源"):
        cast.write_text(text)
        said.append(demo.logins(dict(os.environ), ours=True).strip())

    assert said == ["陈立春", "陈立春", "徐清源"]


def test_a_failed_step_is_told_and_done_again(project, monkeypatch):
    (project / "var" / "postgres.password").write_text("x")
    monkeypatch.setattr(demo, "STEPS", [("static", "静态文件", ["-c", "raise SystemExit(1)"], ["note"])])
    for _ in range(2):
        with pytest.raises(Unavailable, match="静态文件"):
            demo.prepare(dict(os.environ), ours=True)


def test_data_of_an_older_version_are_told_in_one_sentence(project, monkeypatch):
    check = ("schema", "版本", ["-c", f"raise SystemExit({schema.OLDER})"], ["note"])
    monkeypatch.setattr(demo, "STEPS", [check, *demo.STEPS])
    (project / "done").write_text("")
    with pytest.raises(Unavailable, match="make demo-reset"):
        demo.prepare(dict(os.environ), ours=False)
    assert (project / "done").read_text() == ""


@pytest.mark.django_db
def test_tables_that_no_migration_brings_up_to_date_are_of_an_older_version():
    assert schema.is_older() is False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_pulse DROP COLUMN alarmed_at")
        assert schema.is_older() is True
        cursor.execute("DELETE FROM django_migrations WHERE app = 'accounts'")
        assert schema.is_older() is True, "what stands on it was applied before it"
        transaction.set_rollback(True)
    MigrationRecorder(connection).record_applied("core", "0009_gone")
    assert schema.is_older() is True
    MigrationRecorder.Migration.objects.all().delete()
    assert schema.is_older() is False, "a new database"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::1", "http://[::1]:8000"),
        ("jiebang.example", "http://jiebang.example:8000"),
    ],
)
def test_the_address_can_be_opened(host, expected):
    assert demo.site_address(host, 8000) == expected


def test_a_busy_port_is_told_with_the_way_out(monkeypatch, capsys):
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        monkeypatch.setenv("HOST", LOOPBACK)
        monkeypatch.setenv("PORT", str(port))
        assert demo.main() == 1
    assert f"make demo PORT={port + 1}" in capsys.readouterr().err


SUPERVISED = """
import sys
from config import demo
demo.processes = lambda **_: {
    "first": "timeit -s 'import time' -n 1 -r 1 'time.sleep(600)'",
    "second": "timeit -s 'import time' -n 1 -r 1 'time.sleep(600)'",
}
sys.exit(demo.supervise({}, host="127.0.0.1", port=1, mail_port=1, banner=""))
"""


@pytest.fixture
def supervisor():
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started = []
    while len(started) < 2:
        line = process.stdout.readline()
        assert line, "the supervisor ended"
        if "started (pid=" in line:
            started.append(int(line.rpartition("pid=")[2].split(")")[0]))
    yield process, started
    process.kill()
    process.stdout.close()
    process.wait()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_all_processes_end_with_the_supervisor(supervisor, signum, code):
    process, started = supervisor
    process.send_signal(signum)
    assert process.wait(20) == code
    wait_until(lambda: gone(started), "both processes are gone")


@pytest.mark.servers
def test_all_processes_end_when_one_does(supervisor):
    process, started = supervisor
    os.kill(started[0], signal.SIGKILL)
    assert process.wait(20) != 0
    wait_until(lambda: gone(started), "both processes are gone")
