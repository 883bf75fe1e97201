from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, UnitRole
from core.workflow import Machine


class ApplicationState(models.TextChoices):
    DRAFT = "draft", _("填写中")
    UNIT_REVIEW = "unit_review", _("单位审核")
    RECOMMENDATION = "recommendation", _("推荐审核")
    FORMAL_CHECK = "formal_check", _("形式审查")
    RETURNED = "returned", _("退回修改")
    EXPERT_REVIEW = "expert_review", _("专家评审")
    DEMANDER_CHOICE = "demander_choice", _("发榜方选择")
    DECISION = "decision", _("待决定")
    PUBLICITY = "publicity", _("拟立项公示")
    AGREEMENT = "agreement", _("签订任务书")
    AWARDED = "awarded", _("已立项")
    REJECTED = "rejected", _("未立项")
    WITHDRAWN = "withdrawn", _("已撤回")


S = ApplicationState
_ENDS = frozenset({S.REJECTED, S.WITHDRAWN})
_MANAGER = frozenset({Role.PROGRAMME_MANAGER})

# The order of the middle states is the call's (grants.Stage); the table says what is possible at all.
_ROUNDS = frozenset({S.EXPERT_REVIEW, S.DEMANDER_CHOICE, S.DECISION})

APPLICATION = Machine(
    states=S,
    initial=S.DRAFT,
    transitions={
        S.DRAFT: frozenset({S.UNIT_REVIEW, S.RECOMMENDATION, S.FORMAL_CHECK, S.WITHDRAWN}),
        S.UNIT_REVIEW: frozenset({S.RECOMMENDATION, S.FORMAL_CHECK, S.RETURNED, S.WITHDRAWN}),
        S.RECOMMENDATION: frozenset({S.FORMAL_CHECK, S.RETURNED}) | _ENDS,
        S.FORMAL_CHECK: _ROUNDS | {S.RETURNED} | _ENDS,
        S.RETURNED: frozenset({S.UNIT_REVIEW, S.RECOMMENDATION, S.FORMAL_CHECK}) | _ENDS,
        S.EXPERT_REVIEW: frozenset({S.DEMANDER_CHOICE, S.DECISION}) | _ENDS,
        S.DEMANDER_CHOICE: frozenset({S.EXPERT_REVIEW, S.DECISION}) | _ENDS,
        S.DECISION: frozenset({S.PUBLICITY, S.AGREEMENT}) | _ENDS,
        S.PUBLICITY: frozenset({S.AGREEMENT, S.REJECTED}),
        S.AGREEMENT: frozenset({S.AWARDED, S.REJECTED}),
    },
    owners={
        S.DRAFT: frozenset({UnitRole.MEMBER}),
        S.RETURNED: frozenset({UnitRole.MEMBER}),
        S.UNIT_REVIEW: frozenset({UnitRole.ADMIN}),
        S.RECOMMENDATION: frozenset({Role.RECOMMENDER}),
        S.FORMAL_CHECK: _MANAGER,
        S.EXPERT_REVIEW: _MANAGER | {Role.EXPERT},
        S.DEMANDER_CHOICE: frozenset({UnitRole.ADMIN, UnitRole.MEMBER}),
        S.DECISION: frozenset({Role.PROGRAMME_MANAGER, Role.LEADER}),
        S.PUBLICITY: _MANAGER,
        S.AGREEMENT: _MANAGER | {UnitRole.ADMIN},
        S.AWARDED: frozenset(),
        S.REJECTED: frozenset(),
        S.WITHDRAWN: frozenset(),
    },
    # Applicants read where they stand, not how far the bureau's own deliberation has come.
    public_labels={
        S.EXPERT_REVIEW: _("评审中"),
        S.DEMANDER_CHOICE: _("评审中"),
        S.DECISION: _("评审中"),
    },
)

EDITABLE = frozenset({S.DRAFT, S.RETURNED})
"""States in which the team may write; the database holds this too."""


def shown_alike(state: str) -> tuple[str, ...]:
    """Every state that an applicant reads as the same word; the first stands for all."""
    label = str(APPLICATION.public_label(state))
    return tuple(other for other in ApplicationState.values if str(APPLICATION.public_label(other)) == label)


def public_choices() -> list[tuple[str, str]]:
    """States as applicants tell them apart: (the first of those shown alike, their word)."""
    firsts = dict.fromkeys(shown_alike(state)[0] for state in ApplicationState.values)
    return [(state, APPLICATION.public_label(state)) for state in firsts]


del S
