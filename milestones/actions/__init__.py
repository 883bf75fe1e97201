"""Everything that changes a milestone: plan it, write its form, hand evidence in, judge it."""

from milestones.actions.moves import (
    EVIDENCE,
    conclude,
    fail,
    give_opinion,
    hand_in,
    paired,
    plan,
    replan,
    start,
)
from milestones.actions.writing import attach, detach, save_form

__all__ = [
    "EVIDENCE",
    "attach",
    "conclude",
    "detach",
    "fail",
    "give_opinion",
    "hand_in",
    "paired",
    "plan",
    "replan",
    "save_form",
    "start",
]
