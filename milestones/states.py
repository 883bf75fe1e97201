from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, UnitRole
from core.workflow import Machine


class MilestoneState(models.TextChoices):
    PLANNED = "planned", _("待完成")
    SUBMITTED = "submitted", _("待审核")
    RETURNED = "returned", _("退回补充")
    ACCEPTED = "accepted", _("已通过")
    FAILED = "failed", _("未通过")
    WAIVED = "waived", _("不再需要")
    CANCELLED = "cancelled", _("已取消")


S = MilestoneState
_TEAM = frozenset({UnitRole.MEMBER, UnitRole.ADMIN})
_MANAGER = frozenset({Role.PROGRAMME_MANAGER})

# Waived: an annual report that became due only after the project had been accepted.
# Cancelled: the project was terminated before.
MILESTONE = Machine(
    states=S,
    initial=S.PLANNED,
    transitions={
        S.PLANNED: frozenset({S.SUBMITTED, S.WAIVED, S.CANCELLED}),
        S.SUBMITTED: frozenset({S.ACCEPTED, S.RETURNED, S.FAILED, S.CANCELLED}),
        S.RETURNED: frozenset({S.SUBMITTED, S.FAILED, S.CANCELLED}),
    },
    owners={
        S.PLANNED: _TEAM,
        S.RETURNED: _TEAM,
        S.SUBMITTED: _MANAGER,
        S.ACCEPTED: frozenset(),
        S.FAILED: frozenset(),
        S.WAIVED: frozenset(),
        S.CANCELLED: frozenset(),
    },
)


class ExtensionState(models.TextChoices):
    UNIT_REVIEW = "unit_review", _("待单位审核")
    SUBMITTED = "submitted", _("待审批")
    APPROVED = "approved", _("同意延期")
    REFUSED = "refused", _("不同意延期")
    RETURNED = "returned", _("单位退回")
    WITHDRAWN = "withdrawn", _("已撤回")


E = ExtensionState

# Handed to the department at once where the notice asks for no review by the unit, or its administrator asks.
EXTENSION = Machine(
    states=E,
    initial=E.UNIT_REVIEW,
    transitions={
        E.UNIT_REVIEW: frozenset({E.SUBMITTED, E.RETURNED, E.WITHDRAWN}),
        E.SUBMITTED: frozenset({E.APPROVED, E.REFUSED, E.WITHDRAWN}),
    },
    owners={
        E.UNIT_REVIEW: frozenset({UnitRole.ADMIN}),
        E.RETURNED: frozenset(),
        E.SUBMITTED: _MANAGER,
        E.APPROVED: frozenset(),
        E.REFUSED: frozenset(),
        E.WITHDRAWN: frozenset(),
    },
)


class ChangeState(models.TextChoices):
    UNIT_REVIEW = "unit_review", _("待单位审核")
    SUBMITTED = "submitted", _("待审批")
    APPROVED = "approved", _("同意变更")
    FILED = "filed", _("已备案")
    REFUSED = "refused", _("不同意变更")
    RETURNED = "returned", _("单位退回")
    WITHDRAWN = "withdrawn", _("已撤回")


C = ChangeState

# What the notice only files is in force as soon as the unit has passed it.
CHANGE = Machine(
    states=C,
    initial=C.UNIT_REVIEW,
    transitions={
        C.UNIT_REVIEW: frozenset({C.SUBMITTED, C.FILED, C.RETURNED, C.WITHDRAWN}),
        C.SUBMITTED: frozenset({C.APPROVED, C.REFUSED, C.WITHDRAWN}),
    },
    owners={
        C.UNIT_REVIEW: frozenset({UnitRole.ADMIN}),
        C.RETURNED: frozenset(),
        C.SUBMITTED: _MANAGER,
        C.APPROVED: frozenset(),
        C.FILED: frozenset(),
        C.REFUSED: frozenset(),
        C.WITHDRAWN: frozenset(),
    },
)


class TerminationState(models.TextChoices):
    SUBMITTED = "submitted", _("待决定")
    APPROVED = "approved", _("同意终止")
    REFUSED = "refused", _("不同意终止")
    WITHDRAWN = "withdrawn", _("已撤回")


T = TerminationState

TERMINATION = Machine(
    states=T,
    initial=T.SUBMITTED,
    transitions={T.SUBMITTED: frozenset({T.APPROVED, T.REFUSED, T.WITHDRAWN})},
    owners={
        T.SUBMITTED: frozenset({Role.LEADER}),
        T.APPROVED: frozenset(),
        T.REFUSED: frozenset(),
        T.WITHDRAWN: frozenset(),
    },
)

del S, E, C, T
