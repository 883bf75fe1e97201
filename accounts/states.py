"""States of the account side: a person asking to join a unit (加入申请)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import UnitRole
from core.workflow import Machine


class JoinState(models.TextChoices):
    REQUESTED = "requested", _("待审核")
    APPROVED = "approved", _("已通过")
    REFUSED = "refused", _("未通过")
    WITHDRAWN = "withdrawn", _("已撤回")


JOIN_REQUEST = Machine(
    states=JoinState,
    initial=JoinState.REQUESTED,
    transitions={
        JoinState.REQUESTED: frozenset({JoinState.APPROVED, JoinState.REFUSED, JoinState.WITHDRAWN}),
    },
    owners={
        JoinState.REQUESTED: frozenset({UnitRole.ADMIN}),
        JoinState.APPROVED: frozenset(),
        JoinState.REFUSED: frozenset(),
        JoinState.WITHDRAWN: frozenset(),
    },
)
