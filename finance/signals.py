"""What downstream apps must follow in the same transaction."""

from django.dispatch import Signal

paying = Signal()
"""Sent with `instalment`, `by`, `at` before a payment is recorded: a receiver raises Refused to stop it."""

refund_changed = Signal()
"""Sent with `refund`, `by`, `at` when money was demanded back, came in full or was written off."""
