"""Two managers on one page of the desk: what the other stored meanwhile is never written over unseen.

A page carries a digest of every unit that it shows (docs/adr/0018): an input of a form, a cell of a row (rows
are known by their key, not by their place), the columns of a table as a whole. What only the other changed
is taken over; where both changed one unit, nothing is stored and both texts are shown.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django import forms
from django.forms import BaseFormSet, BaseModelFormSet
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from applications.queries import version_of
from core.sent import read_json

SEEN, THEIRS = "seen", "theirs"
"""Names of inputs: the digests of the page, the units of which the other's text is taken."""
GONE = "GONE"
Units = dict[str, list[str]]


@dataclass(frozen=True)
class Conflict:
    """One unit that both changed, for reading."""

    unit: str
    label: str
    theirs: str
    mine: str


@dataclass
class Joined:
    """What to show or store, what both changed, and how many units were taken over."""

    data: MultiValueDict
    conflicts: list[Conflict] = field(default_factory=list)
    taken: int = 0
    seen: str = ""


def forms_of(page) -> list:
    """Every form and formset of a page of the desk."""
    if hasattr(page, "blocks"):
        return list(page.blocks)
    return [
        page,
        *(part for name in ("settings", "columns") if (part := getattr(page, name, None)) is not None),
    ]


def units_of(page) -> Units:
    """Unit → the texts that stand there, of an unbound page."""
    found: Units = {}
    for form in forms_of(page):
        if isinstance(form, BaseModelFormSet):
            for row in form.forms:
                if row.instance.pk:
                    found |= {
                        f"{form.prefix}:{row.instance.pk}:{name}": texts for name, texts in _inputs(row)
                    }
        elif isinstance(form, BaseFormSet):
            rows = (text for row in form.forms for _name, texts in _inputs(row) for text in texts)
            found[f"{form.prefix}:*"] = list(rows)
        else:
            found |= {form.add_prefix(name): texts for name, texts in _inputs(form)}
    return found


def seen_of(page) -> str:
    """The digests that the page carries, as JSON."""
    return _digests(units_of(page))


def _digests(units: Mapping[str, list[str]]) -> str:
    return json.dumps({unit: version_of(texts) for unit, texts in units.items()})


def _inputs(form) -> Iterable[tuple[str, list[str]]]:
    for bound in form:
        if bound.name in ("id", "ORDER", "DELETE"):
            continue
        if isinstance(bound.field.widget, forms.CheckboxInput):
            texts = ["on" if bound.value() else ""]
        else:
            value = bound.field.widget.format_value(bound.value())
            texts = [str(text) for text in (value if isinstance(value, list | tuple) else [value or ""])]
        yield bound.name, texts


def _seen(data) -> dict[str, str]:
    try:
        found = read_json(data.get(SEEN) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class _Rows:
    """The rows of a model formset as they were sent, by key; new ones by their place."""

    def __init__(self, form, data):
        self.form, self.data = form, data
        self.names = [name for name in form.empty_form.fields if name != "id"]
        total = data.get(f"{form.prefix}-TOTAL_FORMS", "")
        self.by_key, self.new = {}, []
        for number in range(int(total) if total.isdecimal() and len(total) < 4 else 0):
            row = {name: data.getlist(f"{form.prefix}-{number}-{name}") for name in self.names}
            key = data.get(f"{form.prefix}-{number}-id", "")
            if key:
                self.by_key[key] = row
            else:
                self.new.append(row)

    def write(self, rows: list[tuple[str, dict]], into: MultiValueDict) -> None:
        """`rows`: (key or "", {name: texts}); those with a key come first."""
        prefix = self.form.prefix
        for name in [name for name in into if name.startswith(f"{prefix}-") and not name.endswith("_FORMS")]:
            del into[name]
        for number, (key, row) in enumerate(rows):
            into[f"{prefix}-{number}-id"] = key
            for name, texts in row.items():
                if texts:
                    into.setlist(f"{prefix}-{number}-{name}", texts)
        into[f"{prefix}-TOTAL_FORMS"] = str(len(rows))
        into[f"{prefix}-INITIAL_FORMS"] = str(sum(bool(key) for key, _row in rows))


def join(make: Callable, sent) -> Joined:
    """What was `sent` by somebody who had seen the page as it was, joined with what stands there now.

    `make(data)` builds the page. A page without digests (a script, an old page) is stored as it was sent.
    """
    data = MultiValueDict({name: sent.getlist(name) for name in sent})
    seen = _seen(sent)
    page = make(None)
    now = units_of(page)
    joined = Joined(data, seen=_digests(now))
    takes = set(sent.getlist(THEIRS))
    if not seen or (not takes and {unit: version_of(texts) for unit, texts in now.items()} == seen):
        return joined
    wish = _Wish(seen, now, takes, joined)
    for form in forms_of(page):
        if isinstance(form, BaseModelFormSet):
            _join_rows(form, wish)
        elif isinstance(form, BaseFormSet):
            _join_table(form, wish)
        else:
            for name in form.fields:
                unit = form.add_prefix(name)
                words = str(form.fields[name].label or name)
                data.setlist(unit, wish.choose(unit, data.getlist(unit), words))
    return joined


@dataclass
class _Wish:
    """One decision for each unit."""

    seen: dict[str, str]
    now: Units
    takes: set[str]
    joined: Joined

    def choose(self, unit: str, mine: list[str], label: str) -> list[str]:
        """The texts that go on: mine, or theirs where I changed nothing or said so."""
        if unit not in self.seen and unit not in self.now:
            return mine
        standing = self.now.get(unit, [""])
        if unit in self.takes and unit in self.now:
            self.joined.taken += 1
            return standing
        before, after, own = self.seen.get(unit), version_of(_bare(standing)), version_of(_bare(mine))
        if before is None or before == version_of(standing) or after == own:
            return mine
        if version_of(_bare(mine)) == before or version_of(mine or [""]) == before:
            self.joined.taken += 1
            return standing
        self.joined.conflicts.append(Conflict(unit, label, "、".join(standing), "、".join(mine)))
        return mine

    def has_touched(self, prefix: str, key: str, row: dict) -> bool:
        """Whether I changed anything of a row that I saw, or dropped it."""
        units = {name: f"{prefix}:{key}:{name}" for name in row}
        return bool(row.get("DELETE")) or any(
            unit in self.seen and version_of(row[name] or [""]) != self.seen[unit]
            for name, unit in units.items()
        )


def _bare(texts: list[str]) -> list[str]:
    return texts or [""]


def _join_rows(form, wish: _Wish) -> None:
    sent = _Rows(form, wish.joined.data)
    labels = {name: str(found.label or name) for name, found in form.empty_form.fields.items()}
    rows, standing = [], [str(row.instance.pk) for row in form.forms if row.instance.pk]
    for number, key in enumerate(standing, start=1):
        units = {name: f"{form.prefix}:{key}:{name}" for name in sent.names}
        mine = sent.by_key.get(key)
        if mine is None:
            # Somebody added it while my page was open.
            row = {name: wish.now.get(unit, []) for name, unit in units.items()}
            rows.append((key, row | {"ORDER": [str(number)]}))
            wish.joined.taken += 1
            continue
        kept = {}
        for name, unit in units.items():
            label = f"{form.noun} {number} · {labels[name]}"
            kept[name] = wish.choose(unit, mine[name], label) if unit in wish.now else mine[name]
        rows.append((key, kept))
    for key, mine in sent.by_key.items():
        if key in standing:
            continue
        unit = f"{form.prefix}:{key}:{GONE}"
        wish.joined.taken += 1
        if wish.has_touched(form.prefix, key, mine) and not mine.get("DELETE") and unit not in wish.takes:
            words = "、".join(text for name in sent.names for text in mine[name] if name != "ORDER")
            wish.joined.conflicts.append(Conflict(unit, str(form.noun), _("已被删除"), words))
            rows.append(("", mine))
    wish_rows = [row for row in rows if row[0]] + [row for row in rows if not row[0]]
    sent.write(wish_rows + [("", row) for row in sent.new], wish.joined.data)


def _join_table(form, wish: _Wish) -> None:
    """Columns have no key: they are mine or theirs as a whole."""
    unit, data, prefix = f"{form.prefix}:*", wish.joined.data, form.prefix
    names = [name for name in form.empty_form.fields if name not in ("ORDER", "DELETE")]
    total = data.get(f"{prefix}-TOTAL_FORMS", "0")
    count = int(total) if total.isdecimal() and len(total) < 4 else 0
    mine = [
        text
        for number in range(count)
        for name in names
        for text in data.getlist(f"{prefix}-{number}-{name}") or [""]
    ]
    chosen = wish.choose(unit, mine, str(form.title))
    if chosen is not mine:
        for name in [name for name in data if name.startswith(f"{prefix}-")]:
            del data[name]
        for number, row in enumerate(form.forms):
            for name, texts in _inputs(row):
                data.setlist(f"{prefix}-{number}-{name}", texts)
            data[f"{prefix}-{number}-ORDER"] = str(number + 1)
        data[f"{prefix}-TOTAL_FORMS"] = str(len(form.forms))
        data[f"{prefix}-INITIAL_FORMS"] = "0"
