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
        # Cancelled: reversed after the project was terminated.
        S.PAID: frozenset({S.DUE, S.CANCELLED}),
    },
    owners={
        S.PLANNED: _FINANCE,
        S.DUE: _FINANCE,
        S.PAID: _FINANCE,
        S.CANCELLED: frozenset(),
    },
)


class RefundState(models.TextChoices):
    DEMANDED = "demanded", _("待退回")
    SETTLED = "settled", _("已退清")
    WRITTEN_OFF = "written_off", _("已核销")


R = RefundState

REFUND = Machine(
    states=R,
    initial=R.DEMANDED,
    transitions={R.DEMANDED: frozenset({R.SETTLED, R.WRITTEN_OFF})},
    owners={
        R.DEMANDED: _FINANCE | {Role.LEADER},
        R.SETTLED: frozenset(),
        R.WRITTEN_OFF: frozenset(),
    },
)

del S, R
