"""Milestones of an agreement, what was handed in and concluded, and requests for more time."""

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

__all__ = [
    "Acceptance",
    "DemanderOpinion",
    "Extension",
    "Indicator",
    "Kind",
    "Milestone",
    "MilestoneTemplate",
    "Report",
    "ReportDraft",
    "Shift",
    "validate_month_day",
]
