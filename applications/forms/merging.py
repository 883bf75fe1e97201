"""Several people in one form: input by input, what somebody else stored meanwhile is never written over."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import partial
from typing import NamedTuple

from django.forms import BaseFormSet
from django.utils.datastructures import MultiValueDict

from applications.queries import version_of
from core.sent import number

ROW_REMOVED = "-DELETE"
ROWS = "-TOTAL_FORMS"
ROW_INPUT = r"{}-(\d{{1,4}})-(\w+)"
REMOVED = ("on",)
"""What a ticked mark of removal sends."""
NOTHING = version_of([""])
"""The version of an input that is not there, or empty."""


class Merged(NamedTuple):
    """What to store; what stands there instead of what was sent; what others changed and I did not."""

    data: MultiValueDict
    conflicts: dict[str, list[str]]
    fresh: dict[str, list[str]]
    order: list[int]
    """The numbers that rows have on the page, in the order in which they stand."""


def inputs_of(form) -> dict[str, list[str]]:
    """Input name → the texts that a form, or the rows of a formset, shows."""
    if not isinstance(form, BaseFormSet):
        return dict(_inputs(form))
    found = dict(_inputs(form.management_form))
    for row in form.forms:
        texts = dict(_inputs(row))
        removed = row.add_prefix("DELETE")
        if texts.pop(removed, None) is not None:
            # Whoever removes a row removes what they saw in it.
            texts[removed] = [text for values in texts.values() for text in values]
        found |= texts
    return found


def _inputs(form) -> Iterator[tuple[str, list[str]]]:
    for bound in form:
        value = bound.field.widget.format_value(bound.value())
        yield bound.html_name, [str(text) for text in (value if isinstance(value, list) else [value or ""])]


def versions_of(inputs: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: version_of(texts) for name, texts in inputs.items() if not name.endswith("_FORMS")}


def merge(
    now: Mapping[str, list[str]],
    sent: MultiValueDict,
    seen: Mapping[str, str],
    *,
    told_by: Sequence[str] = (),
) -> Merged:
    """Join what stands there `now` with what was `sent` by somebody who had `seen` these versions.

    Rows are followed, whatever number they have now; `told_by` are the fields that tell one from another.
    That somebody removed a row is answered under its mark of removal.
    """
    data, conflicts, fresh = MultiValueDict(sent), {}, {}
    now, removed, order = follow(now, sent, seen, told_by)
    stands = versions_of(now)
    gone = {}
    for row in removed:
        names = [name for name in seen if name.startswith(row)]
        gone |= dict.fromkeys(names)
        touched = [name for name in names if name in sent and not name.endswith(ROW_REMOVED)]
        touched = [name for name in touched if version_of(sent.getlist(name) or [""]) != seen[name]]
        mark = f"{row}{ROW_REMOVED[1:]}"
        if not sent.get(mark) and any(name in sent for name in names):
            (conflicts if touched else fresh)[mark] = list(REMOVED)
        data.setlist(mark, list(REMOVED))
    for name, version in seen.items():
        texts, standing = now.get(name, [""]), stands.get(name, NOTHING)
        if standing == version or name in gone:
            continue
        if name.endswith(ROW_REMOVED):
            if sent.get(name):
                conflicts[name] = texts
                del data[name]
            continue
        mine = version_of(sent.getlist(name) or [""])
        if mine == standing:
            continue
        if mine == version:
            fresh[name] = texts
        else:
            conflicts[name] = texts
        data.setlist(name, texts)
    for name, texts in now.items():
        if name.endswith(ROWS) and name in sent:
            data[name] = str(max(number(texts[0]), number(sent[name])))
        elif name not in seen and name not in sent and not name.endswith(ROW_REMOVED):
            # A row that somebody added while the page was open.
            data.setlist(name, texts)
            fresh[name] = texts
    return Merged(data, conflicts, fresh, order)


# ---- rows ----


def follow(now, sent, seen, told_by) -> tuple[dict[str, list[str]], list[str], list[int]]:
    """(`now` with every row under the number that it has on the page, the rows of the page that are gone,
    the order of all rows)."""
    prefix = next((name.removesuffix(ROWS) for name in now if name.endswith(ROWS)), None)
    if prefix is None:
        return dict(now), [], []
    here, page = _rows(versions_of(now), prefix), _rows(seen, prefix)
    # What the page shows of rows known to be gone follows nothing.
    there = {number: row for number, row in page.items() if set(row.values()) != {NOTHING}}
    places = _places([*there.values()], [*here.values()], told_by)
    numbers, free = [*there], max([-1, *page, *_rows(sent, prefix)]) + 1
    follows = {}
    for place, row in enumerate(here):
        if place in places:
            follows[row] = numbers[places[place]]
        else:
            follows[row], free = free, free + 1
    left = set(numbers) - set(follows.values())
    order = _joined([follows[place] for place in sorted(follows)], sorted({*page, *_rows(sent, prefix)}))
    return on_page(now, prefix, follows), [f"{prefix}-{number}-" for number in sorted(left)], order


def _joined(standing: list[int], page: list[int]) -> list[int]:
    """The rows as they stand; one that only the page has comes behind the one above it on the page."""
    order = list(standing)
    for place, row in enumerate(page):
        if row not in standing:
            order.insert(order.index(page[place - 1]) + 1 if place else 0, row)
    return order


def on_page(inputs: Mapping[str, list[str]], prefix: str, numbers: Mapping[int, int]) -> dict[str, list[str]]:
    """The inputs of rows under other numbers; a row without one is left out."""
    found = {}
    for name, texts in inputs.items():
        row = re.fullmatch(ROW_INPUT.format(re.escape(prefix)), name)
        if row is None:
            found[name] = texts
        elif int(row[1]) in numbers:
            found[f"{prefix}-{numbers[int(row[1])]}-{row[2]}"] = texts
    if f"{prefix}{ROWS}" in found:
        found[f"{prefix}{ROWS}"] = [str(max([-1, *numbers.values()]) + 1)]
    return found


def _rows(inputs: Mapping[str, object], prefix: str) -> dict[int, dict[str, object]]:
    """Number → field → what stands at it, of the rows of a form; the marks of removal are left out."""
    found = defaultdict(dict)
    for name in inputs:
        row = re.fullmatch(ROW_INPUT.format(re.escape(prefix)), name)
        if row and not name.endswith(ROW_REMOVED):
            found[int(row[1])][row[2]] = inputs[name]
    return dict(sorted(found.items()))


def _places(there: list[dict], here: list[dict], told_by: Sequence[str]) -> dict[int, int]:
    """Place of a row now → its place on the page: equal rows first, between them those that are told alike,
    then such rows at another place, then those on the page of which nobody could tell whose they are."""
    lists = [[tuple(sorted(row.items())) for row in rows] for rows in (there, here)]
    found, between = {}, [(range(len(there)), range(len(here)))]
    for tag, *bounds in SequenceMatcher(None, *lists, autojunk=False).get_opcodes():
        old, new = range(*bounds[:2]), range(*bounds[2:])
        if tag == "equal":
            found |= dict(zip(new, old, strict=True))
        else:
            between.insert(-1, (old, new))
    told, untold = partial(_told_alike, told_by), partial(_untold, told_by)
    for places in between:
        _pair(found, there, here, places, (_same, told))
    for places in between[:-1]:
        _pair(found, there, here, places, (untold,))
    return found


def _pair(found, there, here, places, alikes) -> None:
    """Add to `found`, from among these places, the rows that are alike; the most alike first."""
    old, new = places
    for alike in alikes:
        for place in (place for place in new if place not in found):
            free = (one for one in old if one not in found.values())
            match = next((one for one in free if alike(there[one], here[place])), None)
            if match is not None:
                found[place] = match


def _same(one: dict, other: dict) -> bool:
    return one == other


def _told_alike(told_by, one: dict, other: dict) -> bool:
    return any(one.get(name, NOTHING) == other.get(name) != NOTHING for name in told_by)


def _untold(told_by, one: dict, _other: dict) -> bool:
    return all(one.get(name, NOTHING) == NOTHING for name in told_by)
