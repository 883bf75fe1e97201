"""Everything that changes money: commit, plan, pay, reverse; demand back, receive, write off."""

from finance.actions.paying import (
    agreement_signed,
    cancel_unpaid,
    commit,
    milestone_accepted,
    plan,
    record_payment,
    release,
    reverse_payment,
)
from finance.actions.refunding import demand_refund, receive_refund, write_off

__all__ = [
    "agreement_signed",
    "cancel_unpaid",
    "commit",
    "demand_refund",
    "milestone_accepted",
    "plan",
    "receive_refund",
    "record_payment",
    "release",
    "reverse_payment",
    "write_off",
]
