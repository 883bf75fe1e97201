"""What apps further up do in the same transaction when something of core changes."""

from django.dispatch import Signal

calendar_changed = Signal()
"""Sent with `before` and `after` (`Calendar`), `days` (the dates that work in one and rest in the other),
`source`, `by`, `at` when the table of working days says something else. A receiver returns how many dates
it moved.
"""
