"""Ask a ClamAV daemon about a file (INSTREAM); nothing else of ClamAV is needed here."""

import socket
import struct
from contextlib import closing

from django.conf import settings

CHUNK = 1 << 16
SECONDS = 30


class ScannerUnavailable(Exception):
    """The daemon did not answer; the file stays pending and is asked about again."""


def is_configured() -> bool:
    return bool(settings.CLAMD_ADDRESS)


def is_clean(file) -> bool:
    """Whether the daemon finds nothing in `file`. Raises ScannerUnavailable."""
    try:
        with closing(_connect(settings.CLAMD_ADDRESS)) as connection:
            connection.sendall(b"zINSTREAM\0")
            for chunk in iter(lambda: file.read(CHUNK), b""):
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
            connection.sendall(struct.pack("!I", 0))
            answer = b""
            while not answer.endswith(b"\0"):
                received = connection.recv(CHUNK)
                if not received:
                    break
                answer += received
    except OSError as fault:
        raise ScannerUnavailable(str(fault)) from fault
    text = answer.rstrip(b"\0").decode(errors="replace")
    if text.endswith("OK"):
        return True
    if text.endswith("FOUND"):
        return False
    raise ScannerUnavailable(text or "no answer")


def _connect(address: str) -> socket.socket:
    if not address.startswith("unix:"):
        host, _, port = address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=SECONDS)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(SECONDS)
    try:
        connection.connect(address.removeprefix("unix:"))
    except OSError:
        connection.close()
        raise
    return connection
