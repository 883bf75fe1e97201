"""Everything that changes a milestone: plan it, write its form, hand in, judge, give more time."""

from milestones.actions.extending import approve, ask, opened, project_ended, refuse, withdraw
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
    "approve",
    "ask",
    "attach",
    "conclude",
    "detach",
    "fail",
    "give_opinion",
    "hand_in",
    "opened",
    "paired",
    "plan",
    "project_ended",
    "refuse",
    "replan",
    "save_form",
    "start",
    "withdraw",
]
