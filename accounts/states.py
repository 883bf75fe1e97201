"""States of the account side: 加入申请, a unit naming its authority, a unit's account (收款账户)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.roles import Role, UnitRole
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


class SubordinationState(models.TextChoices):
    NAMED = "named", _("未确认")
    CONFIRMED = "confirmed", _("已确认")
    REFUSED = "refused", pgettext_lazy("state", "不予确认")
    ENDED = "ended", _("已解除")


SUBORDINATION = Machine(
    states=SubordinationState,
    initial=SubordinationState.NAMED,
    transitions={
        SubordinationState.NAMED: frozenset(
            {SubordinationState.CONFIRMED, SubordinationState.REFUSED, SubordinationState.ENDED}
        ),
        # The unit names another authority.
        SubordinationState.CONFIRMED: frozenset({SubordinationState.ENDED}),
    },
    owners={
        SubordinationState.NAMED: frozenset({UnitRole.ADMIN, Role.RECOMMENDER}),
        SubordinationState.CONFIRMED: frozenset(),
        SubordinationState.REFUSED: frozenset(),
        SubordinationState.ENDED: frozenset(),
    },
)


class AccountState(models.TextChoices):
    REGISTERED = "registered", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    RETURNED = "returned", _("已退回")
    SUPERSEDED = "superseded", _("已被新账户代替")


BANK_ACCOUNT = Machine(
    states=AccountState,
    initial=AccountState.REGISTERED,
    transitions={
        AccountState.REGISTERED: frozenset(
            {AccountState.CONFIRMED, AccountState.RETURNED, AccountState.SUPERSEDED}
        ),
    },
    owners={
        AccountState.REGISTERED: frozenset({Role.FINANCE}),
        AccountState.CONFIRMED: frozenset(),
        AccountState.RETURNED: frozenset(),
        AccountState.SUPERSEDED: frozenset(),
    },
)
