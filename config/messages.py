"""Translations without gettext's programs: `python -m config.messages` compiles locale/*/LC_MESSAGES/*.po.

With `--check` nothing is written: marked texts without an entry, and entries that are empty, fuzzy or have
other placeholders than their translation, are named.
"""

import re
import sys
from pathlib import Path

import polib
from django.conf import settings

from config.catalogue import ENGLISH, marked

LOCALE = Path(__file__).resolve().parents[1] / "locale"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd]|\{\w*\}")


def catalogues(locale: Path = LOCALE) -> list[Path]:
    return sorted(locale.glob("*/LC_MESSAGES/*.po"))


def compile_all(locale: Path = LOCALE) -> int:
    """Write every .mo file that is older than its .po; return how many were written."""
    written = 0
    for source in catalogues(locale):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        polib.pofile(str(source)).save_as_mofile(str(target))
        written += 1
    return written


def faults(source: Path) -> list[str]:
    """Return one line for each entry that a reader would miss or that would fail to format."""
    found = []
    for entry in polib.pofile(str(source)):
        if entry.obsolete:
            continue
        texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
        where = f"{source.parents[1].name}: {entry.msgid!r}"
        if entry.fuzzy:
            found.append(f"{where} is fuzzy")
        elif not all(texts):
            found.append(f"{where} is not translated")
        elif any(set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(entry.msgid)) for text in texts):
            found.append(f"{where} has other placeholders than its translation")
    return found


def missing(target: Path = ENGLISH) -> list[str]:
    """Return one line for each text that the source marks and the English catalogue does not have."""
    known = {(entry.msgctxt or "", entry.msgid) for entry in polib.pofile(str(target)) if not entry.obsolete}
    return [
        f"{files[0]}: {text.singular!r} has no entry"
        for text, files in marked().items()
        if text.key not in known
    ]


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        compile_all()
        return 0
    settings.configure(USE_I18N=True)
    found = [*missing(), *(line for source in catalogues() for line in faults(source))]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
