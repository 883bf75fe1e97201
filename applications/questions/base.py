"""What all kinds of question share, and how a definition's words are read."""

from abc import ABC, abstractmethod
from datetime import date
from decimal import Decimal, InvalidOperation

from django import forms
from django.utils.translation import get_language

from core.calendar import local_date


class Kind(ABC):
    """One kind of question; the base stores text."""

    is_rows = False
    """Whether an answer is a list of rows of columns."""
    is_given = True
    """Whether a person answers it; a computed one is worked out."""

    @abstractmethod
    def field(self, question) -> forms.Field:
        """The form field that a person fills."""

    def to_json(self, value):
        return value

    def to_input(self, question, stored):
        """A stored answer as its widget shows it."""
        return stored

    def text(self, question, stored) -> str:
        """How the answer reads on paper."""
        return str(stored)

    def for_rules(self, question, stored):
        """The answer as expressions read it."""
        return stored

    def columns(self, question) -> list:
        return []

    def faults(self, question, stored) -> list[str]:
        """What keeps a stored answer from being handed in, beyond what `clean` refuses."""
        return []

    def masked(self, stored):
        """The answer as others than its authors read it."""
        return stored


def localised(subject, name: str) -> str:
    """The English wording where the reader reads English and there is one."""
    english = getattr(subject, f"{name}_en", "")
    return english if english and reads_english() else getattr(subject, name)


def reads_english() -> bool:
    return (get_language() or "").startswith("en")


def worded(config: dict, key: str, default: str = "") -> str:
    """Like `localised` for a key of a `config`."""
    return (config.get(f"{key}_en") if reads_english() else "") or config.get(key) or default


def decimal(value) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None


def day_of(question) -> date | None:
    """The day as of which a question chooses from dictionaries: the opening day of its call."""
    call = getattr(question, "call", None)
    return local_date(call.opens_at) if call is not None else None
