"""Keyset paging of HTML lists: any page of any length in the time of the first (no OFFSET, capped count)."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from core.sent import read_json

PER_PAGE = 50
COUNT_CAP = 1_000


class _Exact(DjangoJSONEncoder):
    """Keeps microseconds: cut to milliseconds, a cursor would repeat rows, or skip some going down."""

    def default(self, o):
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


@dataclass(frozen=True)
class KeysetPage:
    """One page of a list. `next` and `previous` are cursors for the address, or None at the ends."""

    rows: list
    next: str | None
    previous: str | None
    count: str
    """How many in all, "1 000+" beyond the cap; empty when it was not asked for."""

    def __iter__(self):
        return iter(self.rows)

    def __len__(self):
        return len(self.rows)


def paginate(
    queryset: QuerySet,
    order: Sequence[str],
    cursor: str | None,
    per_page: int = PER_PAGE,
    *,
    count: bool = True,
) -> KeysetPage:
    """A page of `queryset` by `order` (names as in order_by, none of them nullable), after `cursor`.

    The primary key is added as tie-breaker when it is not there. Two queries, one with `count=False`.
    A cursor that cannot be read shows the first page: it comes from the address line.
    """
    order = _with_tie_breaker(queryset, order)
    position, backwards = _decode(queryset, order, cursor)
    direction = [_flip(name) for name in order] if backwards else order
    rows = queryset.order_by(*direction)
    if position is not None:
        rows = rows.filter(_after(direction, position))
    rows = list(rows[: per_page + 1])
    more = len(rows) > per_page
    rows = rows[:per_page]
    if backwards:
        rows.reverse()
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (more if backwards else position is not None)
    return KeysetPage(
        rows=rows,
        next=_encode(rows[-1], order, "n") if has_next else None,
        previous=_encode(rows[0], order, "p") if has_previous else None,
        count=capped_count(queryset) if count else "",
    )


def capped_count(queryset: QuerySet, cap: int = COUNT_CAP) -> str:
    """The number of rows, or "1 000+": beyond the cap the database stops counting."""
    found = queryset.order_by().values("pk")[: cap + 1].count()
    return f"{cap:,}+".replace(",", " ") if found > cap else str(found)


def _with_tie_breaker(queryset: QuerySet, order: Sequence[str]) -> list[str]:
    names = {"pk", queryset.model._meta.pk.name}
    if any(name.removeprefix("-") in names for name in order):
        return list(order)
    return [*order, "-pk" if order and order[0].startswith("-") else "pk"]


def _flip(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(direction: Sequence[str], position: Sequence) -> Q:
    """Rows behind `position`: equal in the first n columns and past it in the next, for each n."""
    alternatives, equal = [], Q()
    for name, value in zip(direction, position, strict=True):
        bare = name.removeprefix("-")
        alternatives.append(equal & Q(**{f"{bare}__{'lt' if name.startswith('-') else 'gt'}": value}))
        equal &= Q(**{bare: value})
    # The first column alone, once more: the bound by which PostgreSQL enters the index.
    first = direction[0]
    bound = Q(**{f"{first.removeprefix('-')}__{'lte' if first.startswith('-') else 'gte'}": position[0]})
    return bound & reduce(or_, alternatives)


def _encode(row, order: Sequence[str], mark: str) -> str:
    values = [_value(row, name.removeprefix("-")) for name in order]
    if None in values:
        raise ValueError(f"a list cannot be paged by a column that is empty: {order}")
    written = json.dumps(values, cls=_Exact, ensure_ascii=False).encode()
    return mark + base64.urlsafe_b64encode(written).decode().rstrip("=")


def _decode(queryset: QuerySet, order: Sequence[str], cursor: str | None) -> tuple[list | None, bool]:
    """(position, backwards); no position for a cursor that is absent or cannot be read."""
    if not cursor:
        return None, False
    fields = [_field(queryset, name.removeprefix("-")) for name in order]
    try:
        written = base64.urlsafe_b64decode(cursor[1:] + "=" * (-len(cursor[1:]) % 4))
        values = read_json(written)
        if not isinstance(values, list) or len(values) != len(order) or cursor[0] not in "np":
            return None, False
        position = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, ValidationError):
        return None, False
    return (None, False) if None in position else (position, cursor[0] == "p")


def _value(row, name: str):
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _field(queryset: QuerySet, name: str):
    """The field (or annotation's output field) behind a name. Raises FieldDoesNotExist."""
    if name in queryset.query.annotations:
        return queryset.query.annotations[name].output_field
    model, field = queryset.model, None
    for part in name.split("__"):
        field = model._meta.pk if part == "pk" else model._meta.get_field(part)
        model = field.related_model or model
    return getattr(field, "target_field", field)
