"""The guard: starts the servers, tells their addresses, stops them when whoever asked for them is gone.

It stands in a session of its own, so a Ctrl-C in the terminal does not reach it or the servers. It ends
when its standard input closes or its parent dies, also by kill -9; if the guard itself is killed, the
kernel stops the servers (Linux).
"""

import fcntl
import json
import os
import select
import shutil
import signal
import sys
from pathlib import Path

from config.embedded.place import lasting, passing
from config.embedded.server import Postgres, Server, Valkey, private_file
from config.machine import Unavailable, var_dir

KINDS: dict[str, type[Server]] = {"DATABASE_URL": Postgres, "REDIS_URL": Valkey}
LOOK_SECONDS = 0.5


def tell(**message) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def take_lock(base: Path):
    """Return the held lock, or None when another guard serves this directory."""
    lock = (base / "servers.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def last_ports(address_file: Path) -> dict[str, int]:
    try:
        return json.loads(address_file.read_text())["ports"]
    except (OSError, ValueError, KeyError):
        return {}


def watch(servers: list[Server], parent: int) -> str:
    """Return once the work is over: `gone` (the parent) or the name of a server that ended by itself."""
    while True:
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0] and not sys.stdin.buffer.read1(1):
            return "gone"
        if os.getppid() != parent:
            return "gone"
        for server in servers:
            if server.process.poll() is not None:
                return server.name


def serve(place, wanted: list[str], *, keep: bool, parent: int, on_loss: str) -> None:
    address_file = place.base / "servers.json"
    ports = last_ports(address_file) if keep else {}
    servers: dict[str, Server] = {}
    try:
        for name in wanted:
            servers[name] = KINDS[name](place, lasting=keep, port=ports.get(name))
            servers[name].start()
        for server in servers.values():
            server.wait_ready()
        urls = {name: server.url for name, server in servers.items()}
        pids = {server.name: server.process.pid for server in servers.values()}
        answer = {
            "urls": urls,
            "ports": {**ports, **{name: server.port for name, server in servers.items()}},
            "pids": pids,
            "guard": os.getpid(),
            "base": str(place.base),
        }
        private_file(address_file, json.dumps(answer))
        tell(**answer)
        ended = watch(list(servers.values()), parent)
        if ended != "gone" and on_loss == "terminate":
            os.kill(parent, signal.SIGTERM)
    finally:
        if keep and address_file.exists():
            # The ports stay, so that the next start finds the same ones.
            private_file(address_file, json.dumps({"ports": last_ports(address_file)}))
        for server in servers.values():
            server.stop()


def main() -> int:
    wanted = json.loads(sys.argv[1])
    keep, on_loss = sys.argv[2] == "lasting", sys.argv[3]
    parent = os.getppid()
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, lambda *_: sys.exit(0))
    place = None
    try:
        if keep:
            var_dir().mkdir(parents=True, exist_ok=True)
            lock = take_lock(var_dir())
            if lock is None:
                tell(taken=True)
                return 0
        place = lasting() if keep else passing()
        serve(place, wanted, keep=keep, parent=parent, on_loss=on_loss)
    except (Unavailable, OSError) as error:
        tell(error=str(error))
        return 1
    finally:
        if place and not keep:
            shutil.rmtree(place.base, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
