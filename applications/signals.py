"""What downstream apps must do in the same transaction. Receivers may raise Refused to stop the action."""

from django.dispatch import Signal

step_passed = Signal()
"""Sent with `application`, `by`, `at` when the last step between decision and award is passed."""
