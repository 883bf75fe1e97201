"""Decide, publish, hear objections, award, sign; and what has to hold later."""

from awards.actions.awarding import (
    award,
    bureau_sign,
    close_publicity,
    correct,
    decide,
    fell_away,
    follow_moments,
    object,
    publicise,
    resolve_objection,
    send_back,
    unit_sign,
)
from awards.actions.certifying import certify, mark_condition, settle_conditions
from awards.actions.ending import complete, end_early, extend, forgo, lapse
from awards.actions.replacing import replace_others

__all__ = [
    "award",
    "bureau_sign",
    "certify",
    "close_publicity",
    "complete",
    "correct",
    "decide",
    "end_early",
    "extend",
    "fell_away",
    "follow_moments",
    "forgo",
    "lapse",
    "mark_condition",
    "object",
    "publicise",
    "replace_others",
    "resolve_objection",
    "send_back",
    "settle_conditions",
    "unit_sign",
]
