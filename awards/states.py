from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, UnitRole
from core.workflow import Machine

_MANAGER = frozenset({Role.PROGRAMME_MANAGER})


class PublicityState(models.TextChoices):
    RUNNING = "running", _("公示中")
    SUSPENDED = "suspended", _("异议处理中")
    CLOSED = "closed", _("已结束")


PUBLICITY = Machine(
    states=PublicityState,
    initial=PublicityState.RUNNING,
    transitions={
        PublicityState.RUNNING: frozenset({PublicityState.CLOSED, PublicityState.SUSPENDED}),
        PublicityState.SUSPENDED: frozenset({PublicityState.RUNNING, PublicityState.CLOSED}),
    },
    owners={
        PublicityState.RUNNING: _MANAGER,
        PublicityState.SUSPENDED: _MANAGER | {Role.SUPERVISION},
        PublicityState.CLOSED: frozenset(),
    },
)


class ObjectionState(models.TextChoices):
    FILED = "filed", _("待处理")
    UPHELD = "upheld", _("成立")
    DISMISSED = "dismissed", _("不成立")


OBJECTION = Machine(
    states=ObjectionState,
    initial=ObjectionState.FILED,
    transitions={ObjectionState.FILED: frozenset({ObjectionState.UPHELD, ObjectionState.DISMISSED})},
    owners={
        ObjectionState.FILED: _MANAGER | {Role.SUPERVISION},
        ObjectionState.UPHELD: frozenset(),
        ObjectionState.DISMISSED: frozenset(),
    },
)


class AgreementState(models.TextChoices):
    DRAFT = "draft", _("待承担单位签订")
    UNIT_SIGNED = "unit_signed", _("待主管部门签订")
    IN_FORCE = "in_force", _("执行中")
    COMPLETED = "completed", _("已完成")
    FORGONE = "forgone", _("放弃立项")
    TERMINATED = "terminated", _("已终止")
    REVOKED = "revoked", _("已撤销")
    REPLACED = "replaced", _("已由其他立项取代")


A = AgreementState

AGREEMENT = Machine(
    states=A,
    initial=A.DRAFT,
    transitions={
        # In force at once where the notice asks for no agreement.
        A.DRAFT: frozenset({A.UNIT_SIGNED, A.IN_FORCE, A.FORGONE}),
        A.UNIT_SIGNED: frozenset({A.IN_FORCE, A.DRAFT}),
        A.IN_FORCE: frozenset({A.COMPLETED, A.TERMINATED, A.REVOKED, A.REPLACED}),
    },
    owners={
        A.DRAFT: frozenset({UnitRole.ADMIN}),
        A.UNIT_SIGNED: _MANAGER,
        A.IN_FORCE: _MANAGER,
        A.COMPLETED: frozenset(),
        A.FORGONE: frozenset(),
        A.TERMINATED: frozenset(),
        A.REVOKED: frozenset(),
        A.REPLACED: frozenset(),
    },
)

ENDED_EARLY = frozenset({A.TERMINATED, A.REVOKED, A.REPLACED})
"""Ended before everything was done; revoked: for a fault of the project's; replaced: by another award."""

del A
