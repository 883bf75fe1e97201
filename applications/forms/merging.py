"""Several people in one form: input by input, what somebody else stored meanwhile is never written over."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.forms import BaseFormSet
from django.utils.datastructures import MultiValueDict

from applications.queries import version_of

ROW_REMOVED = "-DELETE"
ROWS = "-TOTAL_FORMS"


class Merged(NamedTuple):
    """What to store; what stands there instead of what was sent; what others changed and I did not."""

    data: MultiValueDict
    conflicts: dict[str, list[str]]
    fresh: dict[str, list[str]]


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


def merge(now: Mapping[str, list[str]], sent: MultiValueDict, seen: Mapping[str, str]) -> Merged:
    """Join what stands there `now` with what was `sent` by somebody who had `seen` these versions."""
    data, conflicts, fresh = MultiValueDict(sent), {}, {}
    stands = versions_of(now)
    for name, version in seen.items():
        texts, standing = now.get(name, [""]), stands.get(name, version_of([""]))
        if standing == version:
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
            data[name] = str(max(_number(texts[0]), _number(sent[name])))
        elif name not in seen and name not in sent and not name.endswith(ROW_REMOVED):
            # A row that somebody added while the page was open.
            data.setlist(name, texts)
            fresh[name] = texts
    return Merged(data, conflicts, fresh)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
