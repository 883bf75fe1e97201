"""Code lists (字典) as forms use them: the version of a day, held in memory, searched and labelled."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from django.core.exceptions import ValidationError
from django.db.models import Count, Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from grants.models import Dictionary, DictionaryEntry

FOUND = 20
"""How many entries a search shows."""
DEEPEST = 10


@dataclass(frozen=True)
class Entry:
    code: str
    name: str
    name_en: str
    parent: str
    level: int
    path: tuple[str, ...]
    """Names from the top down to this one."""

    @property
    def label(self) -> str:
        english = self.name_en if (get_language() or "").startswith("en") else ""
        return english or " ".join(self.path)


@dataclass(frozen=True)
class Table:
    """All entries of one version of a dictionary by code, in the order of their codes."""

    entries: dict[str, Entry] = field(default_factory=dict)
    by_name: dict[str, list[Entry]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, str]]) -> "Table":
        plain = {code: (name, name_en, parent) for code, name, name_en, parent in rows}
        entries, by_name = {}, {}
        for code, (name, name_en, parent) in plain.items():
            path = [name]
            above = parent
            while above in plain and len(path) < DEEPEST:
                path.append(plain[above][0])
                above = plain[above][2]
            entry = Entry(code, name, name_en, parent, len(path), tuple(reversed(path)))
            entries[code] = entry
            for word in {name, name_en, " ".join(entry.path), "".join(entry.path)} - {""}:
                by_name.setdefault(word, []).append(entry)
        return cls(entries, by_name)


@lru_cache(maxsize=40)
def _table(dictionary_pk: int, last: int, count: int) -> Table:
    """Remembered until an entry is added or dropped: loading writes every changed entry anew."""
    rows = DictionaryEntry.objects.filter(dictionary_id=dictionary_pk).order_by("code")
    return Table.of(rows.values_list("code", "name", "name_en", "parent"))


def version_on(code: str, day: date | None) -> Dictionary | None:
    """The version in force on `day`; before the first one, the first; without a day, the newest."""
    versions = list(Dictionary.objects.filter(code=code).order_by("valid_from"))
    begun = [version for version in versions if day is None or version.valid_from <= day]
    in_force = [version for version in begun if day and (version.valid_to is None or version.valid_to >= day)]
    candidates = in_force or begun or versions[:1]
    return candidates[-1] if candidates else None


class Codes:
    """What one question chooses from: a dictionary as of a day, all of it or one level."""

    def __init__(self, code: str, *, on: date | None = None, level: int | None = None):
        self.code, self.on, self.level = code, on, level

    @cached_property
    def table(self) -> Table:
        version = version_on(self.code, self.on) if self.code else None
        if version is None:
            return Table()
        stamp = version.entries.aggregate(last=Max("id"), count=Count("id"))
        return _table(version.pk, stamp["last"] or 0, stamp["count"])

    @cached_property
    def choices(self) -> list[Entry]:
        return [e for e in self.table.entries.values() if self.level is None or e.level == self.level]

    def _fits(self, entry: Entry) -> bool:
        return self.level is None or entry.level == self.level

    def read(self, text: str) -> str:
        """The code of what was typed or chosen: a code, "code name", or a name. Raises ValidationError."""
        text = text.strip()
        if not self.table.entries:
            raise ValidationError(_("字典“%(code)s”还没有导入，请联系主管处室。") % {"code": self.code})
        for word in (text, text.split(" ")[0]):
            if word in self.table.entries and self._fits(self.table.entries[word]):
                return word
        found = [entry for entry in self.table.by_name.get(text, []) if self._fits(entry)]
        if len(found) == 1:
            return found[0].code
        if found:
            labels = "、".join(f"{entry.code} {entry.label}" for entry in found[:5])
            raise ValidationError(
                _("“%(text)s”有多项，请写明是哪一项：%(labels)s。") % {"text": text, "labels": labels}
            )
        raise ValidationError(_("“%(text)s”不在可选范围内，请从列表中选择。") % {"text": text[:60]})

    def label(self, code: str) -> str:
        """The names of a code from the top down; the code itself when this version does not know it."""
        entry = self.table.entries.get(code)
        return entry.label if entry else str(code)

    def written(self, code: str) -> str:
        """A code as the input shows it: "370202 山东省 青岛市 市南区"."""
        entry = self.table.entries.get(code)
        return f"{code} {entry.label}" if entry else str(code)

    def search(self, text: str) -> list[Entry]:
        """The first entries whose code begins with, or whose names contain, every word typed."""
        words = text.split()
        return [
            entry
            for entry in self.choices
            if all(entry.code.startswith(word) or word in entry.label for word in words)
        ][:FOUND]
