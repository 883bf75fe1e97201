"""What downstream apps must do in the same transaction. Receivers may raise Refused to stop the action."""

from django.dispatch import Signal

went_on = Signal()
"""Sent with `application`, `by`, `at` when one was begun, moved to another step, put back, or its project
ended."""

checking = Signal()
"""Sent with `application` when it is asked what keeps it from being handed in; a receiver returns a list of
(field, clause, sentence)."""

recommending = Signal()
"""Sent with `application`, `by` before an office recommends: a receiver raises Refused to stop it."""

step_passed = Signal()
"""Sent with `application`, `by`, `at` when the last step between decision and award is passed."""

suggesting = Signal()
"""Sent with `application`: receivers return a list of what experts said of it, without names."""
