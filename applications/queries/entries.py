"""Two-step calls: the outlines (预申报) that let a unit apply to the second step."""

from datetime import timedelta

from applications.models import Application
from applications.states import ApplicationState
from core.calendar import end_of_day, local_date
from core.models import Event
from grants.models import Call

CHOSEN = (ApplicationState.RESERVED, ApplicationState.AGREEMENT, ApplicationState.AWARDED)


def entries(call: Call, organisation) -> list[Application]:
    """Chosen outlines of a unit that no application has used yet, the newest first; one query."""
    used = Application.objects.filter(call__series=call.series, follows__isnull=False)
    used = used.exclude(state=ApplicationState.WITHDRAWN).values("follows_id")
    outlines = Application.objects.filter(
        call__series=call.follows.series, organisation=organisation, state__in=CHOSEN
    )
    return list(outlines.exclude(pk__in=used).order_by("-id"))


def entry_until(call: Call, outline: Application):
    """The last moment of the right to apply, `entry_days` calendar days after the choice; None: no limit."""
    if call.entry_days is None:
        return None
    moves = Event.objects.about(outline).filter(to_state__in=CHOSEN)
    chosen_at = moves.order_by("at").values_list("at", flat=True).first() or outline.submitted_at
    return end_of_day(local_date(chosen_at) + timedelta(days=call.entry_days))
