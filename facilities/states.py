from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, UnitRole
from core.workflow import Machine


class FacilityState(models.TextChoices):
    OPERATING = "operating", _("运行")
    RECTIFYING = "rectifying", _("整改")
    REMOVED = "removed", _("取消备案")
    CLOSED = "closed", _("主动退出")
    EXPIRED = "expired", _("备案到期")
    REPLACED = "replaced", _("已由其他立项取代")


S = FacilityState
_UNIT = frozenset({UnitRole.MEMBER, UnitRole.ADMIN})
_MANAGER = frozenset({Role.PROGRAMME_MANAGER})

FACILITY = Machine(
    states=S,
    initial=S.OPERATING,
    transitions={
        S.OPERATING: frozenset({S.RECTIFYING, S.CLOSED, S.EXPIRED, S.REPLACED}),
        S.RECTIFYING: frozenset({S.OPERATING, S.REMOVED, S.CLOSED, S.EXPIRED, S.REPLACED}),
        S.EXPIRED: frozenset({S.OPERATING}),
    },
    owners={
        S.OPERATING: _UNIT,
        S.RECTIFYING: _UNIT | {Role.LEADER},
        S.REMOVED: frozenset(),
        S.CLOSED: frozenset(),
        S.EXPIRED: _MANAGER,
        S.REPLACED: frozenset(),
    },
)


class EvaluationState(models.TextChoices):
    REPORTING = "reporting", _("待自评")
    DISTRICT_CHECK = "district_check", _("区级审查")
    SCORING = "scoring", _("待评分")
    GRADED = "graded", _("待公示")
    PUBLISHED = "published", _("公示中")
    CONCLUDED = "concluded", _("已生效")
    CANCELLED = "cancelled", _("不再评价")


E = EvaluationState

# Back to scoring: a mistake found before the publicity, or an objection upheld during it.
EVALUATION = Machine(
    states=E,
    initial=E.REPORTING,
    transitions={
        E.REPORTING: frozenset({E.DISTRICT_CHECK, E.SCORING, E.CANCELLED}),
        E.DISTRICT_CHECK: frozenset({E.SCORING, E.REPORTING, E.CANCELLED}),
        E.SCORING: frozenset({E.GRADED, E.REPORTING, E.CANCELLED}),
        E.GRADED: frozenset({E.PUBLISHED, E.SCORING, E.CANCELLED}),
        E.PUBLISHED: frozenset({E.CONCLUDED, E.SCORING, E.CANCELLED}),
    },
    owners={
        E.REPORTING: _UNIT,
        E.DISTRICT_CHECK: frozenset({Role.RECOMMENDER}),
        E.SCORING: _MANAGER,
        E.GRADED: _MANAGER,
        E.PUBLISHED: _MANAGER,
        E.CONCLUDED: frozenset(),
        E.CANCELLED: frozenset(),
    },
)

HANDED_IN = (E.DISTRICT_CHECK, E.SCORING, E.GRADED, E.PUBLISHED)
"""The bureau has the evaluation; the platform waits."""
ENDED = (E.CONCLUDED, E.CANCELLED)

del S, E
