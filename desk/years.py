"""A pack for another year: years written in texts, formulas and clocks move along."""

import re
from calendar import isleap
from datetime import date
from typing import Any

from pydantic import BaseModel

YEAR = re.compile(r"""(?<![\d.])((?:19|20)\d{2})(?=年|-\d{2}(?!\d)|〕|］|\]|'|"|$)""", re.MULTILINE)
"""A year as notices write it: 2026年, 2026-01-01, 〔2026〕, '2026', or a value that is nothing else."""


LEAP_DAY = re.compile(r"(\d{4})-02-29")


def _kept(found: re.Match) -> str:
    """29 February where there is one, else the day before."""
    return found[0] if isleap(int(found[1])) else f"{found[1]}-02-28"


def moved(moment: date, years: int) -> date:
    """The same day in another year; 29 February becomes the 28th."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)


def shifted(value: Any, years: int) -> Any:
    """`value` (a part of a pack, a text, a moment …) as it reads so many years later."""
    if isinstance(value, BaseModel):
        fields = {name: shifted(getattr(value, name), years) for name in type(value).model_fields}
        return type(value).model_construct(**fields)
    if isinstance(value, date):
        return moved(value, years)
    if isinstance(value, str) and type(value) is str:
        return LEAP_DAY.sub(_kept, YEAR.sub(lambda found: str(int(found[1]) + years), value))
    if isinstance(value, dict):
        return {key: shifted(item, years) for key, item in value.items()}
    if isinstance(value, list):
        return [shifted(item, years) for item in value]
    return value
