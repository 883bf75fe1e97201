from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, UnitRole
from core.workflow import Machine


class DutyState(models.TextChoices):
    OPEN = "open", _("待报送")
    HANDED_IN = "handed_in", _("待审核")
    RETURNED = "returned", _("退回补充")
    DONE = "done", _("已完成")
    WAIVED = "waived", _("免于报送")
    CANCELLED = "cancelled", _("不再需要")


S = DutyState
_OWING = frozenset({UnitRole.MEMBER, UnitRole.ADMIN, Role.RECOMMENDER, Role.PROGRAMME_MANAGER})
_ENDS = frozenset({S.WAIVED, S.CANCELLED})

DUTY = Machine(
    states=S,
    initial=S.OPEN,
    transitions={
        S.OPEN: frozenset({S.HANDED_IN, S.DONE}) | _ENDS,
        S.HANDED_IN: frozenset({S.DONE, S.RETURNED}) | _ENDS,
        S.RETURNED: frozenset({S.HANDED_IN, S.DONE}) | _ENDS,
        # What it hung on is there again: an application put back, a project that was extended.
        S.CANCELLED: frozenset({S.OPEN}),
    },
    owners={
        S.OPEN: _OWING,
        S.HANDED_IN: frozenset({UnitRole.ADMIN, Role.PROGRAMME_MANAGER}),
        S.RETURNED: _OWING,
        S.DONE: frozenset(),
        S.WAIVED: frozenset(),
        S.CANCELLED: frozenset(),
    },
)

OWED = (S.OPEN, S.RETURNED)
"""Somebody still has to hand something in."""
PENDING = (*OWED, S.HANDED_IN)
"""Not through yet: what hangs on it waits."""

del S
