"""Everything that changes an application: fill it, hand it in, examine it, move it on."""

from applications.actions.desks import (
    officer_mark,
    pass_formal_check,
    recommend,
    recommender_reject,
    recommender_return,
    reject,
    return_for_supplement,
    unit_approve,
    unit_return,
)
from applications.actions.drafting import (
    BASICS,
    add_to_team,
    attach,
    detach,
    keep_typed,
    remove_from_team,
    save_answers,
    set_budget,
    set_milestones,
    set_participants,
    start,
    update_basics,
)
from applications.actions.flow import advance, enter, set_outcome
from applications.actions.intake import lapse, submit, withdraw

__all__ = [
    "BASICS",
    "add_to_team",
    "advance",
    "attach",
    "detach",
    "enter",
    "keep_typed",
    "lapse",
    "officer_mark",
    "pass_formal_check",
    "recommend",
    "recommender_reject",
    "recommender_return",
    "reject",
    "remove_from_team",
    "return_for_supplement",
    "save_answers",
    "set_budget",
    "set_milestones",
    "set_outcome",
    "set_participants",
    "start",
    "submit",
    "unit_approve",
    "unit_return",
    "update_basics",
    "withdraw",
]
