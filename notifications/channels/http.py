"""POST to an address that an administrator entered: http(s) only, and never into our own network.

The name is resolved once and the connection goes to the address that was checked, so that a name which
resolves differently a moment later (DNS rebinding) gains nothing. Redirects are not followed.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from core.sent import read_json
from notifications import channels

TIMEOUT = 10
WHOLE = 20
"""Seconds for a whole exchange: who answers a byte at a time must not hold a worker beyond its lease."""
LONGEST_ANSWER = 64 * 1024


class Forbidden(channels.Unreachable):
    """Messages may not go to this address."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    def json(self) -> dict:
        """The object in the body. Raises Muddled when there is none: a proxy spoke, not the service."""
        try:
            found = read_json(self.body)
        except ValueError as error:
            raise channels.Muddled(f"HTTP {self.status}: not JSON") from error
        if not isinstance(found, dict):
            raise channels.Muddled(f"HTTP {self.status}: not a JSON object")
        return found


def resolve(url: str) -> tuple[str, int]:
    """The checked IP address and the port behind `url`. Raises Forbidden or Unreachable."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError as error:
        raise Forbidden("the address is malformed") from error
    if port is None or not parts.hostname:
        raise Forbidden("the address does not begin with https:// or http://")
    try:
        found = [entry[4][0] for entry in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise channels.Unreachable(f"the name {parts.hostname} is not known") from error
    for text in found:
        if not _allowed(ipaddress.ip_address(text.partition("%")[0])):
            raise Forbidden(f"{parts.hostname} lies in a private network (EGRESS_NETWORKS does not name it)")
    return found[0], port


def _allowed(address) -> bool:
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_global and not address.is_multicast:
        return True
    if settings.DEBUG:
        return True
    return any(address in ipaddress.ip_network(network) for network in settings.EGRESS_NETWORKS)


@contextmanager
def within(seconds: float, sock: socket.socket):
    """Break the connection off when the block takes longer. Raises TimeoutError then."""
    late = threading.Event()

    def cut():
        late.set()
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    said = f"no whole answer within {seconds} s"
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set():
            raise TimeoutError(said) from error
        raise
    finally:
        timer.cancel()
    if late.is_set():
        raise TimeoutError(said)


class Post:
    """A kept connection to one address, opened at the first message and again after a fault."""

    def __init__(self, url: str):
        self.url = url
        self.connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(self, *exc_info):
        if self.connection:
            self.connection.close()
            self.connection = None

    def _open(self) -> http.client.HTTPConnection:
        address, port = resolve(self.url)
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=TIMEOUT)
        sock = socket.create_connection((address, port), timeout=TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            sock = context.wrap_socket(sock, server_hostname=parts.hostname)
        connection.sock = sock
        connection.auto_open = 0  # by itself it would connect anew without the check
        connection.default_port = 443 if parts.scheme == "https" else 80
        return connection

    def send(self, payload: bytes, *, query: str = "", headers: dict[str, str] | None = None) -> Answer:
        """POST JSON. Raises Unreachable when it cannot be sent, Unanswered when no whole answer comes back.

        Whether a message went through whose answer was lost cannot be known: it is sent again, under the
        same idempotency key where the service knows one.
        """
        fault = channels.Unreachable
        parts = urlsplit(self.url)
        words = "&".join(filter(None, [parts.query, query]))
        target = (parts.path or "/") + (f"?{words}" if words else "")
        try:
            if self.connection is None or self.connection.sock is None:
                self.connection = self._open()
            with within(WHOLE, self.connection.sock):
                fault = channels.Unanswered
                self.connection.request(
                    "POST",
                    target,
                    body=payload,
                    headers={
                        "Content-Type": "application/json; charset=utf-8",
                        "User-Agent": "Jiebang",
                        **(headers or {}),
                    },
                )
                response = self.connection.getresponse()
                body = response.read(LONGEST_ANSWER + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._drop()
            raise fault(f"{type(error).__name__}: {error}") from error
        if len(body) > LONGEST_ANSWER or response.will_close:
            self._drop()
        return Answer(response.status, body)

    def _drop(self) -> None:
        if self.connection:
            with suppress(OSError):
                self.connection.close()
            self.connection = None


NOT_US = {401, 403, 404, 405, 410}
"""The address or the key is wrong: true for every message, so none of them is to blame."""


def check_status(answer: Answer) -> None:
    """Raises Busy, Muddled, Permanent or Unreachable unless the answer is 2xx."""
    status = answer.status
    if 200 <= status < 300:
        return
    text = f"HTTP {status} {answer.body[:200].decode(errors='replace')}".strip()
    if status in NOT_US or 300 <= status < 400:
        raise channels.Unreachable(text)
    if status in (502, 504):
        raise channels.Muddled(text)
    if status in (408, 425, 429) or status >= 500:
        raise channels.Busy(text)
    raise channels.Permanent(text)


def dump(value: dict) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
