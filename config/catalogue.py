"""Which texts the source marks for translation: `python -m config.catalogue` brings locale/en up to date.

New texts are added untranslated, those no longer used are dropped, translations stay. Python is read as
syntax and templates through Django's own `templatize`, so GNU gettext is not needed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parents[1]
ENGLISH = PROJECT / "locale" / "en" / "LC_MESSAGES" / "django.po"
LEFT_OUT = {".venv", ".git", "var", "tests", "migrations", "node_modules"}
HEADER = {
    "Project-Id-Version": "Jiebang",
    "Language": "en",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}

# function: (positions of singular and plural, position of the context)
FUNCTIONS = {
    "gettext": ((0,), None),
    "gettext_lazy": ((0,), None),
    "gettext_noop": ((0,), None),
    "ngettext": ((0, 1), None),
    "ngettext_lazy": ((0, 1), None),
    "pgettext": ((1,), 0),
    "pgettext_lazy": ((1,), 0),
    "npgettext": ((1, 2), 0),
    "npgettext_lazy": ((1, 2), 0),
}
_LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_CALL = re.compile(rf"(?<![\w.])(n?p?gettext|_)\(\s*({_LITERAL}(?:\s*,\s*{_LITERAL})*)")
_ONE = re.compile(_LITERAL)


@dataclass(frozen=True)
class Text:
    """One marked text, as it stands in the source."""

    singular: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.singular


def _files(project: Path, ending: str) -> Iterator[Path]:
    for path in sorted(project.rglob(f"*{ending}")):
        if not LEFT_OUT & set(path.relative_to(project).parts):
            yield path


def _text(function: str, arguments: list[str]) -> Text:
    positions, context = FUNCTIONS[function]
    found = [arguments[n] for n in positions]
    return Text(found[0], found[1] if len(found) > 1 else "", "" if context is None else arguments[context])


def in_python(source: str) -> Iterator[Text]:
    """Texts of calls to the functions of django.utils.translation, under whatever name they were imported."""
    tree = ast.parse(source)
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in ast.walk(tree):
        function = (
            names.get(node.func.id) if isinstance(node, ast.Call) and hasattr(node.func, "id") else None
        )
        if function in FUNCTIONS:
            values = [argument.value if isinstance(argument, ast.Constant) else "" for argument in node.args]
            yield _text(function, values)


def in_template(source: str, name: str) -> Iterator[Text]:
    for function, arguments in _CALL.findall(templatize(source, origin=name)):
        values = [ast.literal_eval(literal) for literal in _ONE.findall(arguments)]
        yield _text("gettext" if function == "_" else function, values)


def marked(project: Path = PROJECT) -> dict[Text, list[str]]:
    """Every marked text with the files that hold it, in the order of the files."""
    found: dict[Text, list[str]] = {}
    for path in [*_files(project, ".py"), *_files(project, ".html"), *_files(project, ".txt")]:
        name = str(path.relative_to(project))
        source = path.read_text(encoding="utf-8")
        for text in in_python(source) if path.suffix == ".py" else in_template(source, name):
            files = found.setdefault(text, [])
            if name not in files:
                files.append(name)
    return found


def update(target: Path = ENGLISH, project: Path = PROJECT) -> list[polib.POEntry]:
    """Rewrite the catalogue; return the entries that wait for a translation."""
    old = {(e.msgctxt or "", e.msgid): e for e in polib.pofile(str(target))} if target.exists() else {}
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = HEADER
    done: dict[tuple[str, str], polib.POEntry] = {}
    for text, files in marked(project).items():
        if text.key in done:
            done[text.key].occurrences += [(name, "") for name in files]
            done[text.key].msgid_plural = done[text.key].msgid_plural or text.plural
            continue
        before = old.get(text.key)
        entry = polib.POEntry(
            msgid=text.singular,
            msgctxt=text.context or None,
            msgstr=before.msgstr if before else "",
            occurrences=[(name, "") for name in files],
            flags=["python-format"] if re.search(r"%\(\w+\)|%[sd]", text.singular) else [],
        )
        if text.plural:
            entry.msgid_plural = text.plural
            entry.msgstr_plural = (before.msgstr_plural if before else None) or {0: "", 1: ""}
        done[text.key] = entry
        catalogue.append(entry)
    target.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(target))
    return [entry for entry in catalogue if not entry.translated()]


def main() -> int:
    settings.configure(USE_I18N=True)
    waiting = update()
    sys.stdout.writelines(f"{entry.msgid!r} waits for a translation\n" for entry in waiting)
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
