"""What changes milestones: plan, write the form, hand in, judge; give more time; end the project."""

from milestones.actions.extending import (
    approve,
    ask,
    opened,
    pass_on,
    project_ended,
    refuse,
    return_to_team,
    withdraw,
)
from milestones.actions.moves import (
    EVIDENCE,
    conclude,
    fail,
    follow_moments,
    give_opinion,
    hand_in,
    paired,
    plan,
    replan,
    start,
)
from milestones.actions.terminating import (
    ask_termination,
    cancel_milestones,
    refuse_termination,
    terminate,
    terminations_fell_away,
    withdraw_termination,
)
from milestones.actions.writing import attach, detach, save_form

__all__ = [
    "EVIDENCE",
    "approve",
    "ask",
    "ask_termination",
    "attach",
    "cancel_milestones",
    "conclude",
    "detach",
    "fail",
    "follow_moments",
    "give_opinion",
    "hand_in",
    "opened",
    "paired",
    "pass_on",
    "plan",
    "project_ended",
    "refuse",
    "refuse_termination",
    "replan",
    "return_to_team",
    "save_form",
    "start",
    "terminate",
    "terminations_fell_away",
    "withdraw",
    "withdraw_termination",
]
