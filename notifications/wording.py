"""Sentences kept as data: a text of the source and its words, said in the language of whoever reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop

from core.sent import storable

Data = str | dict[str, Any]


@dataclass(frozen=True, eq=False)
class Said:
    """`text % words`; `words` None for a name, which is the same in every language.

    Equal to another that says the same, and to the text that it reads as at this moment.
    """

    text: str
    words: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        if self.words is None:
            return self.text
        words = {name: str(Said.of(value)) for name, value in self.words.items()}
        for text in (gettext(self.text), self.text):
            try:
                return text % words
            except (KeyError, TypeError, ValueError):
                # A translation that asks for a word which an older row does not have.
                continue
        return self.text

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Said):
            return self.data == other.data
        return str(self) == other if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __contains__(self, part: str) -> bool:
        return part in str(self)

    @property
    def data(self) -> Data:
        """What JSON holds."""
        return self.text if self.words is None else {"text": self.text, "words": dict(self.words)}

    @classmethod
    def of(cls, value: Any) -> "Said":
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping) and "text" in value:
            return cls(str(value["text"]), value.get("words") or {})
        return cls(str(value))


def said(text: str, /, **words: Any) -> Said:
    """A text marked with `gettext_noop`, and its words: names, numbers, dates, labels, other sentences."""
    return Said(text, {name: _word(value) for name, value in words.items()})


def _word(value: Any) -> Data | int:
    if isinstance(value, Said):
        return value.data
    if isinstance(value, Promise):
        # A label: in the language of the source it is its own key in the catalogue.
        with translation.override(settings.LANGUAGE_CODE):
            return {"text": str(value), "words": {}}
    # Words come from pages as they were typed; no text in the database holds a NUL or half a pair.
    return value if isinstance(value, int) else storable(str(value))


def by_clause(text: Said, clause: str) -> Said:
    """The sentence with the clause of the notice that sets it, where it names one."""
    return said(gettext_noop("%(text)s，依据%(clause)s"), text=text, clause=clause) if clause else text


class SaidField(models.JSONField):
    """Holds a `Said`; takes plain text for a name."""

    def from_db_value(self, value, expression, connection):
        value = super().from_db_value(value, expression, connection)
        return value if value is None else Said.of(value)

    def to_python(self, value):
        return value if value is None else Said.of(value)

    def get_db_prep_value(self, value, connection, prepared=False):
        return super().get_db_prep_value(
            value.data if isinstance(value, Said) else value, connection, prepared
        )

    def value_to_string(self, obj):
        return Said.of(self.value_from_object(obj)).data
