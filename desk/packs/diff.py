"""What differs between two versions of a notice, item by item and field by field."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from desk.packs.schema import Pack
from desk.packs.values import write_amount, write_moment

KEYS = {
    "contacts": ("kind", "name"),
    "types": ("code",),
    "intakes": ("code", "type"),
    "roles": ("code",),
    "quotas": ("of", "type", "region", "question", "value", "credit_code", "per_intake", "applies_when"),
    "invitations": ("credit_code",),
    "recommenders": ("credit_code",),
    "nominators": ("type", "name"),
    "entries": ("code",),
    "stages": ("kind",),
    "sections": ("code",),
    "questions": ("code",),
    "rules": ("type", "code"),
    "milestones": ("code",),
    "duties": ("code",),
    "sanctions": ("when", "milestone", "bars"),
    "changes": ("kind",),
    "replaced_by": ("plan", "title", "whose"),
    "grades": ("code",),
    "instalments": ("name",),
    "triggers": ("kind", "milestone"),
    "payees": ("name",),
    "topics": ("number",),
    "criteria": ("code",),
    "bonuses": ("name",),
    "categories": ("code",),
    "sources": ("code",),
    "reminders": ("kind",),
    "receipts": ("kind",),
    "steps": ("lead",),
    "kinds": ("code",),
}
"""What identifies a row of a list; rows without a key are told apart by their place."""

NAMES = ("title", "name", "label", "text", "kind")
IGNORED = {("call", "version")}


def differences(old: Pack, new: Pack) -> list[dict]:
    """[{part, item, field, old, new}]; `field` is "" for a row that was added or removed.

    `part` is a key of the pack ("money.rules"), `item` what a reader calls the row; values are texts.
    """
    before, after = (pack.model_dump(warnings=False) for pack in (old, new))
    found = []
    for part in Pack.model_fields:
        found += _part(part, before.get(part), after.get(part))
    return found


def _part(part: str, old: Any, new: Any, item: str = "") -> Iterator[dict]:
    if isinstance(old, dict) or isinstance(new, dict):
        for field in dict.fromkeys([*(old or {}), *(new or {})]):
            pair = (old or {}).get(field), (new or {}).get(field)
            if (part, field) in IGNORED:
                continue
            if _is_rows(*pair):
                yield from _rows(f"{part}.{field}", *(value or [] for value in pair))
            elif pair[0] != pair[1]:
                yield _change(part, item, field, *pair)
    elif _is_rows(old, new):
        yield from _rows(part, old or [], new or [])
    elif old != new:
        yield _change(part, item, "", old, new)


def _is_rows(*values) -> bool:
    return any(isinstance(value, list) and any(isinstance(row, dict) for row in value) for value in values)


def _rows(part: str, old: list[dict], new: list[dict]) -> Iterator[dict]:
    before, after = _keyed(part, old), _keyed(part, new)
    for key in dict.fromkeys([*before, *after]):
        here, there = before.get(key), after.get(key)
        name = _name(there or here)
        if here is None or there is None:
            yield _change(part, name, "", "" if here is None else name, "" if there is None else name)
            continue
        yield from _part(part, here, there, name)
    common = [key for key in after if key in before]
    if common != [key for key in before if key in after]:
        order = [_name(before[key]) for key in before], [_name(after[key]) for key in after]
        yield _change(part, "", "order", *("、".join(names) for names in order))


def _keyed(part: str, rows: list[dict]) -> dict:
    names = KEYS.get(part.rpartition(".")[2])
    if names is None:
        return dict(enumerate(rows))
    return {tuple(str(row.get(name, "")) for name in names): row for row in rows}


def _name(row: dict) -> str:
    return next((_text(row[name]) for name in NAMES if row.get(name)), "")[:80]


def _change(part, item, field, old, new) -> dict:
    return {"part": part, "item": item, "field": field, "old": _text(old), "new": _text(new)}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(getattr(value, "label", value.value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return write_moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return write_amount(value) if value >= 1000 else f"{value:f}"
    if isinstance(value, list):
        return "、".join(_text(item) for item in value)
    if isinstance(value, dict):
        return "；".join(f"{key}: {_text(item)}" for key, item in value.items())
    return str(value)
