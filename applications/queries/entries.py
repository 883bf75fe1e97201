"""Projects of earlier notices that let a unit apply to a call (两步申报、推荐、晋级)."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Organisation
from applications.models import Application
from applications.states import ApplicationState, ProjectEnd
from core.calendar import end_of_day, local_date
from core.models import Event
from grants.models import Call, Entry, EntryOf, Invitation
from grants.queries import entries_of
from grants.states import CallState

AWARDED = (ApplicationState.AGREEMENT, ApplicationState.AWARDED)
CHOSEN = (ApplicationState.RESERVED, *AWARDED)
STATES = {
    EntryOf.CHOSEN: CHOSEN,
    EntryOf.AWARDED: AWARDED,
    EntryOf.RESERVED: (ApplicationState.RESERVED,),
}
BROKEN_OFF = (ProjectEnd.FAILED, ProjectEnd.TERMINATED, ProjectEnd.REVOKED)


class Right(NamedTuple):
    """An earlier project and the line of the notice by which it may come in; `until` None: no end."""

    outline: Application
    entry: Entry
    until: datetime | None


def sources(entry: Entry) -> QuerySet[Application]:
    """The earlier projects of which a line of the notice is, whether they have been used or not."""
    call = entry.call
    rows = Application.objects.filter(
        call__programme__slug=entry.plan_slug,
        call__year__gte=call.year - entry.years,
        call__year__lte=call.year,
        state__in=STATES[EntryOf(entry.of)],
    ).exclude(call__series=call.series)
    rows = rows.exclude(ended__in=BROKEN_OFF)
    if entry.title:
        # A later version may have another title.
        named = Call.objects.filter(programme__slug=entry.plan_slug, title=entry.title)
        rows = rows.filter(call__series__in=named.values("series"))
    if entry.grades:
        rows = rows.filter(granted_grade__in=entry.grades)
    return _best(rows, entry) if entry.best else rows


def _best(rows: QuerySet, entry: Entry) -> QuerySet:
    """Those with fewer than `best` better ones in their own notice; what has no score has no rank."""
    better = Application.objects.filter(
        call__series=OuterRef("call__series"),
        state__in=STATES[EntryOf(entry.of)],
        final_score__gt=OuterRef("final_score"),
    )
    number = better.order_by().values("call__series").annotate(n=Count("pk")).values("n")
    rows = rows.filter(final_score__isnull=False)
    return rows.alias(better=Coalesce(Subquery(number), 0)).filter(better__lt=entry.best)


def _unused(rows: QuerySet, call: Call, *, handed_in: bool = False) -> QuerySet:
    """Each earlier project lets one application in; one that is withdrawn gives it back."""
    used = Application.objects.filter(call__series=call.series, follows__isnull=False)
    used = used.exclude(state=ApplicationState.WITHDRAWN)
    if handed_in:
        used = used.filter(submitted_at__isnull=False)
    return rows.exclude(pk__in=used.values("follows_id"))


def rights(call: Call, units, *, by=None) -> list[Right]:
    """What units may come in by and have not used, the newest of each line first; no query without lines.

    Of a person only the projects of their own teams and of units they administer: what was written goes over.
    Two queries for each line, and one for each project where the days run from its choice.
    """
    found: dict[int, Right] = {}
    own = None if by is None else Application.objects.own_to(by).values("pk")
    for entry in entries_of(call):
        rows = _unused(sources(entry), call).filter(organisation__in=units)
        rows = rows if own is None else rows.filter(pk__in=own)
        for outline in rows.select_related("call__programme", "organisation").order_by("-id"):
            if outline.pk not in found:
                found[outline.pk] = Right(outline, entry, entry_until(entry, outline))
    return list(found.values())


def entry_of(application: Application) -> Entry | None:
    """The line of its notice by which an application came in."""
    if not application.entry_code:
        return None
    return next((row for row in entries_of(application.call) if row.code == application.entry_code), None)


def beyond_quota(call: Call) -> list[str]:
    """Codes of the lines whose applications count in no limit of units and recommenders."""
    return [entry.code for entry in entries_of(call) if entry.beyond_quota]


def right_ahead(outline: Application) -> Right | None:
    """The published call that a chosen project may go on to until some moment; None without one."""
    for entry in _lines_for(outline):
        until = clock_of(entry, outline)
        left = _unused(sources(entry), entry.call, handed_in=True)
        if until and left.filter(pk=outline.pk).exists():
            return Right(outline, entry, until)
    return None


def _lines_for(outline: Application) -> QuerySet[Entry]:
    """Lines of published calls that are about the programme of a project, the newest notice first."""
    programme = outline.call.programme
    rows = Entry.objects.filter(
        Q(plan=programme.slug) | Q(plan="", call__programme=programme), call__state=CallState.PUBLISHED
    ).exclude(call__series=outline.call.series)
    return rows.select_related("call__programme__department").order_by("-call__version", "-call_id", "order")


def rights_ahead(call: Call) -> list[Right]:
    """Every chosen project that may still go on to a published call, and until when."""
    found: dict[int, Right] = {}
    for entry in entries_of(call):
        rows = _unused(sources(entry), call, handed_in=True)
        for outline in rows.select_related("call__programme__department", "organisation"):
            until = clock_of(entry, outline)
            if until and outline.pk not in found:
                found[outline.pk] = Right(outline, entry, until)
    return list(found.values())


def chosen_ahead() -> QuerySet[Application]:
    """Chosen projects of programmes that some published call takes projects from."""
    lines = Entry.objects.filter(
        Q(plan=OuterRef("call__programme__slug")) | Q(plan="", call__programme=OuterRef("call__programme")),
        call__state=CallState.PUBLISHED,
    )
    return Application.objects.filter(Exists(lines), state__in=CHOSEN)


def entry_until(entry: Entry, outline: Application) -> datetime | None:
    """The last moment of the right to apply, `days` calendar days after the choice; None: no limit."""
    if entry.days is None:
        return None
    moves = Event.objects.about(outline).filter(to_state__in=CHOSEN)
    chosen_at = moves.order_by("at").values_list("at", flat=True).first() or outline.submitted_at
    return end_of_day(local_date(chosen_at) + timedelta(days=entry.days))


def clock_of(entry: Entry, outline: Application) -> datetime | None:
    """Until when somebody may act on it: the right or the call ends; None: neither does."""
    ends = (entry_until(entry, outline), entry.call.closes_at)
    return min((moment for moment in ends if moment), default=None)


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
