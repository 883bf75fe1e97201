"""What apps further down do in the same transaction when something happens to people and units."""

from django.dispatch import Signal

join_requested = Signal()
"""Sent with `join_request`, `by`, `at` when a person asks to join a unit."""

join_decided = Signal()
"""Sent with `join_request`, `by`, `at` when it was approved, refused or withdrawn."""

authority_named = Signal()
"""Sent with `subordination`, `at` when a unit names the authority under which it stands."""

authority_answered = Signal()
"""Sent with `subordination`, `by`, `at` when the authority answered or the unit named another."""

unit_founded = Signal()
"""Sent with `organisation`, `by`, `at` when a team has become a registered unit."""

account_recorded = Signal()
"""Sent with `account`, `by`, `at` when a unit wrote down where it is paid."""

fact_recorded = Signal()
"""Sent with `fact`, `by`, `at` when a dated fact about a unit was written down."""
