"""Two-step calls: the outlines (预申报) that let a unit apply to the second step."""

from datetime import timedelta

from django.db.models import Exists, OuterRef

from accounts.models import Organisation
from applications.models import Application
from applications.states import ApplicationState
from core.calendar import end_of_day, local_date
from core.models import Event
from grants.models import Call, Invitation
from grants.states import CallState

CHOSEN = (ApplicationState.RESERVED, ApplicationState.AGREEMENT, ApplicationState.AWARDED)


def entries(call: Call, organisation) -> list[Application]:
    """Chosen outlines of a unit that no application has used yet, the newest first; one query."""
    used = Application.objects.filter(call__series=call.series, follows__isnull=False)
    used = used.exclude(state=ApplicationState.WITHDRAWN).values("follows_id")
    outlines = Application.objects.filter(
        call__series=call.follows.series, organisation=organisation, state__in=CHOSEN
    )
    return list(outlines.exclude(pk__in=used).order_by("-id"))


def second_step(outline: Application) -> Call | None:
    """The published call that a chosen outline may go on to within a number of days; None without one."""
    calls = Call.objects.filter(
        follows__series=outline.call.series, state=CallState.PUBLISHED, entry_days__isnull=False
    )
    return calls.select_related("programme__department").order_by("-version", "-id").first()


def outlines_for(call: Call):
    """Chosen outlines that may go on to `call` and have not been used."""
    used = Application.objects.filter(
        call__series=call.series, follows__isnull=False, submitted_at__isnull=False
    )
    used = used.exclude(state=ApplicationState.WITHDRAWN).values("follows_id")
    outlines = Application.objects.filter(call__series=call.follows.series, state__in=CHOSEN)
    return outlines.exclude(pk__in=used)


def invitations_owing(at):
    """Units on the lists of running invitation-only calls that are registered and have not applied yet."""
    applied = Application.objects.filter(
        call__series=OuterRef("call__series"),
        organisation__credit_code=OuterRef("credit_code"),
        submitted_at__isnull=False,
    ).exclude(state=ApplicationState.WITHDRAWN)
    known = Organisation.objects.filter(credit_code=OuterRef("credit_code"))
    return Invitation.objects.filter(
        ~Exists(applied),
        Exists(known),
        call__state=CallState.PUBLISHED,
        call__is_invitation_only=True,
        call__closes_at__gte=at,
    ).select_related("call__programme__department")


def entry_until(call: Call, outline: Application):
    """The last moment of the right to apply, `entry_days` calendar days after the choice; None: no limit."""
    if call.entry_days is None:
        return None
    moves = Event.objects.about(outline).filter(to_state__in=CHOSEN)
    chosen_at = moves.order_by("at").values_list("at", flat=True).first() or outline.submitted_at
    return end_of_day(local_date(chosen_at) + timedelta(days=call.entry_days))
