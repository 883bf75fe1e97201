"""`make demo`: prepare what changed since the last time, then run everything under one supervisor.

Started by the Makefile as `python -m config.demo`; HOST and PORT say where the site listens.
"""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from importlib import import_module
from pathlib import Path

from honcho.manager import Manager
from honcho.printer import Printer

from config.machine import LOOPBACK, PROJECT, Unavailable, free_port, var_dir
from config.schema import OLDER, SENTENCE
from config.tether import die_with_parent

LOCK = "requirements/dev.txt"
SEEDS = ["seeds/**/*.py", "seeds/**/*.yaml"]
# What is done before the site starts: a name, what is said, the command, the files that make it necessary.
STEPS = [
    ("messages", "编译译文 / compiling translations", ["-m", "config.messages"], ["locale/**/*.po"]),
    (
        "static",
        "收集静态文件 / collecting static files",
        ["manage.py", "collectstatic", "--noinput", "-v0"],
        ["static/**/*", LOCK],
    ),
    (
        "schema",
        "核对数据版本 / checking the version of the data",
        ["-m", "config.schema"],
        ["*/migrations/*.py", LOCK],
    ),
    ("migrate", "建立数据表 / migrating", ["manage.py", "migrate", "-v0"], ["*/migrations/*.py", LOCK]),
    (
        "sample",
        "装入计划与示例数据 / loading the programmes and the sample data",
        ["manage.py", "demo"],
        SEEDS,
    ),
]
IN_DATABASE = {"schema", "migrate", "sample"}
READY_SECONDS = 90


def say(text: str = "") -> None:
    print(text, flush=True)


def fingerprint(patterns: list[str], salt: str) -> str:
    """Hash the files that `patterns` name: unchanged files need no second preparation."""
    digest = hashlib.sha256(salt.encode())
    for pattern in patterns:
        for path in sorted(PROJECT.glob(pattern)):
            if path.is_file() and ".venv" not in path.parts:
                digest.update(str(path.relative_to(PROJECT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


class Stamps:
    """Remembers under var/ what was prepared from which files."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self.known = json.loads(path.read_text())
        except (OSError, ValueError):
            self.known = {}

    def fresh(self, name: str, value: str) -> bool:
        return self.known.get(name) == value

    def keep(self, name: str, value: str) -> None:
        self.known[name] = value
        self.path.write_text(json.dumps(self.known))


def prepare(environment: dict[str, str], *, ours: bool) -> None:
    """Run the steps whose files changed. Raises Unavailable when one fails.

    In a database that is not ours nothing is assumed: its steps run each time (they may be repeated).
    """
    stamps = Stamps(var_dir() / "stamps.json")
    secret = var_dir() / "postgres.password"
    salt = secret.read_text() if ours else ""
    for name, text, words, patterns in STEPS:
        mark = fingerprint(patterns, salt)
        if stamps.fresh(name, mark) and (ours or name not in IN_DATABASE):
            continue
        started = time.monotonic()
        say(f"{text} …")
        code = subprocess.run([sys.executable, *words], env=environment, cwd=PROJECT, check=False).returncode
        if code == OLDER:
            raise Unavailable(SENTENCE)
        if code:
            raise Unavailable(f"{text}: 失败 / failed")
        stamps.keep(name, mark)
        say(f"  {time.monotonic() - started:.1f} s")


def logins(environment: dict[str, str], *, ours: bool) -> str:
    """Return the sample logins as text, remembered from the last time the sample data changed."""
    kept = var_dir() / "logins.txt"
    mark = fingerprint(SEEDS, "")
    stamps = Stamps(var_dir() / "stamps.json")
    if not (ours and kept.exists() and stamps.fresh("logins", mark)):
        done = subprocess.run(
            [sys.executable, "manage.py", "demo", "--logins"],
            env=environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unavailable(f"manage.py demo --logins:\n{done.stderr}")
        kept.write_text(done.stdout)
        stamps.keep("logins", mark)
    return kept.read_text()


def site_address(host: str, port: int) -> str:
    shown = LOOPBACK if host in ("", "0.0.0.0", "::") else host  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Unavailable(
                f"{host}:{port} 不能使用 / cannot be used ({error.strerror}): make demo PORT={port + 1}"
            ) from error


class Announcer(Printer):
    """Prints the lines of the processes, and the address once the site answers."""

    def __init__(self, address: str, banner: str):
        super().__init__(sys.stdout)
        self.address, self.banner = address, banner
        self.waiting: threading.Thread | None = None

    def write(self, message):
        super().write(message)
        if self.waiting is None:  # every process has been forked by now
            self.waiting = threading.Thread(target=self.announce, daemon=True)
            self.waiting.start()

    def announce(self) -> None:
        limit = time.monotonic() + READY_SECONDS
        while time.monotonic() < limit:
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):  # noqa: S310
                    return say(self.banner)
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        return say(f"{self.address} 没有应答 / does not answer")


def processes(*, host: str, port: int, mail_port: int) -> dict[str, str]:
    """Return what runs: a name and the arguments of `python -m`."""
    schedule = var_dir() / "beat" / "schedule"
    schedule.parent.mkdir(exist_ok=True)
    return {
        "web": f"granian --interface wsgi --host '{host}' --port {port} --workers 2 "
        "--blocking-threads 1 --no-ws --log-level warning config.wsgi:application",
        "worker": "celery --quiet -A config worker --loglevel WARNING --concurrency 2 "
        "--without-mingle --without-gossip",
        "beat": f"celery --quiet -A config beat --loglevel WARNING --pidfile= -s '{schedule}'",
        "mail": f"config.mailsink {mail_port}",
    }


def supervise(environment: dict[str, str], *, host: str, port: int, mail_port: int, banner: str) -> int:
    """Run web, worker, beat and mail until one ends or a Ctrl-C; return the exit code."""
    tether = f"'{sys.executable}' '{PROJECT / 'config/tether.py'}' $PPID '{sys.executable}' -m"
    manager = Manager(printer=Announcer(site_address(host, port), banner))
    for name, words in processes(host=host, port=port, mail_port=mail_port).items():
        polite = "nice -n 5 " if name in ("worker", "beat") else ""  # pages first, at the start above all
        manager.add_process(name, f"exec {polite}{tether} {words}", env=environment, cwd=str(PROJECT))
    # honcho forks a process for each of ours; they too must not outlive a supervisor that is killed.
    os.register_at_fork(after_in_child=partial(die_with_parent, os.getpid(), signal.SIGKILL))
    manager.loop()
    interrupted = manager.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)
    say("已停止 / stopped")
    return 0 if interrupted else manager.returncode or 1


def run(host: str, port: int) -> int:
    check_port(host, port)
    ours = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    servers = None
    if ours:
        say("启动数据库 / starting PostgreSQL and Valkey …")
        servers = import_module("config.embedded").start(on_loss="terminate")
        if servers.attached:
            raise Unavailable("演示已在运行 / the demo is already running here")
        os.environ.update(servers.urls)
    try:
        mail_port = free_port()
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "SITE_URL": site_address(host, port),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker",  # as root: this is only a demo
        }
        ours = ours and "DATABASE_URL" in servers.urls
        prepare(environment, ours=ours)
        site = site_address(host, port)
        lines = [
            "",
            f"揭榜 Jiebang: {site}/",
            f"管理后台 admin: {site}/admin/   邮件 mail: {site}/demo/mail/",
            "",
            logins(environment, ours=ours),
            "Ctrl-C 停止全部 / stops everything",
        ]
        return supervise(environment, host=host, port=port, mail_port=mail_port, banner="\n".join(lines))
    finally:
        if servers:
            servers.stop()


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        var_dir().mkdir(parents=True, exist_ok=True)
        return run(os.environ.get("HOST") or LOOPBACK, int(os.environ.get("PORT") or 8000))
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        say("已停止 / stopped")
        return 0


if __name__ == "__main__":
    sys.exit(main())
