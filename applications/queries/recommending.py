"""What a recommender (推荐单位) has before it: its offices, its calls, the order of one call, its letters."""

from datetime import datetime
from typing import NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Exists, Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Organisation
from accounts.queries import is_confirmed_under
from applications.models import Application, Nomination, RecommendationLetter
from applications.queries.records import events, of_the_bureau
from applications.queries.stamped_tables import Stamped, stamped_by_offices
from applications.states import ApplicationState
from documents.models import Document
from grants.dictionaries import Codes
from grants.models import Call, RecommendedBy
from grants.queries import in_force, share_in_force, way_of_recommending

REGIONS = "regions"
WAITING = ApplicationState.RECOMMENDATION


class Office(NamedTuple):
    """A recommender: an organisation (None: nobody's name) and the region for which it recommends.

    Without a region: what comes to the organisation as the competent authority or by an applicant's choice.
    """

    organisation_id: int | None
    region: str

    def as_fields(self) -> dict:
        return {"recommender_id": self.organisation_id, "region": self.region}


def offices_of(user) -> list[Office]:
    """The person's offices, the one with the narrowest region first."""
    return sorted(
        {Office(*office) for office in user.scope.offices},
        key=lambda one: (-len(one.region), one.region, one.organisation_id or 0),
    )


def office_for(user, application: Application) -> Office | None:
    """The person's office for an application: its recommender's, or that of the narrowest region."""
    offices = offices_of(user)
    if application.recommender_id:
        own = Office(application.recommender_id, "")
        return own if own in offices else None
    region = application.organisation.region
    return next((one for one in offices if one.region and region.startswith(one.region)), None)


def office_of_call(user, call: Call) -> Office | None:
    """The person's first office for what the call says of its recommenders; else the first at all."""
    offices = offices_of(user)
    by_region = way_of_recommending(call) in (RecommendedBy.REGION, "")
    fitting = [office for office in offices if bool(office.region) is by_region] or offices
    if len(fitting) > 1 and not by_region:
        # Of several organisations, one to which something of this call has come.
        rows = Application.objects.filter(call__series=call.series)
        known = set(
            rows.filter(recommender_id__in=[office.organisation_id for office in fitting])
            .order_by()
            .values_list("recommender_id", flat=True)
            .distinct()
        )
        fitting.sort(key=lambda office: office.organisation_id not in known)
    return fitting[0] if fitting else None


def recommenders_for(application: Application):
    """Who may recommend an application by name: the unit's competent authority, or those of the notice's list
    that are registered, in its order. None where regions recommend."""
    way = way_of_recommending(application.call)
    if way == RecommendedBy.CHOSEN:
        listed = application.call.recommenders.filter(line="").order_by("id")
        place = listed.filter(credit_code=OuterRef("credit_code")).values("id")[:1]
        units = Organisation.objects.filter(credit_code__in=listed.values("credit_code"))
        return units.order_by(Subquery(place))
    if way == RecommendedBy.AUTHORITY:
        return Organisation.objects.filter(pk=application.organisation.authority_id)
    return Organisation.objects.none()


def unconfirmed_authority(application: Application) -> Organisation | None:
    """The authority that recommends an application and has not confirmed that the unit stands under it."""
    if way_of_recommending(application.call) != RecommendedBy.AUTHORITY:
        return None
    authority = application.recommender or application.organisation.authority
    if authority is None or is_confirmed_under(application.organisation_id, authority.pk):
        return None
    return authority


class Recommendation(NamedTuple):
    """Who recommends an application and what became of it."""

    kind: str
    """A `RecommendedBy`."""
    name: str
    state: str
    """"not_reached", "waiting", "recommended", "returned" or "refused"."""
    opinion: str
    """"" for whoever may not read it."""
    at: datetime | None


BECAME = {ApplicationState.RETURNED: "returned", ApplicationState.REJECTED: "refused"}
NOT_JUDGED = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)


def recommendation_read_by(application: Application, user) -> Recommendation | None:
    """As one person reads it; None where the call has no such step.

    Why it was sent back or refused is told to everybody who reads the application; with which words it was
    recommended stays between the recommender and the bureau, as on the pages.
    """
    way = way_of_recommending(application.call)
    if not way:
        return None
    made = recommendation_of(application)
    named = application.recommender or (made and made.recommender)
    region = application.organisation.region
    name = (
        named.name if named else name_of_office(Office(None, region)) if way == RecommendedBy.REGION else ""
    )
    last = events(application).filter(from_state=WAITING).order_by("-at", "-id").first()
    if application.state == WAITING:
        return Recommendation(way, name, "waiting", "", None)
    if last is None or last.to_state in NOT_JUDGED:
        return Recommendation(way, name, "not_reached", "", None)
    state = BECAME.get(last.to_state, "recommended")
    told = state != "recommended" or of_the_bureau(user) or office_for(user, application) is not None
    return Recommendation(way, name, state, last.note if told else "", last.at)


def is_recommended(application: Application) -> bool:
    """Whether some office has recommended it, whatever became of it since."""
    return Nomination.objects.filter(application=application, recommended_at__isnull=False).exists()


def of_office(rows, office: Office, user=None):
    """Applications of an office: those that come to it by name, or those of its region, without those for
    which the person has a narrower office."""
    if not office.region:
        return rows.filter(recommender_id=office.organisation_id)
    rows = rows.filter(recommender__isnull=True, organisation__region__startswith=office.region)
    for other in offices_of(user) if user else ():
        if other != office and len(other.region) > len(office.region):
            rows = rows.exclude(organisation__region__startswith=other.region)
    return rows


def name_of_office(office: Office) -> str:
    """The organisation's name, or that of the region; one query."""
    if office.organisation_id:
        return Organisation.objects.get(pk=office.organisation_id).name
    return Codes(REGIONS).label(office.region) or office.region


def places(series, office: Office):
    """The order of an office: what was recommended, and what waits and has a place."""
    rows = Nomination.objects.filter(series=series, **office.as_fields())
    return rows.filter(Q(recommended_at__isnull=False) | Q(application__state=WAITING))


class Line(NamedTuple):
    """One application in the order of an office."""

    application: Application
    rank: int | None
    """Its place in the database; None while nobody has put it anywhere."""
    place: int
    """Its place as it is read: counted over the whole list."""
    recommended_at: object
    letter: RecommendationLetter | None

    @property
    def may_move(self) -> bool:
        return self.letter is None


class Order(NamedTuple):
    """One page of the order of one call and office, and what the whole of it holds."""

    lines: list[Line]
    start: int
    """How many stand before this page."""
    total: int
    waiting: int
    unsealed: int
    """Recommended, and in no letter yet."""
    movable: int

    @property
    def last(self) -> int:
        return self.start + len(self.lines)


def order_of(user, call: Call, office: Office) -> list[Line]:
    """The whole order of one call and office: places first, then what waits without one; two queries."""
    return _lines(user, call, office, 0, None)


def page_of_order(user, call: Call, office: Office, *, start: int, length: int) -> Order:
    """The lines behind the first `start`; four queries, however long the order is."""
    held = places(call.series, office).aggregate(
        all=Count("pk"),
        sealed=Count("pk", filter=Q(letter__isnull=False)),
        unsealed=Count("pk", filter=Q(letter__isnull=True, recommended_at__isnull=False)),
        waiting=Count("pk", filter=Q(recommended_at__isnull=True)),
    )
    loose = _without_place(user, call, office).count()
    total = held["all"] + loose
    start = max(0, min(start, (total - 1) // length * length))
    return Order(
        _lines(user, call, office, start, start + length, placed=held["all"]),
        start,
        total,
        held["waiting"] + loose,
        held["unsealed"],
        total - held["sealed"],
    )


def _lines(user, call: Call, office: Office, start: int, stop: int | None, *, placed: int = 0) -> list[Line]:
    """Lines from `start` to `stop`; `placed`: how many of the whole have a place."""
    rows = places(call.series, office).select_related(
        "application__call__programme", "application__organisation", "application__topic", "letter"
    )
    lines = [
        Line(row.application, row.rank, 0, row.recommended_at, row.letter)
        for row in rows.order_by("rank", "pk")[start:stop]
    ]
    if stop is None or stop > placed:
        first, last = (0, None) if stop is None else (max(0, start - placed), stop - placed)
        rest = _without_place(user, call, office).select_related("call__programme", "organisation", "topic")
        rest = rest.order_by("submitted_at", "pk")[first:last]
        lines += [Line(row, None, 0, None, None) for row in rest]
    return [line._replace(place=place) for place, line in enumerate(lines, start=start + 1)]


def _without_place(user, call: Call, office: Office):
    """What waits and has been put nowhere yet."""
    rows = of_office(Application.objects.visible_to(user), office, user)
    placed = Nomination.objects.filter(application=OuterRef("pk"), series=call.series, **office.as_fields())
    return rows.filter(~Exists(placed), call__series=call.series, state=WAITING)


class Desk(NamedTuple):
    """What one call holds for an office."""

    call: Call
    waiting: int
    recommended: int
    closes_at: datetime | None
    """When recommending ends, as the notice stands."""
    stamped: Stamped | None = None
    """What came of the office's stamped table, where the notice asks for one."""


def desks(user, office: Office) -> list[Desk]:
    """The calls of which an office has something, the one that closes first on top; two queries."""
    rows = of_office(Application.objects.visible_to(user), office, user)
    counted = (
        rows.order_by()
        .values("call__series")
        .annotate(
            call_pk=Min("call_id"),
            waiting=Count("pk", filter=Q(state=WAITING)),
            recommended=Count("pk", filter=Exists(recommended_by(office))),
        )
        .filter(Q(waiting__gt=0) | Q(recommended__gt=0))
    )
    counts = {row["call_pk"]: row for row in counted[:200]}
    calls = Call.objects.filter(pk__in=counts).select_related("programme__department")
    share_in_force(calls)
    found = [
        Desk(
            call,
            counts[call.pk]["waiting"],
            counts[call.pk]["recommended"],
            in_force(call).recommender_closes_at,
        )
        for call in calls
    ]
    return sorted(found, key=lambda desk: (desk.waiting == 0, _moment(desk), -desk.call.pk))


def desks_of(user) -> list[dict]:
    """The person's offices that have something, with their calls and the stamped tables that they owe."""
    offices = offices_of(user)
    held = [(number, office, desks(user, office)) for number, office in enumerate(offices)]
    stamped = stamped_by_offices(offices, [desk.call for _n, _office, rows in held for desk in rows])
    return [
        {
            "office": office,
            "number": number,
            "name": name_of_office(office),
            "calls": [desk._replace(stamped=stamped.get((*office, desk.call.series))) for desk in rows],
        }
        for number, office, rows in held
        if rows
    ]


def _moment(desk: Desk) -> float:
    return desk.closes_at.timestamp() if desk.closes_at else float("inf")


def recommended_by(office: Office):
    """Whether the application of the outer query was recommended by this office."""
    return Nomination.objects.filter(
        application=OuterRef("pk"), recommended_at__isnull=False, **office.as_fields()
    )


def recommendation_of(application: Application) -> Nomination | None:
    """Who recommended an application, with `place`, the number among all that the office recommended."""
    rows = Nomination.objects.filter(application=application, recommended_at__isnull=False)
    return with_place(rows).select_related("recommender", "letter", "recommended_by").first()


def ranks_of(user, applications) -> dict[int, int]:
    """{application id: its rank} where one of the person's offices has given one; one query."""
    wanted = Q(pk__in=[])
    for office in offices_of(user):
        wanted |= Q(**office.as_fields())
    rows = Nomination.objects.filter(wanted, application__in=[row.pk for row in applications])
    return dict(rows.values_list("application_id", "rank"))


def with_place(rows):
    """Adds `place`: how many of the same order were recommended and stand no lower."""
    before = Nomination.objects.annotate(office=Coalesce("recommender_id", 0)).filter(
        series=OuterRef("series"),
        region=OuterRef("region"),
        office=Coalesce(OuterRef("recommender_id"), 0),
        recommended_at__isnull=False,
        rank__lte=OuterRef("rank"),
    )
    counted = before.order_by().values("series").annotate(n=Count("pk")).values("n")
    return rows.annotate(place=Subquery(counted))


def with_recommendation(rows):
    """Adds to applications `place`, their number among all that their recommender recommended, or None."""
    placed = with_place(Nomination.objects.filter(application=OuterRef("pk"), recommended_at__isnull=False))
    return rows.annotate(place=Subquery(placed.order_by().values("place")[:1]))


def letters_of(user, call: Call, office: Office):
    """Every letter of an office about a call, the newest first."""
    rows = RecommendationLetter.objects.visible_to(user).filter(
        call__series=call.series, **office.as_fields()
    )
    return rows.select_related("by", "voided_by", "recommender").order_by("-pk")


def is_scanned(letter_pk: int | None) -> bool:
    """Whether the stamped scan of the letter has come."""
    about = ContentType.objects.get_for_model(RecommendationLetter)
    return Document.objects.filter(content_type=about, object_id=letter_pk).exists()


def without_letter(call: Call, office: Office):
    """What was recommended and stands in no letter yet, in order."""
    rows = places(call.series, office).filter(recommended_at__isnull=False, letter__isnull=True)
    return rows.select_related(
        "application__organisation", "application__topic", "application__project_type"
    ).order_by("rank")
