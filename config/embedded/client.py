"""Ask for servers: a context manager, or `start` for servers that live as long as this process."""

import atexit
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.machine import PROJECT, Unavailable, var_dir

NAMES = ("DATABASE_URL", "REDIS_URL")
ATTACH_SECONDS = 90


def missing() -> list[str]:
    """Return which of the two addresses the environment does not give."""
    return [name for name in NAMES if not os.environ.get(name)]


@dataclass
class Servers:
    """Running servers. `attached` ones belong to another process and outlive us."""

    urls: dict[str, str]
    base: Path
    pids: dict[str, int] = field(default_factory=dict)
    guard: subprocess.Popen | None = None

    @property
    def attached(self) -> bool:
        return self.guard is None

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **self.urls}

    def lost(self) -> bool:
        """Tell whether servers of ours are gone."""
        return self.guard is not None and self.guard.poll() is not None

    def stop(self) -> None:
        """Stop the servers we started and wait for their end."""
        if self.guard is None or self.guard.poll() is not None:
            return
        self.guard.stdin.close()
        self.guard.stdout.close()
        self.guard.wait()


def start(*, ephemeral: bool = False, on_loss: str = "ignore", wanted: list[str] | None = None) -> Servers:
    """Start servers that end with this process at the latest. Raises Unavailable.

    Lasting servers that another process runs for the same directory are used, not started twice.
    `on_loss="terminate"` sends SIGTERM to this process when a server ends by itself.
    """
    wanted = missing() if wanted is None else wanted
    guard = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "config.embedded.guard",
            json.dumps(wanted),
            "passing" if ephemeral else "lasting",
            on_loss,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "JIEBANG_VAR": str(var_dir())},
        start_new_session=True,
    )
    answer = json.loads(guard.stdout.readline() or '{"error": "the guard of the embedded servers ended"}')
    if "urls" in answer:
        servers = Servers(answer["urls"], Path(answer["base"]), answer["pids"], guard)
        atexit.register(servers.stop)
        return servers
    guard.stdin.close()
    guard.stdout.close()
    guard.wait()
    if "error" in answer:
        raise Unavailable(answer["error"])
    return attach(wanted)


def attach(wanted: list[str]) -> Servers:
    """Return the servers that another process runs, waiting until they are ready."""
    limit = time.monotonic() + ATTACH_SECONDS
    while time.monotonic() < limit:
        running = running_urls()
        if set(wanted) <= set(running):
            return Servers({name: running[name] for name in wanted}, var_dir())
        time.sleep(0.2)
    raise Unavailable(f"{var_dir() / 'servers.lock'} is held by another start that never became ready")


def running_urls() -> dict[str, str]:
    """Return the addresses of the lasting servers, if they run."""
    try:
        return json.loads((var_dir() / "servers.json").read_text()).get("urls", {})
    except (OSError, ValueError):
        return {}


@contextmanager
def serve(**options) -> Iterator[Servers]:
    """Servers for the length of a `with` block; takes the options of `start`."""
    servers = start(**options)
    try:
        yield servers
    finally:
        servers.stop()
        atexit.unregister(servers.stop)
