from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, UnitRole
from core.workflow import Machine


class DemandState(models.TextChoices):
    DRAFT = "draft", _("填写中")
    SUBMITTED = "submitted", _("已提交")
    RETURNED = "returned", _("退回修改")
    ARGUED = "argued", _("已论证")
    LISTED = "listed", _("已发榜")
    REJECTED = "rejected", _("不予发榜")
    WITHDRAWN = "withdrawn", _("已撤回")


S = DemandState
_TEAM = frozenset({UnitRole.MEMBER, UnitRole.ADMIN})
_MANAGER = frozenset({Role.PROGRAMME_MANAGER})

DEMAND = Machine(
    states=S,
    initial=S.DRAFT,
    transitions={
        S.DRAFT: frozenset({S.SUBMITTED, S.WITHDRAWN}),
        S.SUBMITTED: frozenset({S.ARGUED, S.RETURNED, S.REJECTED, S.WITHDRAWN}),
        S.RETURNED: frozenset({S.SUBMITTED, S.WITHDRAWN}),
        S.ARGUED: frozenset({S.LISTED, S.REJECTED}),
    },
    owners={
        S.DRAFT: _TEAM,
        S.RETURNED: _TEAM,
        S.SUBMITTED: _MANAGER,
        S.ARGUED: _MANAGER,
        S.LISTED: frozenset(),
        S.REJECTED: frozenset(),
        S.WITHDRAWN: frozenset(),
    },
)

EDITABLE = frozenset({S.DRAFT, S.RETURNED})
"""States in which the unit may write; the database holds this too."""

del S
