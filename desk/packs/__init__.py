"""Packs: a whole call (通知) as one YAML file, checked line by line, loaded and written out again."""

from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _

from accounts.models import Organisation
from desk.packs import checks, describing, english, store
from desk.packs.schema import Pack
from desk.packs.source import BadPack, Problem, Source, parse
from desk.packs.store import NEW, REPLACED, UNCHANGED, Loaded, dump
from desk.packs.written import write

PROGRAMMES = Path(__file__).resolve().parents[2] / "seeds" / "programmes"

LISTS = PROGRAMMES.parent / "dictionaries"
"""The code lists that come with the product, named by their codes."""

__all__ = [
    "LISTS",
    "NEW",
    "PROGRAMMES",
    "REPLACED",
    "UNCHANGED",
    "BadPack",
    "Loaded",
    "Pack",
    "Problem",
    "Source",
    "check",
    "describing",
    "dump",
    "english",
    "load",
    "read",
    "shipped",
    "write",
]


def read(text: str, *, today: date, name: str = "pack.yaml") -> tuple[Pack, Source]:
    """A pack that is right in every respect, with its source. Raises BadPack naming file and line."""
    pack, source = parse(text, today=today, name=name)
    problems = checks.problems(pack, source)
    if problems:
        raise BadPack(name, problems)
    return pack, source


def read_file(file: Path, *, today: date) -> tuple[Pack, Source]:
    """Like `read` for a file. Raises BadPack also when it is no UTF-8 text; OSError when it is not there."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        line = file.read_bytes()[: fault.start].count(b"\n") + 1
        raise BadPack(str(file), [Problem(line, "", _("文件不是 UTF-8 编码。"))]) from None
    return read(text, today=today, name=str(file))


def check(file: Path, *, today: date) -> Pack:
    """Read a file and change nothing."""
    return read_file(file, today=today)[0]


def load(file: Path, *, today: date, department: Organisation | None = None) -> Loaded:
    """Read a file and bring the database to it; see `store.load`. Raises BadPack or Refused."""
    pack, source = read_file(file, today=today)
    return store.load(pack, source=source, department=department)


def shipped() -> list[Path]:
    """The packs that come with the product."""
    return sorted(PROGRAMMES.glob("*.yaml"))
