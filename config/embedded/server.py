"""The two servers as child processes of the guard."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

import psycopg

from config.embedded.place import Place, valkey_program
from config.machine import LOOPBACK, Unavailable, free_port
from config.tether import die_with_parent

READY_SECONDS = 60
OTHER_PORTS = 3
"""How often another port is tried when somebody took the free one first."""
TAKEN = "Address already in use"
DATABASE = "jiebang"
UNSAFE_BUT_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# In tables of a few rows every plan is as good as any other: a prepared statement is planned once.
UNSAFE_BUT_FAST |= {"plan_cache_mode": "force_generic_plan", "autovacuum": "off"}
UNSAFE_BUT_FAST |= {"wal_level": "minimal", "max_wal_senders": "0"}


def private_file(path: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def password(base: Path, name: str) -> str:
    path = base / f"{name}.password"
    if not path.exists():
        private_file(path, secrets.token_urlsafe(24))
    return path.read_text()


def tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


class Server:
    """One child process with a log; `stop_signal` asks it to end in good order."""

    name = ""
    stop_signal = signal.SIGTERM

    def __init__(self, place: Place, *, lasting: bool, port: int | None):
        self.place = place
        self.lasting = lasting
        self.port = free_port(port)
        self.process: subprocess.Popen | None = None
        self.log = place.base / "log" / f"{self.name}.log"
        self.log.parent.mkdir(exist_ok=True)

    def launch(self, command: list[str], **options) -> None:
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                cwd="/",
                # The guard stops its children; if the guard itself is killed, the kernel does.
                preexec_fn=partial(die_with_parent, os.getpid(), self.stop_signal),
                **options,
            )

    def wait_ready(self) -> None:
        """Wait until the server answers. Raises Unavailable with the end of its log."""
        limit = time.monotonic() + READY_SECONDS
        others = OTHER_PORTS
        while True:
            if self.process.poll() is not None and others and TAKEN in tail(self.log):
                others -= 1
                self.port = free_port(None)
                self.start()
            if self.process.poll() is not None or time.monotonic() > limit:
                raise Unavailable(f"{self.name} did not start ({self.log}):\n{tail(self.log)}")
            if self.answers():
                return
            time.sleep(0.03)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        steps = [(self.stop_signal, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)]
        for signum, seconds in steps if self.lasting else steps[1:]:
            self.process.send_signal(signum)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
                return


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def __init__(self, place: Place, **options):
        super().__init__(place, **options)
        self.fresh = not (place.data / "PG_VERSION").exists()
        if not self.fresh and not (place.base / "postgres.password").exists():
            raise Unavailable(
                f"{place.base / 'postgres.password'} is missing: start over with `make demo-reset`"
            )
        self.password = password(place.base, self.name)

    @property
    def url(self) -> str:
        return f"postgresql://jiebang:{self.password}@{LOOPBACK}:{self.port}/{DATABASE}"

    def program(self, name: str) -> str:
        return str(self.place.programs / "bin" / name)

    def start(self) -> None:
        if self.fresh:
            self.initialise()
        self.check_version()
        self.clear_stale_lock()
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": "",  # a socket's path may not be longer than 107 bytes
            "max_connections": 100,
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self.lasting else UNSAFE_BUT_FAST),
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.launch(
            [self.program("postgres"), "-D", str(self.place.data), *arguments],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            **self.place.account.popen(),
        )

    def initialise(self) -> None:
        """Create the cluster. An unfinished one is thrown away first."""
        data = self.place.data
        if data.exists():
            shutil.rmtree(data)
        data.mkdir(mode=0o700)
        self.place.account.give(data)
        handle, name = tempfile.mkstemp(dir=data.parent)
        secret = Path(name)
        try:
            with open(handle, "w") as file:
                file.write(self.password)
            self.place.account.give(secret)
            command = [self.program("initdb"), "-D", str(data), "-U", "jiebang", f"--pwfile={secret}"]
            command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            done = subprocess.run(
                command if self.lasting else [*command, "--no-sync"],
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                capture_output=True,
                text=True,
                check=False,
                **self.place.account.popen(),
            )
        finally:
            secret.unlink()
        if done.returncode:
            shutil.rmtree(data, ignore_errors=True)
            raise Unavailable(f"initdb failed:\n{done.stdout}{done.stderr}")

    def check_version(self) -> None:
        found = (self.place.data / "PG_VERSION").read_text().strip()
        words = subprocess.run(
            [self.program("postgres"), "--version"], capture_output=True, text=True, check=True, cwd="/"
        ).stdout.split()
        if words[-1].split(".")[0] != found:
            raise Unavailable(
                f"{self.place.data} was written by PostgreSQL {found}, this is {words[-1]}: "
                "dump and restore it, or start over with `make demo-reset`"
            )

    def clear_stale_lock(self) -> None:
        """Remove a postmaster.pid whose number now belongs to another program; stop a real left-over."""
        path = self.place.data / "postmaster.pid"
        if not path.exists():
            return
        pid = int(path.read_text().split("\n", 1)[0] or 0)
        command = Path(f"/proc/{pid}/cmdline")
        if not Path("/proc/self").exists():
            return  # PostgreSQL decides by itself
        arguments = command.read_bytes().split(b"\0") if command.exists() else []
        if str(self.place.data).encode() not in arguments:
            path.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        limit = time.monotonic() + READY_SECONDS
        while path.exists() and time.monotonic() < limit:
            time.sleep(0.05)

    def connect(self, database: str):
        return psycopg.connect(
            self.url.rsplit("/", 1)[0] + f"/{database}", autocommit=True, connect_timeout=5
        )

    def answers(self) -> bool:
        try:
            with self.connect("postgres") as connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if not found.fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.errors.InvalidPassword as error:
            raise Unavailable(
                f"the password in {self.place.base} is not the cluster's: `make demo-reset`"
            ) from error
        except psycopg.OperationalError:
            return False
        return True


class Valkey(Server):
    name = "valkey"

    def __init__(self, place: Place, **options):
        super().__init__(place, **options)
        self.password = password(place.base, self.name)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        folder = self.place.base / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        quoted = str(folder).replace("\\", "\\\\").replace('"', '\\"')
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            "databases 64",
            'save ""',
            f"appendonly {'yes' if self.lasting else 'no'}",
            f'dir "{quoted}"',
            "daemonize no",
        ]
        # Through standard input: a password among the arguments could be read by every account.
        self.launch([str(valkey_program()), "-"], stdin=subprocess.PIPE)
        self.process.stdin.write("\n".join(lines).encode())
        self.process.stdin.close()

    def answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+PONG" in connection.recv(200)
        except OSError:
            return False
