"""What applications do when something happens upstream. Connected in `ApplicationsConfig.ready`."""

from applications import actions, appeal_clocks, notifications, queries, team_clocks
from applications.models import Application
from notifications import actions as deadlines
from notifications.models import DeadlineKind, NoticeKind


def relisted(sender, *, topic, by, at, **kwargs) -> None:
    actions.reopen_drafts(topic=topic, by=by, at=at)


def received(sender, *, notice, by, at, **kwargs) -> None:
    """The days to appeal run from the receipt of a rejection at the formal check."""
    if notice.kind != NoticeKind.REJECTED or not isinstance(notice.subject, Application):
        return
    decision = queries.rejection(notice.subject)
    if decision is not None and not queries.is_appealed(decision):
        appeal_clocks.opened(decision, at=at)


def published(sender, *, call, by, at, **kwargs) -> None:
    """Who is invited, and whose outline was chosen before, knows from now until when they may apply."""
    if call.amends_id:
        notifications.invitations_replaced(call.amends, by=by, at=at)
    if call.is_invitation_only:
        notifications.invite(call, at=at)
    for right in queries.rights_ahead(call):
        if call.amends_id:
            # The days of the earlier version do not hold any more.
            deadlines.cancel_deadline(subject=right.outline, kind=DeadlineKind.SECOND_STEP, by=by, at=at)
        notifications.open_second_step(right.outline, at=at)


def founded(sender, *, organisation, by, at, **kwargs) -> None:
    """A team has registered as a unit."""
    team_clocks.founded(organisation, by=by, at=at)
