"""The demo's mail server: `python -m config.mailsink PORT` keeps every message under var/mail/.

It listens on the loopback address only. What it keeps is shown at /demo/mail/ (`config.demomail`).
"""

import signal
import sys
import threading
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from aiosmtpd.controller import Controller

from config.machine import LOOPBACK, var_dir


class Keeper:
    """Writes each message to a file of its own, named so that names sort by time of arrival."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.numbers = count()

    async def handle_DATA(self, _server, _session, envelope):
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{next(self.numbers)}"
        unfinished = self.folder / f"{name}.part"
        unfinished.write_bytes(envelope.original_content)
        unfinished.rename(self.folder / f"{name}.eml")
        return "250 Message accepted for delivery"


def main(port: int) -> None:
    controller = Controller(Keeper(var_dir() / "mail"), hostname=LOOPBACK, port=port)
    controller.start()
    stopped = threading.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: stopped.set())
    stopped.wait()
    controller.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
