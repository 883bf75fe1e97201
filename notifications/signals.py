"""What apps further down do in the same transaction when a notice has reached whom it is for."""

from django.dispatch import Signal

notice_received = Signal()
"""Sent with `notice`, `by`, `at` once for each notice, when it counts as received.

`at` is the moment from which a clock that depends on the notice runs: that of the first acknowledgement
(`by` who gave it), or that at which it is deemed served (`by` None) and which may lie some minutes back.
Receivers look at `notice.kind` and `notice.subject` and open their deadline as from `at`.
"""
