"""What money must follow in the same transaction."""

from django.dispatch import Signal

accepted = Signal()
"""Sent with `milestone`, `by`, `at` when a milestone is accepted."""
