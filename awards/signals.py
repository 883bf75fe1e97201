"""What downstream apps must do in the same transaction. Receivers may raise Refused to stop the action."""

from django.dispatch import Signal

decided = Signal()
"""Sent with `decision`, `by`, `at` once a Decision is written."""

awarded = Signal()
"""Sent with `award`, `by`, `at` once an award is made."""

replaced = Signal()
"""Sent with `term`, `award`, `reason`, `by`, `at` for each line of another notice by which something ends."""

money_stopped = Signal()
"""Sent with `agreement`, `by`, `at` when an award elsewhere stops what has not been paid."""

agreement_prepared = Signal()
"""Sent with `agreement`, `by`, `at` when an award got its draft agreement."""

agreement_corrected = Signal()
"""Sent with `agreement`, `moved` (by how much its start moved), `by`, `at` before anybody signed."""

signing = Signal()
"""Sent with `agreement`, `by`, `at` before a side signs: a receiver raises Refused to stop it."""

agreement_extended = Signal()
"""Sent with `agreement`, `by`, `at` when a running project got a later end."""

agreement_in_force = Signal()
"""Sent with `agreement`, `by`, `at` when both sides have signed."""

agreement_completed = Signal()
"""Sent with `agreement`, `by`, `at` when everything that was agreed is done and paid."""

agreement_ended_early = Signal()
"""Sent with `agreement`, `by`, `at` when it was decided to end (终止) or revoke (撤销) a running project."""

funding_dropped = Signal()
"""Sent with `application`, `by`, `at` when a proposed award falls away (objection upheld, forgone)."""
