"""The program that makes the load asks what it says and notices wrong answers."""

import os
import socketserver
import threading
from contextlib import contextmanager
from itertools import repeat

import pytest

from tests.bench import served


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = served.CONNECTIONS
    daemon_threads = True


@contextmanager
def answering(body: bytes, *, keeps_open=True):
    asked = []

    class Answer(socketserver.StreamRequestHandler):
        def handle(self):
            while line := self.rfile.readline():
                asked.append(line)
                while self.rfile.readline().strip():
                    pass
                if not keeps_open:
                    return
                # In two pieces, as a network may bring it.
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
                self.wfile.write(head + body[:1])
                self.wfile.write(body[1:])

    with Server(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server.server_address[1], asked
        server.shutdown()


def test_as_many_answers_are_timed_as_were_asked_for():
    with answering(b"all is well") as (port, asked):
        times = served.ask(port, 40, repeat(served.request("GET", "/healthz")), b"well")
    assert len(times) == len(asked) == 40
    assert set(asked) == {b"GET /healthz HTTP/1.1\r\n"}
    assert min(times) > 0


def test_a_wrong_answer_and_a_closed_connection_are_no_measurement():
    asking = repeat(served.request("GET", "/healthz"))
    with answering(b"signed out") as (port, _asked), pytest.raises(AssertionError, match="signed out"):
        served.ask(port, 40, asking, b"well")
    with answering(b"", keeps_open=False) as (port, _asked), pytest.raises(ConnectionError):
        served.ask(port, 40, asking, b"well")


def test_processor_time_is_that_of_processes_that_live():
    assert served.seconds_of([os.getpid(), 2**22 + 1]) > 0
    assert os.getpid() in served.family_of(os.getpid())


def test_a_request_says_how_long_its_body_is():
    assert served.request("PATCH", "/x/", b"{}", X_CSRFToken="t") == (
        b"PATCH /x/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nX-CSRFToken: t\r\n\r\n{}"
    )
