"""How many autosaves a second the whole of it takes: granian as in production, PostgreSQL, real connections.

One process keeps some connections busy, each with the next save as soon as the last is confirmed: another
answer of another draft in another session. It shares the processors with what it measures, so its own share
is told, and the processor time of server and database for one save; that does not depend on who else runs.
The floor is /healthz asked in the same way: what connection, granian and Django cost before anything is done.
"""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import repeat
from pathlib import Path

from django.db import connection
from django.test import Client
from django.urls import reverse

from applications import queries
from config.machine import LOOPBACK, free_port
from tests.bench.data import LONG, World, drafts

NAME = "autosave_served"
CONNECTIONS, SESSIONS, WARM_UP, SAVES = 16, 100, 500, 4_000
WORKERS = (2, 4)
PATIENCE = 10
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """One line: saves a second, their times, and the milliseconds of processor that one costs."""

    name: str
    workers: int
    rows: int
    per_second: float
    floor_per_second: float
    p50: float
    p95: float
    cpu_web: float
    cpu_database: float
    cpu_load: float

    def line(self) -> str:
        return json.dumps(asdict(self))


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {LOOPBACK}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def is_whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(body) >= int(length.split(b":")[1])


def ask(port: int, count: int, questions: Iterator[bytes], needle: bytes) -> list[float]:
    """The milliseconds of each of `count` requests over CONNECTIONS connections; raises without `needle`."""
    times, sent, began = [], 0, {}
    with selectors.DefaultSelector() as waiting, ExitStack() as opened:
        for _ in range(CONNECTIONS):
            connected = opened.enter_context(socket.create_connection((LOOPBACK, port)))
            waiting.register(connected, selectors.EVENT_READ, bytearray())
        for key in list(waiting.get_map().values()):
            sent, began[key.fd] = sent + 1, time.perf_counter()
            key.fileobj.sendall(next(questions))
        while len(times) < count:
            ready = waiting.select(PATIENCE)
            if not ready:
                raise TimeoutError(f"no answer for {PATIENCE} s")
            for key, _mask in ready:
                received = key.fileobj.recv(65_536)
                if not received:
                    raise ConnectionError("closed in the middle")
                key.data.extend(received)
                if not is_whole(key.data):
                    continue
                times.append((time.perf_counter() - began[key.fd]) * 1000)
                if needle not in key.data:
                    raise AssertionError(bytes(key.data[:300]))
                key.data.clear()
                if sent < count:
                    sent, began[key.fd] = sent + 1, time.perf_counter()
                    key.fileobj.sendall(next(questions))
    return times


def saves(count: int) -> list[bytes]:
    """`count` requests as the script sends them while a person writes: one changed answer each, over what
    the page has seen.
    """
    ready = drafts(SESSIONS)
    asked = list(ready[0].call.questions.filter(code__startswith="q").values_list("code", flat=True))
    signed = []
    for number, _draft in enumerate(ready):
        client = Client()
        client.force_login(ready[0].created_by)
        session = client.session
        session["bench"] = number
        session.save()
        signed.append(client.cookies["sessionid"].value)
    texts = [queries.stored_answers(draft) for draft in ready]
    token = "t" * 32
    found = []
    for number in range(count):
        code, place = asked[number // len(ready) % len(asked)], number % len(ready)
        seen, texts[place][code] = queries.version_of(texts[place].get(code)), f"{LONG}{number}"
        body = {"values": {f"a-{code}": texts[place][code]}, "questions": [code], "versions": {code: seen}}
        found.append(
            request(
                "PATCH",
                reverse("applications:section", args=[ready[place].pk, "solution"]),
                json.dumps(body, ensure_ascii=False).encode(),
                Content_Type="application/json",
                Cookie=f"sessionid={signed[place]}; csrftoken={token}",
                X_CSRFToken=token,
            )
        )
    return found


@contextmanager
def served(workers: int) -> Iterator[tuple[int, int]]:
    """granian as docs/operators.md starts it; (its port, its process)."""
    port = free_port()
    command = "-m granian --interface wsgi --blocking-threads 1 --no-ws --log-level warning"
    place = f"--host {LOOPBACK} --port {port} --workers {workers} --workers-kill-timeout 5"
    process = subprocess.Popen([sys.executable, *command.split(), *place.split(), "config.wsgi:application"])
    try:
        for _attempt in range(60):
            time.sleep(1)
            # Every worker listens before it has loaded the application: all of them have answered by now.
            with suppress(OSError):
                ask(port, 4 * CONNECTIONS, repeat(request("GET", "/healthz")), b"ok")
                break
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


def seconds_of(pids: list[int]) -> float:
    """Processor time of these processes so far; of those on this machine."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def family_of(pid: int) -> list[int]:
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += family_of(int(child))
    return found


def database() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity")
        return [pid for (pid,) in cursor.fetchall()]


def measured(work: Callable[[], list[float]], groups: list[Callable[[], list[int]]]):
    """(times, seconds on the clock, seconds of processor of each group of processes, newcomers included)."""
    before, started = [seconds_of(group()) for group in groups], time.perf_counter()
    times = sorted(work())
    elapsed = time.perf_counter() - started
    spent = [seconds_of(group()) - old for group, old in zip(groups, before, strict=True)]
    return times, elapsed, spent


def measure(world: World, workers: int) -> Load:
    ready = saves(WARM_UP + SAVES)
    with served(workers) as (port, pid):
        waiting = iter(ready)
        ask(port, WARM_UP, waiting, b'"saved_at"')
        groups = [partial(family_of, pid), database, lambda: [os.getpid()]]
        health = repeat(request("GET", "/healthz"))
        _times, floor, _spent = measured(lambda: ask(port, SAVES, health, b"ok"), groups)
        times, elapsed, spent = measured(lambda: ask(port, SAVES, waiting, b'"faults": {}'), groups)
    return Load(
        NAME,
        workers,
        world.rows,
        round(SAVES / elapsed, 1),
        round(SAVES / floor, 1),
        round(times[SAVES // 2], 2),
        round(times[SAVES * 95 // 100], 2),
        *(round(1000 * seconds / SAVES, 3) for seconds in spent),
    )
