from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Machine


class InstalmentState(models.TextChoices):
    PLANNED = "planned", _("条件未成就")
    DUE = "due", _("待拨付")
    PAID = "paid", _("已拨付")
    CANCELLED = "cancelled", _("已取消")


S = InstalmentState
_FINANCE = frozenset({Role.FINANCE})

INSTALMENT = Machine(
    states=S,
    initial=S.PLANNED,
    transitions={
        S.PLANNED: frozenset({S.DUE, S.CANCELLED}),
        S.DUE: frozenset({S.PAID, S.CANCELLED}),
        S.PAID: frozenset({S.DUE}),
    },
    owners={
        S.PLANNED: _FINANCE,
        S.DUE: _FINANCE,
        S.PAID: _FINANCE,
        S.CANCELLED: frozenset(),
    },
)

del S
