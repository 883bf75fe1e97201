"""Milestones of an agreement, what was handed in and concluded; requests for more time, changes, an end."""

from milestones.models.acceptances import (
    AcceptanceBonus,
    AcceptanceCriterion,
    AcceptanceGrade,
    AcceptanceScheme,
    Hearing,
    Panellist,
)
from milestones.models.changes import Change, ChangeConsent, ChangeKind, ChangeTerm, ChangeWay
from milestones.models.extensions import Extension, Shift
from milestones.models.promises import (
    MONTH_DAY,
    Acceptance,
    DemanderOpinion,
    Indicator,
    Kind,
    Milestone,
    MilestoneTemplate,
    Report,
    ReportDraft,
    validate_month_day,
)
from milestones.models.terminations import Termination

__all__ = [
    "MONTH_DAY",
    "Acceptance",
    "AcceptanceBonus",
    "AcceptanceCriterion",
    "AcceptanceGrade",
    "AcceptanceScheme",
    "Change",
    "ChangeConsent",
    "ChangeKind",
    "ChangeTerm",
    "ChangeWay",
    "DemanderOpinion",
    "Extension",
    "Hearing",
    "Indicator",
    "Kind",
    "Milestone",
    "MilestoneTemplate",
    "Panellist",
    "Report",
    "ReportDraft",
    "Shift",
    "Termination",
    "validate_month_day",
]
