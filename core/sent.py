"""What a browser or a program sent, read without trusting it."""

import json
import re
from math import isfinite

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
LONGEST_KEY = 18
"""Digits of the longest number that every key's column holds."""


def number(text: str | None) -> int:
    """The key that was sent; 0, which nothing has, for a word, for nothing and for too long a number."""
    return int(text) if text and text.isdecimal() and len(text) <= LONGEST_KEY else 0


def numbers(texts) -> list[int]:
    """The keys among what was sent, in its order."""
    return [found for found in map(number, texts) if found]


def read_json(text: str | bytes):
    """What the text says. Raises ValueError, also for a nesting that Python cannot follow."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def storable(raw):
    """What was sent without the characters that no database text can hold (NUL, halves of a pair)."""
    if isinstance(raw, str):
        return UNSTORABLE.sub("", raw)
    if isinstance(raw, dict):
        return {storable(str(key)): storable(value) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [storable(value) for value in raw]
    if isinstance(raw, float) and not isfinite(raw):
        return str(raw)
    return raw
