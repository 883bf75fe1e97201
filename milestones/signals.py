"""What money must follow in the same transaction."""

from django.dispatch import Signal

accepted = Signal()
"""Sent with `milestone`, `grade` (None: the notice has none), `by`, `at` when a milestone is accepted."""

failed = Signal()
"""Sent with the same when it has failed for good: no further acceptance is left."""
