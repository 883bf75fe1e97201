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
    PANEL_REVIEW = "panel_review", _("会议评审（答辩）")
    SITE_VISIT = "site_visit", _("现场考察")
    DUE_DILIGENCE = "due_diligence", _("尽职调查")
    CREDIT_CHECK = "credit_check", _("信用联查与查重")
    AUDIT = "audit", _("专项审计核查")
    DEMANDER_CHOICE = "demander_choice", _("发榜方选择")
    ARGUMENTATION = "argumentation", _("项目论证会")
    HIGHER_APPROVAL = "higher_approval", _("上级审批")
    DECISION = "decision", _("待决定")
    RESERVED = "reserved", _("入库备选")
    PUBLICITY = "publicity", _("拟立项公示")
    AGREEMENT = "agreement", _("签订任务书")
    AWARDED = "awarded", _("已立项")
    REJECTED = "rejected", _("未立项")
    WITHDRAWN = "withdrawn", _("已撤回")


class AppealState(models.TextChoices):
    FILED = "filed", _("待复审")
    UPHELD = "upheld", _("复审成立")
    DISMISSED = "dismissed", _("维持不予受理")


class NominatorState(models.TextChoices):
    ASKED = "asked", _("待签署")
    SIGNED = "signed", _("已签署")
    DECLINED = "declined", _("未提名")


class JointState(models.TextChoices):
    ASKED = "asked", _("等待会同")
    AGREED = "agreed", _("已同意")


class SanctionState(models.TextChoices):
    PROPOSED = "proposed", _("待决定")
    IN_FORCE = "in_force", _("已决定")
    REFUSED = "refused", _("不予处理")
    LIFTED = "lifted", _("已解除")


class ProjectEnd(models.TextChoices):
    """How a funded project ended; empty while it runs."""

    COMPLETED = "completed", _("通过验收")
    CONCLUDED = "concluded", _("结题")
    FAILED = "failed", _("未通过验收")
    TERMINATED = "terminated", _("终止")
    REVOKED = "revoked", _("撤销")
    REPLACED = "replaced", _("由其他立项取代")


class RecordStatus(models.TextChoices):
    """How rules on parallel projects (限项) see an application or a project."""

    APPLYING = "applying", _("申报中")
    REJECTED = "rejected", _("未立项")
    RUNNING = "running", _("在研")
    OVERDUE = "overdue", _("逾期未验收")
    COMPLETED = "completed", _("已结题")
    FAILED = "failed", _("未通过验收")
    TERMINATED = "terminated", _("已终止")
    REVOKED = "revoked", _("已撤销")
    """Taken away for a fault, which most notices punish longer than an end (终止)."""
    REPLACED = "replaced", _("已由其他立项取代")
    LEFT = "left", _("已退出")
    """The person left the running project by a change (变更)."""


S = ApplicationState
_ENDS = frozenset({S.REJECTED, S.WITHDRAWN})
_MANAGER = frozenset({Role.PROGRAMME_MANAGER})

OFFICE = frozenset(
    {
        S.PANEL_REVIEW,
        S.SITE_VISIT,
        S.DUE_DILIGENCE,
        S.CREDIT_CHECK,
        S.AUDIT,
        S.ARGUMENTATION,
        S.HIGHER_APPROVAL,
    }
)
"""Steps in which the bureau records one conclusion (`applications.actions.conclude_step`)."""

# The order of the steps is the call's (grants.Stage); the table says what is possible at all.
_INTAKE = frozenset({S.UNIT_REVIEW, S.RECOMMENDATION, S.FORMAL_CHECK})
_ROUNDS = frozenset({S.EXPERT_REVIEW, S.DEMANDER_CHOICE}) | OFFICE
_DECIDED = frozenset({S.PUBLICITY, S.AGREEMENT, S.AWARDED, S.RESERVED})


_ONWARDS = _INTAKE | _ROUNDS | {S.DECISION, S.RETURNED} | _ENDS
"""From a step before the decision: any other such step, back to the team, or out."""


APPLICATION = Machine(
    states=S,
    initial=S.DRAFT,
    transitions={
        S.DRAFT: _INTAKE | _ROUNDS | {S.DECISION, S.WITHDRAWN},
        S.RETURNED: _INTAKE | OFFICE | _ENDS | {S.DECISION},
        # Before the call closes a team may take back what it handed in, and mend it (撤回修改).
        **{state: _ONWARDS - {state} | {S.DRAFT} for state in _INTAKE},
        S.UNIT_REVIEW: _ONWARDS - {S.UNIT_REVIEW, S.REJECTED} | {S.DRAFT},
        S.EXPERT_REVIEW: _ONWARDS - _INTAKE - {S.EXPERT_REVIEW, S.RETURNED},
        S.DEMANDER_CHOICE: _ONWARDS - _INTAKE - {S.DEMANDER_CHOICE, S.RETURNED},
        # An argumentation or an approval may also stand between the decision and the agreement.
        **{state: _ONWARDS - _INTAKE - {state} | _DECIDED for state in OFFICE},
        S.DECISION: _DECIDED | OFFICE | _ENDS | {S.RETURNED},
        S.PUBLICITY: _DECIDED - {S.PUBLICITY} | OFFICE | {S.REJECTED},
        S.AGREEMENT: OFFICE | {S.AWARDED, S.REJECTED},
        S.RESERVED: _DECIDED - {S.RESERVED} | OFFICE | {S.DECISION} | _ENDS,
        # Only by an appeal (复审) that is upheld.
        S.REJECTED: frozenset({S.FORMAL_CHECK}),
    },
    owners={
        S.DRAFT: frozenset({UnitRole.MEMBER}),
        S.RETURNED: frozenset({UnitRole.MEMBER}),
        S.UNIT_REVIEW: frozenset({UnitRole.ADMIN}),
        S.RECOMMENDATION: frozenset({Role.RECOMMENDER}),
        S.FORMAL_CHECK: _MANAGER,
        S.EXPERT_REVIEW: _MANAGER | {Role.EXPERT},
        S.DEMANDER_CHOICE: frozenset({UnitRole.ADMIN, UnitRole.MEMBER}),
        **dict.fromkeys(OFFICE, _MANAGER),
        S.DECISION: frozenset({Role.PROGRAMME_MANAGER, Role.LEADER}),
        S.RESERVED: frozenset({Role.PROGRAMME_MANAGER, Role.LEADER}),
        S.PUBLICITY: _MANAGER,
        S.AGREEMENT: _MANAGER | {UnitRole.ADMIN},
        S.AWARDED: frozenset(),
        S.REJECTED: frozenset(),
        S.WITHDRAWN: frozenset(),
    },
    # Applicants read where they stand, not how far the bureau's own deliberation has come.
    public_labels=dict.fromkeys(_ROUNDS | {S.DECISION}, _("评审中")),
)

APPEAL = Machine(
    states=AppealState,
    initial=AppealState.FILED,
    transitions={AppealState.FILED: frozenset({AppealState.UPHELD, AppealState.DISMISSED})},
    owners={
        AppealState.FILED: frozenset({Role.PROGRAMME_MANAGER, Role.DIVISION_HEAD, Role.LEADER}),
        AppealState.UPHELD: frozenset(),
        AppealState.DISMISSED: frozenset(),
    },
)

NOMINATOR = Machine(
    states=NominatorState,
    initial=NominatorState.ASKED,
    transitions={
        NominatorState.ASKED: frozenset({NominatorState.SIGNED, NominatorState.DECLINED}),
        # A new version of the application is signed again.
        NominatorState.SIGNED: frozenset({NominatorState.ASKED, NominatorState.DECLINED}),
        NominatorState.DECLINED: frozenset({NominatorState.SIGNED}),
    },
    # The person alone, whatever else they are here.
    owners=dict.fromkeys(NominatorState.values, frozenset()),
)

JOINT = Machine(
    states=JointState,
    initial=JointState.ASKED,
    transitions={
        JointState.ASKED: frozenset({JointState.AGREED}),
        # Another version of the application is agreed to again.
        JointState.AGREED: frozenset({JointState.ASKED}),
    },
    owners={JointState.ASKED: frozenset({Role.RECOMMENDER}), JointState.AGREED: frozenset()},
)

SANCTION = Machine(
    states=SanctionState,
    initial=SanctionState.PROPOSED,
    transitions={
        SanctionState.PROPOSED: frozenset({SanctionState.IN_FORCE, SanctionState.REFUSED}),
        SanctionState.IN_FORCE: frozenset({SanctionState.LIFTED}),
    },
    owners={
        SanctionState.PROPOSED: frozenset({Role.LEADER}),
        SanctionState.IN_FORCE: frozenset({Role.LEADER}),
        SanctionState.REFUSED: frozenset(),
        SanctionState.LIFTED: frozenset(),
    },
)

ENDED = _ENDS
"""Nothing is waited for; a rejection may still be appealed against."""

TAKEN_BACK_FROM = _INTAKE
"""Steps out of which a team may take its application back while the call is open."""

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
