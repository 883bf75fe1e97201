from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from core.workflow import Machine


class AssignmentState(models.TextChoices):
    INVITED = "invited", _("已邀请")
    ACCEPTED = "accepted", _("评审中")
    DECLINED = "declined", _("已谢绝")
    SUBMITTED = "submitted", _("已提交")
    REPLACED = "replaced", _("已更换")


S = AssignmentState
_EXPERT = frozenset({Role.EXPERT})

ASSIGNMENT = Machine(
    states=S,
    initial=S.INVITED,
    transitions={
        S.INVITED: frozenset({S.ACCEPTED, S.DECLINED, S.REPLACED}),
        S.ACCEPTED: frozenset({S.SUBMITTED, S.DECLINED, S.REPLACED}),
    },
    owners={
        S.INVITED: _EXPERT | {Role.PROGRAMME_MANAGER},
        S.ACCEPTED: _EXPERT | {Role.PROGRAMME_MANAGER},
        S.DECLINED: frozenset(),
        S.SUBMITTED: frozenset(),
        S.REPLACED: frozenset(),
    },
)

del S
