"""Texts that an applicant who reads English would see in Chinese."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from desk.packs.schema import Pack, questions_of
from desk.packs.source import Place

Found = Iterator[tuple[Place, str]]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def warnings(pack: Pack) -> Found:
    """Each text without its English, in a notice that has an English title; others are Chinese only."""
    if not pack.call.title_en:
        return
    for place, name, text, english in _texts(pack):
        if text and not english and CHINESE.search(text):
            yield (*place, name), _("没有英文（%(name)s_en），英文界面显示中文。") % {"name": name}


def _texts(pack: Pack) -> Iterator[tuple[Place, str, str, str]]:
    """(place, name, Chinese, English) of everything that applicants read of a notice."""
    parts = [
        *((("types", index), row, ("name", "summary")) for index, row in enumerate(pack.types)),
        *((("roles", index), row, ("name",)) for index, row in enumerate(pack.roles)),
        *((("rules", index), row, ("text", "hint")) for index, row in enumerate(pack.rules)),
        *((("money", "rules", index), row, ("text", "hint")) for index, row in enumerate(pack.money.rules)),
        *((("stages", index), row, ("pledge", "asks_file")) for index, row in enumerate(pack.stages)),
        *((("sanctions", index), row, ("text",)) for index, row in enumerate(pack.sanctions)),
        *((("duties", index), row, ("title", "text")) for index, row in enumerate(pack.duties)),
        *((("sections", index), row, ("title", "help")) for index, row in enumerate(pack.sections)),
        *((place, row, ("label", "help", "valid_message")) for place, row in questions_of(pack)),
        *((("grades", index), row, ("name",)) for index, row in enumerate(pack.grades)),
        *((("changes", index), row, ("asks_file",)) for index, row in enumerate(pack.changes)),
        *_accepting(pack),
        (("paper",), pack.paper, ("of",)),
    ]
    for place, row, names in parts:
        for name in names:
            yield place, name, getattr(row, name), getattr(row, f"{name}_en")
    for place, row in questions_of(pack):
        yield from _choices((*place, "config"), row.config)
        columns = row.config.get("columns")
        for index, column in enumerate(columns if isinstance(columns, list) else ()):
            if isinstance(column, dict):
                where = (*place, "config", "columns", index)
                yield where, "label", str(column.get("label", "")), str(column.get("label_en", ""))
                yield from _choices(where, column)
        checks = row.config.get("checks")
        for index, check in enumerate(checks if isinstance(checks, list) else ()):
            if isinstance(check, dict):
                where = (*place, "config", "checks", index)
                yield where, "message", str(check.get("message", "")), str(check.get("message_en", ""))


def _accepting(pack: Pack) -> Iterator[tuple[Place, object, tuple[str, ...]]]:
    for key in ("criteria", "bonuses", "grades") if pack.acceptance else ():
        for index, row in enumerate(getattr(pack.acceptance, key)):
            yield ("acceptance", key, index), row, ("name",)


def _choices(place: Place, config: dict) -> Iterator[tuple[Place, str, str, str]]:
    """What may be chosen; a plain word has no English beside it."""
    choices = config.get("choices")
    for index, choice in enumerate(choices if isinstance(choices, list) else ()):
        said = choice if isinstance(choice, dict) else {"label": choice}
        label = str(said.get("label") or said.get("value") or "")
        yield (*place, "choices", index), "label", label, str(said.get("label_en", ""))
