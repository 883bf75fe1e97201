"""`python -m config.embedded run [--ephemeral] -- COMMAND…` and `python -m config.embedded clear`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

from config.embedded.client import missing, serve
from config.embedded.guard import take_lock
from config.embedded.place import own_dir
from config.machine import PROJECT, Unavailable, var_dir

TETHER = str(PROJECT / "config" / "tether.py")


def run(command: list[str], *, ephemeral: bool) -> int:
    """Run `command` beside the servers and return its code; a Ctrl-C is the command's to handle."""
    if not missing():
        os.execvp(command[0], command)  # noqa: S606
    with serve(ephemeral=ephemeral, on_loss="terminate") as servers:
        child = subprocess.Popen(
            [sys.executable, TETHER, str(os.getpid()), *command], env=servers.environment
        )
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while (code := child.poll()) is None:
            if servers.lost():
                print("the embedded servers ended", file=sys.stderr)
                child.terminate()
                code = child.wait()
                break
            time.sleep(0.1)
    return code if code >= 0 else 128 - code


def clear() -> int:
    """Remove the data of the embedded servers and everything else below var/."""
    var = var_dir()
    if var.exists():
        lock = take_lock(var)
        if lock is None:
            print("the servers are running: stop `make demo` first", file=sys.stderr)
            return 1
        for item in var.iterdir():
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            else:
                item.unlink()
        lock.close()
        if var == PROJECT / "var":
            var.rmdir()
    if own_dir(create=False).is_dir():
        shutil.rmtree(own_dir())
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    runner = parts.add_parser("run", help="run a command beside the servers")
    runner.add_argument("--ephemeral", action="store_true", help="throw the data away at the end")
    runner.add_argument("command", nargs="+")
    parts.add_parser("clear", help="remove all data")
    options = parser.parse_args()
    try:
        return clear() if options.part == "clear" else run(options.command, ephemeral=options.ephemeral)
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
