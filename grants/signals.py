"""What happens to a call or a topic that apps further down must judge or hear of."""

from django.dispatch import Signal

publishing = Signal()
"""Sent with `call`, `by`, `at` before a call is published: a receiver raises Refused to stop it."""

relisted = Signal()
"""Sent with `topic`, `by`, `at` once an unfilled topic is on the list again, in the same transaction."""

published = Signal()
"""Sent with `call`, `by`, `at` once a call is published, in the same transaction."""
