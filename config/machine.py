"""What the programs behind `make` share: directories, ports, and how to say that something is missing."""

import contextlib
import os
import socket
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"


class Unavailable(Exception):
    """Something cannot be started; the message says why and what to do."""


def var_dir() -> Path:
    """Return the directory of everything that is made at run time."""
    return Path(os.environ.get("JIEBANG_VAR") or PROJECT / "var").resolve()


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` if nobody listens there, otherwise a port the system found free."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((LOOPBACK, port))
                return probe.getsockname()[1]
    raise Unavailable("no free port on the loopback address")
