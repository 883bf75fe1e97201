"""The one door for state changes.

A model that lives through states names its `machine`; `move` changes the state with
`UPDATE … WHERE state = <old>` and writes an append-only `Event` in the same transaction.
Of two people who click at once one wins; the other gets `Lost`, a sentence they can read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.utils.translation import gettext as _

from core.sent import storable


class Refused(Exception):
    """A rule said no. `message` is a sentence for the person; `field` and `clause` name where."""

    def __init__(self, message: str, *, field: str = "", clause: str = "", code: str = "refused"):
        super().__init__(message)
        self.message = str(message)
        self.field = field
        self.clause = clause
        self.code = code

    @property
    def sentence(self) -> str:
        """The message with its clause, where a page has one line for both."""
        return f"{self.message}（{self.clause}）" if self.clause else self.message


class Lost(Refused):
    """Somebody else moved the subject first."""


@dataclass(frozen=True)
class Machine:
    """States, allowed moves and, for each state, the roles that may write in it.

    `public_labels` replaces the staff label where an applicant should read another word.
    """

    states: type[models.TextChoices]
    initial: str
    transitions: Mapping[str, frozenset[str]]
    owners: Mapping[str, frozenset[str]]
    public_labels: Mapping[str, Any] = field(default_factory=dict)

    def allows(self, old: str, new: str) -> bool:
        return new in self.transitions.get(old, frozenset())

    def final_states(self) -> frozenset[str]:
        return frozenset(state for state in self.states.values if not self.transitions.get(state))

    def public_label(self, state: str):
        return self.public_labels.get(state, self.states(state).label)


@transaction.atomic
def move(subject, to: str, *, by, at, note: str = "", data: dict | None = None, **fields):
    """Move `subject` to state `to`, setting `fields` in the same statement. Returns the Event.

    `by` is a user or None (the system); `at` an aware datetime given by the caller.
    Raises Refused when the table does not allow the move, Lost when the state changed meanwhile.
    """
    old = subject.state
    label = subject.machine.states(to).label
    if not subject.machine.allows(old, to):
        raise Refused(
            _("现在的状态是“%(old)s”，不能变为“%(new)s”。")
            % {"old": subject.machine.states(old).label, "new": label},
            code="not_allowed",
        )
    fields = {name: storable(value) if type(value) is str else value for name, value in fields.items()}
    changed = type(subject)._base_manager.filter(pk=subject.pk, state=old).update(state=to, **fields)
    if not changed:
        raise Lost(_("别人刚刚处理了这一项，请刷新后再看。"), code="lost")
    subject.state = to
    for name, value in fields.items():
        setattr(subject, name, value)
    return record(subject, "moved", by=by, at=at, from_state=old, to_state=to, note=note, data=data)


def record(subject, verb: str, *, by, at, from_state="", to_state="", note="", data: dict | None = None):
    """Write one line of history about `subject`; it can never be changed or deleted."""
    event = apps.get_model("core", "Event")
    # Notes come from pages as they were typed; no text in the database holds a NUL or half a pair.
    return event.objects.create(
        subject=subject,
        verb=verb,
        by=by,
        at=at,
        from_state=from_state,
        to_state=to_state,
        note=storable(note),
        data=storable(data or {}),
    )
