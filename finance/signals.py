"""What downstream apps must follow in the same transaction."""

from django.dispatch import Signal

refund_changed = Signal()
"""Sent with `refund`, `by`, `at` when money was demanded back, came in full or was written off."""
