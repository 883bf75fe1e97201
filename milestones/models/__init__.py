"""Milestones of an agreement, what was handed in and concluded; requests for more time, changes, an end."""

from milestones.models.changes import Change, ChangeKind, ChangeTerm, ChangeWay
from milestones.models.extensions import Extension, Shift
from milestones.models.promises import (
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
    "Acceptance",
    "Change",
    "ChangeKind",
    "ChangeTerm",
    "ChangeWay",
    "DemanderOpinion",
    "Extension",
    "Indicator",
    "Kind",
    "Milestone",
    "MilestoneTemplate",
    "Report",
    "ReportDraft",
    "Shift",
    "Termination",
    "validate_month_day",
]
