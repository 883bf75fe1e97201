"""Public money: appropriated, committed, due, paid; and what is to come back."""

from finance.models.money import (
    Appropriation,
    Commitment,
    Condition,
    Instalment,
    InstalmentTemplate,
    Payment,
)
from finance.models.refunds import Refund, RefundReceipt
from finance.models.settlements import Settlement

__all__ = [
    "Appropriation",
    "Commitment",
    "Condition",
    "Instalment",
    "InstalmentTemplate",
    "Payment",
    "Refund",
    "RefundReceipt",
    "Settlement",
]
