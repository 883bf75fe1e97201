"""`make bench` and `make bench NAME=list_page`; BENCH_ROWS=40000 measures at another scale.
`make bench NAME=faults` measures nothing but kills everything while reminders go out (`faults.py`).

The data stay for the next run: below var/bench/, or in the database `jiebang_bench` of the server that
DATABASE_URL names (its user must be a superuser). Other rows or other migrations: they are made again.
"""

import os
import sys
import time
from hashlib import sha256
from importlib import import_module
from urllib.parse import urlsplit, urlunsplit

import psycopg

from config import embedded
from config.machine import PROJECT, Unavailable, var_dir

DATABASE = "jiebang_bench"


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def fingerprint(rows: int) -> str:
    digest = sha256(str(rows).encode())
    for path in [*sorted(PROJECT.glob("*/migrations/*.py")), PROJECT / "tests" / "bench" / "data.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def prepare(server: str, rows: int) -> bool:
    """Point DATABASE_URL at the database of the bench; return whether it must be filled."""
    os.environ["DATABASE_URL"] = urlunsplit(urlsplit(server)._replace(path=f"/{DATABASE}"))
    with psycopg.connect(server, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if found and found[0] == fingerprint(rows):
            return False
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    return True


def fill(server: str, rows: int) -> None:
    call_command = import_module("django.core.management").call_command
    data = import_module("tests.bench.data")
    started = time.monotonic()
    say(f"making {rows} applications in {DATABASE} …")
    call_command("migrate", verbosity=0)
    data.build(rows)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"COMMENT ON DATABASE {DATABASE} IS '{fingerprint(rows)}'")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    say(f"  {time.monotonic() - started:.0f} s")


def run(names: list[str], rows: int) -> int:
    server = os.environ["DATABASE_URL"]
    new = prepare(server, rows)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    import_module("django").setup()
    if new:
        fill(server, rows)
    data, figures, harness = (import_module(f"tests.bench.{name}") for name in ("data", "figures", "harness"))
    served = import_module("tests.bench.served")
    known = [*figures.FIGURES, served.NAME]
    unknown = set(names) - set(known)
    if unknown:
        say(f"no figure {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
        return 2
    world = data.find()
    for name in names or known:
        if name == served.NAME:
            lines = (served.measure(world, workers).line() for workers in served.WORKERS)
        else:
            runs = harness.ROUNDS + harness.WARM_UP
            lines = [harness.measure(figures.FIGURES[name](world, runs), rows=world.rows).line()]
        for line in lines:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0


def main(names: list[str]) -> int:
    if names == ["faults"]:  # it kills servers, so it brings its own
        return import_module("tests.bench.faults").main()
    rows = int(os.environ.get("BENCH_ROWS") or 400_000)
    if not embedded.missing():
        return run(names, rows)
    os.environ["JIEBANG_VAR"] = str(var_dir() / "bench")
    try:
        with embedded.serve() as servers:
            os.environ.update(servers.urls)
            return run(names, rows)
    except Unavailable as fault:
        say(str(fault))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
