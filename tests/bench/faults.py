"""`make bench NAME=faults`: reminders to counting servers while everything is killed at random.

Deadlines come due in waves; real beats, workers, Valkey and PostgreSQL of its own find and deliver them,
by e-mail and by webhook, and each of these is killed with SIGKILL again and again. At the end nothing may
be lost, the webhook's receiver must have acted once for each reminder, and of the mails no more may have
gone out twice than were in flight at a kill. FAULTS_DELIVERIES=1000 for a smaller run.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import psycopg

from config.embedded.place import passing
from config.embedded.server import Postgres, Server, Valkey
from config.machine import PROJECT
from config.tether import die_with_parent

DELIVERIES = 10_000
KILLS = ("worker", "valkey", "postgres", "beat", "worker", "postgres", "valkey", "worker", "postgres", "beat")
WAVES = timedelta(seconds=90)
"""The deadlines come due within this time, so that kills hit sweeps as well as deliveries."""
LIMIT = 1500
PEOPLE = 500


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def family(pid: int) -> list[int]:
    """A process and its children, found in /proc."""
    found = [pid]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def kill(process: subprocess.Popen) -> None:
    """SIGKILL for a process and its children, as a power cut would."""
    for pid in family(process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


class World:
    """Our own servers and processes, each of which can be killed and started again."""

    def __init__(self):
        self.place = passing()
        self.servers: dict[str, Server] = {
            "postgres": Postgres(self.place, lasting=True, port=None),
            "valkey": Valkey(self.place, lasting=True, port=None),
        }
        self.celery: dict[str, subprocess.Popen] = {}
        self.log = (self.place.base / "celery.log").open("wb")
        for server in self.servers.values():
            server.start()
            server.wait_ready()

    @property
    def database_url(self) -> str:
        return self.servers["postgres"].url

    def environment(self, **extra) -> dict[str, str]:
        addresses = {"DATABASE_URL": self.database_url, "REDIS_URL": self.servers["valkey"].url}
        return {**os.environ, **addresses, "DJANGO_SETTINGS_MODULE": "config.settings.test", **extra}

    def start(self, name: str, words: str) -> None:
        self.celery[name] = subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", "-A", "config", *words.split()],
            cwd=PROJECT,
            env=self.environment(EMAIL_URL=self.email_url, PYTHONWARNINGS="ignore"),
            stdout=self.log,
            stderr=self.log,
            preexec_fn=lambda: die_with_parent(self.driver, signal.SIGKILL),
        )

    def start_celery(self, email_url: str) -> None:
        self.email_url, self.driver = email_url, os.getpid()
        for number in range(2):
            self.start_one(f"beat{number}")
            self.start_one(f"worker{number}")

    def start_one(self, name: str) -> None:
        kind = "beat" if name.startswith("beat") else "worker"
        self.start(
            name,
            f"beat --pidfile= -s {self.place.base / name}"
            if kind == "beat"
            else f"worker -n {name}@%h --concurrency 1 --without-mingle --without-gossip",
        )

    def strike(self, kind: str, chance: random.Random) -> None:
        """Kill one of this kind and start it again."""
        if kind in self.servers:
            server = self.servers[kind]
            kill(server.process)
            time.sleep(chance.uniform(0.2, 2))
            if kind == "postgres":
                server.fresh = False
            server.start()
            server.wait_ready()
            return
        name = f"{kind}{chance.randrange(2)}"
        kill(self.celery[name])
        self.start_one(name)

    def query(self, statement: str):
        """One row, or None while PostgreSQL is away."""
        with suppress(psycopg.Error), psycopg.connect(self.database_url, connect_timeout=2) as connection:
            return connection.execute(statement).fetchone()

    def end(self) -> None:
        for process in self.celery.values():
            kill(process)
        for server in self.servers.values():
            server.stop()
        self.log.close()
        shutil.rmtree(self.place.base, ignore_errors=True)


def fill(total: int, webhook) -> None:
    """Half as many deadlines as deliveries, each owed by one person, told by mail and by webhook."""
    timezone = import_module("django.utils.timezone")
    models = import_module("notifications.models")
    accounts = import_module("accounts.models")
    content_type = import_module("django.contrib.contenttypes.models").ContentType
    people = accounts.User.objects.bulk_create(
        accounts.User(username=f"p{n}", name=f"p{n}", email=f"p{n}@example.com") for n in range(PEOPLE)
    )
    models.Gateway.objects.create(
        channel="webhook",
        name="bench",
        address=webhook.address,
        secret=webhook.secret,
        per_minute=10_000_000,
    )
    kind = models.DeadlineKind.MILESTONE
    policy = models.ReminderPolicy.objects.get(kind=kind)
    policy.steps.all().delete()
    policy.steps.create(unit="h", amount=24, channels=["email", "webhook"])
    about = content_type.objects.get_for_model(accounts.User)
    now = timezone.now()
    count = total // 2
    deadlines = models.Deadline.objects.bulk_create(
        (
            models.Deadline(
                content_type=about,
                object_id=number,
                kind=kind,
                title=f"deadline {number}",
                url="/",
                due_at=now + timedelta(days=1) + WAVES * number / count,
                explanation="bench",
                opened_at=now,
            )
            for number in range(count)
        ),
        batch_size=1000,
    )
    models.Obligor.objects.bulk_create(
        (
            models.Obligor(deadline=deadline, user=people[number % PEOPLE])
            for number, deadline in enumerate(deadlines)
        ),
        batch_size=1000,
    )


SENT = "SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FROM notifications_delivery"


def run(total: int = DELIVERIES, *, seed: int | None = None) -> dict:
    """Returns what was counted. Raises AssertionError when something was lost or told twice."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    chance = random.Random(seed)  # noqa: S311
    world = World()
    os.environ.update(world.environment())
    try:
        import_module("django").setup()
        import_module("django.core.management").call_command("migrate", verbosity=0)
        smtp = import_module("tests.notifications.helpers").SmtpServer()
        hook = import_module("tests.notifications.services").SignedService("bench-secret")
        fill(total, hook)
        import_module("django.db").connection.close()
        say(f"{total} deliveries, seed {seed}")
        with smtp, hook:
            world.start_celery(smtp.url)
            return watch(world, chance, smtp, hook, total=total, seed=seed)
    finally:
        world.end()


def watch(world: World, chance: random.Random, smtp, hook, *, total: int, seed: int) -> dict:
    """Kill at random moments during the deliveries, then wait for the rest and count."""
    started, kills, waiting = time.monotonic(), Counter(), list(KILLS)
    chance.shuffle(waiting)
    sent = known = next_kill = 0
    while sent < total:
        time.sleep(0.3)
        elapsed = time.monotonic() - started
        if waiting and sent > next_kill:
            kind = waiting.pop()
            world.strike(kind, chance)
            kills[kind] += 1
            say(f"  {elapsed:5.0f} s  {sent:6} sent, {kind} killed")
            # Each kill comes after some more deliveries, all of them before nine tenths are out.
            next_kill = sent + chance.uniform(0, 2) * (total * 0.9 - sent) / (len(waiting) + 1)
        sent, known = world.query(SENT) or (sent, known)
        if elapsed > LIMIT:
            raise AssertionError(f"{sent} of {total} sent, {known} known after {LIMIT} s; seed {seed}")
    figure = {
        "name": "faults",
        "deliveries": total,
        "seconds": round(time.monotonic() - started, 1),
        "kills": dict(kills),
        "mails": len(set(smtp.sink.ids)),
        "mails_twice": len(smtp.sink.ids) - len(set(smtp.sink.ids)),
        "webhooks": len(hook.accepted),
        "webhook_requests_twice": len(hook.keys) - len(set(hook.keys)),
        "lost": total - len(set(smtp.sink.ids)) - len(hook.accepted),
        "seed": seed,
    }
    check(figure, known=known)
    return figure


def check(figure: dict, *, known: int) -> None:
    total, struck = figure["deliveries"], sum(figure["kills"].values())
    # Two workers, each with one message in flight when something dies.
    fine = (
        figure["lost"] == 0
        and known == total
        and figure["mails"] == figure["webhooks"] == total // 2
        and figure["mails_twice"] + figure["webhook_requests_twice"] <= 2 * struck
    )
    if not fine:
        raise AssertionError(json.dumps({**figure, "known": known}))


def main() -> int:
    figure = run(int(os.environ.get("FAULTS_DELIVERIES") or DELIVERIES))
    sys.stdout.write(f"{json.dumps(figure)}\n")
    return 0
