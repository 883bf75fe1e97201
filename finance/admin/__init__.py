"""Budgets, instalments, payments, and money that is to come back."""

from finance.admin.accounts import BankAccountAdmin
from finance.admin.budgets import AppropriationAdmin, InstalmentTemplateAdmin
from finance.admin.paying import InstalmentAdmin, PaymentAdmin
from finance.admin.refunding import RefundAdmin, RefundReceiptAdmin

__all__ = [
    "AppropriationAdmin",
    "BankAccountAdmin",
    "InstalmentAdmin",
    "InstalmentTemplateAdmin",
    "PaymentAdmin",
    "RefundAdmin",
    "RefundReceiptAdmin",
]
