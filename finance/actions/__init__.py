"""Everything that changes money: commit, plan, pay, reverse; demand back, settle, receive, write off."""

from finance.actions.accounts import account_registered, confirm_account, return_account
from finance.actions.committing import cancel_unpaid, commit, hold, release
from finance.actions.paying import (
    agreement_signed,
    certify,
    mark_condition,
    milestone_accepted,
    plan,
    record_payment,
    reverse_payment,
)
from finance.actions.performing import follow_failure, work_out
from finance.actions.refunding import demand_refund, receive_refund, settle, write_off

__all__ = [
    "account_registered",
    "agreement_signed",
    "cancel_unpaid",
    "certify",
    "commit",
    "confirm_account",
    "demand_refund",
    "follow_failure",
    "hold",
    "mark_condition",
    "milestone_accepted",
    "plan",
    "receive_refund",
    "record_payment",
    "release",
    "return_account",
    "reverse_payment",
    "settle",
    "work_out",
    "write_off",
]
