"""What panels, desks and decisions read: conflicts, candidates, results, what a reviewer may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation
from applications.models import Application, ParticipantRole, Submission
from applications.queries import deck_kind, preferences_of, relation
from applications.states import ApplicationState
from documents.models import Document
from grants.models import SLIDES_RULES, Call, EligibilityRule, Stage, StageKind, Topic
from notifications.models import Deadline, DeadlineKind
from reviews import visibility
from reviews.models import (
    Aggregation,
    Assignment,
    Conflict,
    ConflictKind,
    Criterion,
    DemanderChoice,
    Expert,
    LibraryRule,
    Review,
    ReviewScheme,
)
from reviews.states import AssignmentState

CENT = Decimal("0.01")
TRIM_FROM = 5
"""Highest and lowest are dropped from this many scores on; with fewer the plain mean counts."""

CANDIDATE_ORDER = ("field", "id")


# ---- conflicts (回避) ----


@dataclass(frozen=True)
class Found:
    """One reason why an expert must not judge an application."""

    kind: str
    note: str

    def __str__(self) -> str:
        label = str(ConflictKind(self.kind).label)
        return _("%(kind)s（%(note)s）") % {"kind": label, "note": self.note} if self.note else label


def conflicts_of(experts: Sequence[Expert], application: Application) -> dict[int, list[Found]]:
    """Expert id → every conflict with the application. Eight queries, however many experts."""
    units = _units_of(experts)
    side = _applying_side(application)
    recorded: dict[int, list[Found]] = {expert.pk: [] for expert in experts}
    for row in Conflict.objects.filter(application=application, expert__in=recorded):
        recorded[row.expert_id].append(Found(row.kind, row.note))
    return {
        expert.pk: [*_computed(expert, units[expert.pk], side), *recorded[expert.pk]] for expert in experts
    }


@dataclass(frozen=True)
class _Side:
    """Everybody on the applying and the demanding side."""

    lead: Organisation
    owner: Organisation | None
    partners: dict[str, str]
    registered_partners: list[Organisation]
    abroad: frozenset[str]
    """Names of units without a credit code, as `named` writes them."""
    people: list[tuple[str, str]]
    users: frozenset[int]
    nominators: frozenset[int]


def named(unit: str) -> str:
    """A unit's name for comparing: neither blanks nor capitals make another unit."""
    return "".join(unit.split()).lower()


def _applying_side(application: Application) -> _Side:
    rows = list(application.participants.values_list("name", "unit_key", "organisation_name"))
    lead = application.organisation
    partners = {code: name for _person, code, name in rows if code not in ("", lead.credit_code)}
    users = set(application.team.values_list("user_id", flat=True))
    return _Side(
        lead=lead,
        owner=application.topic.owner if application.topic_id else None,
        partners=partners,
        registered_partners=list(Organisation.objects.filter(credit_code__in=partners)),
        abroad=frozenset(named(name) for key, name in partners.items() if "-" in key),
        people=[(name, code) for name, code, _unit in rows],
        users=frozenset(users | {application.created_by_id, application.submitted_by_id}),
        nominators=frozenset(application.nominators.values_list("user_id", flat=True)),
    )


def _units_of(experts: Sequence[Expert]) -> dict[int, list[Organisation]]:
    """The unit an expert is registered with and every unit they are a member of."""
    by_user: dict[int, set[int]] = {expert.user_id: {expert.organisation_id} for expert in experts}
    rows = Membership.objects.filter(user__in=by_user, is_active=True)
    for user, unit in rows.values_list("user_id", "organisation_id"):
        by_user[user].add(unit)
    known = Organisation.objects.in_bulk(set().union(*by_user.values()) if by_user else [])
    return {expert.pk: [known[pk] for pk in sorted(by_user[expert.user_id])] for expert in experts}


def _computed(expert: Expert, units: list[Organisation], side: _Side) -> Iterable[Found]:
    for unit in units:
        if unit.pk == side.lead.pk:
            yield Found(ConflictKind.SAME_UNIT, unit.name)
        elif unit.credit_code in side.partners:
            yield Found(ConflictKind.SAME_UNIT, side.partners[unit.credit_code])
        elif named(unit.name) in side.abroad:
            yield Found(ConflictKind.SAME_UNIT, unit.name)
        else:
            for other in (side.lead, *side.registered_partners):
                if relation(unit, other):
                    yield Found(ConflictKind.RELATED_UNIT, other.name)
        if side.owner and relation(unit, side.owner):
            yield Found(ConflictKind.DEMANDER, side.owner.name)
    codes = {unit.credit_code for unit in units}
    namesake = any(name == expert.user.name and code in codes for name, code in side.people)
    if namesake or expert.user_id in side.users:
        yield Found(ConflictKind.PARTICIPANT, expert.user.name)
    if expert.user_id in side.nominators:
        yield Found(ConflictKind.NOMINATOR, expert.user.name)


# ---- candidates ----


def year_bounds(at: datetime) -> tuple[datetime, datetime]:
    """The first moment of the calendar year of `at` and that of the next, Beijing time."""
    zone = timezone.get_default_timezone()
    year = at.astimezone(zone).year
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


def reviews_this_year(expert: Expert, *, at: datetime) -> int:
    """How many invitations of this year count against the expert's limit: those not declined or replaced."""
    start, end = year_bounds(at)
    return (
        Assignment.objects.active().filter(expert=expert, invited_at__gte=start, invited_at__lt=end).count()
    )


def experts(*, q: str = "", at: datetime) -> QuerySet:
    """The library with each expert's load: open tasks, and tasks of this year. One query."""
    counted = ~Q(assignments__state__in=[AssignmentState.DECLINED, AssignmentState.REPLACED])
    open_states = [AssignmentState.INVITED, AssignmentState.ACCEPTED]
    start, end = year_bounds(at)
    this_year = Q(assignments__invited_at__gte=start, assignments__invited_at__lt=end)
    rows = Expert.objects.filter(is_active=True).select_related("user", "organisation")
    if q:
        rows = rows.filter(
            Q(field__icontains=q) | Q(user__name__icontains=q) | Q(organisation__name__icontains=q)
        )
    return (
        rows.with_freshness(at=at)
        .annotate(
            open_count=Count("assignments", filter=Q(assignments__state__in=open_states), distinct=True),
            year_count=Count("assignments", filter=counted & this_year, distinct=True),
        )
        .order_by(*CANDIDATE_ORDER)
    )


def library_rule() -> LibraryRule | None:
    """By which day experts look at their records every year; None: they are not asked."""
    return LibraryRule.objects.first()


def update_clock(expert: Expert) -> Deadline | None:
    """The open deadline of the expert's yearly update."""
    about = ContentType.objects.get_for_model(Expert)
    rows = Deadline.objects.open().filter(content_type=about, object_id=expert.pk)
    return rows.filter(kind=DeadlineKind.EXPERT_UPDATE).first()


@dataclass(frozen=True)
class Candidate:
    """One line of the table from which a panel is composed; `obstacle` says why not."""

    expert: Expert
    open_count: int
    year_count: int
    obstacle: str


def candidates(rows: Sequence[Expert], application: Application) -> list[Candidate]:
    """Experts of one page (of `experts`) with conflicts; nine queries, however many lines."""
    found = conflicts_of(rows, application)
    asked = dict(
        Assignment.objects.filter(application=application, expert__in=rows).values_list("expert_id", "state")
    )
    return [
        Candidate(expert, expert.open_count, expert.year_count, _obstacle(expert, found[expert.pk], asked))
        for expert in rows
    ]


def _obstacle(expert: Expert, found: list[Found], asked: dict[int, str]) -> str:
    if expert.pk in asked:
        return str(AssignmentState(asked[expert.pk]).label)
    if found:
        return _("；").join(str(reason) for reason in found)
    if expert.year_count >= expert.max_per_year:
        return _("今年已达 %(limit)s 次上限") % {"limit": expert.max_per_year}
    return ""


# ---- the panel and its result ----


def scheme_of(call: Call) -> ReviewScheme:
    """How the call is judged; the defaults when it says nothing."""
    return ReviewScheme.objects.filter(call=call).first() or ReviewScheme(call=call)


def criteria_of(call: Call) -> list[Criterion]:
    return list(Criterion.objects.filter(call=call))


def panel_of(application: Application) -> list[Assignment]:
    """Everybody ever asked, with expert and score sheet; one query."""
    rows = Assignment.objects.filter(application=application)
    return list(rows.select_related("expert__user", "expert__organisation", "review").order_by("id"))


@dataclass(frozen=True)
class Result:
    """Where the panel of one application stands. `total` counts sealed score sheets only."""

    scores: list[Decimal]
    active: int
    panel_size: int
    needs_one_more: bool
    total: Decimal | None
    spread: Decimal | None
    threshold: Decimal

    @property
    def submitted(self) -> int:
        return len(self.scores)

    @property
    def required(self) -> int:
        return self.panel_size + (1 if self.needs_one_more else 0)

    @property
    def is_complete(self) -> bool:
        """Enough score sheets, and nobody asked who has not answered."""
        return self.submitted >= self.required and self.submitted == self.active

    @property
    def is_below_threshold(self) -> bool:
        return self.total is not None and self.total < self.threshold


def aggregate(scores: Sequence[Decimal], how: str) -> Decimal | None:
    """One number out of a panel's totals, rounded half up to 0.01; None without scores."""
    if not scores:
        return None
    ordered = sorted(scores)
    if how == Aggregation.MEDIAN:
        return Decimal(median(ordered)).quantize(CENT, ROUND_HALF_UP)
    if how == Aggregation.TRIMMED and len(ordered) >= TRIM_FROM:
        ordered = ordered[1:-1]
    return (sum(ordered, Decimal(0)) / len(ordered)).quantize(CENT, ROUND_HALF_UP)


def results(applications: Iterable[Application]) -> dict[int, Result]:
    """Application id → result, three queries however many there are."""
    applications = list(applications)
    schemes = {
        scheme.call_id: scheme
        for scheme in ReviewScheme.objects.filter(call__in={a.call_id for a in applications})
    }
    scores: dict[int, list[Decimal]] = {a.pk: [] for a in applications}
    sealed = Review.objects.filter(
        assignment__application__in=scores, assignment__state=AssignmentState.SUBMITTED
    ).order_by("submitted_at", "id")
    for pk, total in sealed.values_list("assignment__application_id", "total"):
        scores[pk].append(total)
    counts = Assignment.objects.active().filter(application__in=scores).order_by()
    active = dict(counts.values_list("application_id").annotate(Count("pk")))
    return {
        a.pk: _result(schemes.get(a.call_id) or ReviewScheme(), scores[a.pk], active.get(a.pk, 0))
        for a in applications
    }


def _result(scheme: ReviewScheme, scores: list[Decimal], active: int) -> Result:
    spread = max(scores) - min(scores) if scores else None
    # The panel as it was first composed decides whether it is asked again; the extra score settles it.
    first = scores[: scheme.panel_size]
    too_far = scheme.max_spread is not None and len(first) == scheme.panel_size
    return Result(
        scores=scores,
        active=active,
        panel_size=scheme.panel_size,
        needs_one_more=bool(too_far and max(first) - min(first) > scheme.max_spread),
        total=aggregate(scores, scheme.aggregation),
        spread=spread,
        threshold=Decimal(scheme.threshold),
    )


def result(application: Application) -> Result:
    return results([application])[application.pk]


@dataclass(frozen=True)
class Ranked:
    application: Application
    result: Result
    rank: int | None
    preferences: tuple[EligibilityRule, ...] = ()
    """What of the notice's preferences it has shown (优先条件)."""


def ranking(applications: Iterable[Application]) -> list[Ranked]:
    """Best first; of equal totals whoever has more of the notice's preferences; then they share a rank.

    Without a total at the end, unranked. Four queries.
    """
    applications = list(applications)
    found, preferred = results(applications), preferences_of(applications)
    ordered = sorted(
        applications,
        key=lambda a: (-(found[a.pk].total or Decimal(-1)), -len(preferred.get(a.pk, ())), a.pk),
    )
    ranked: list[Ranked] = []
    for place, application in enumerate(ordered, start=1):
        now = found[application.pk]
        before = ranked[-1] if ranked else None
        shown = preferred.get(application.pk, ())
        tied = before and (before.result.total, len(before.preferences)) == (now.total, len(shown))
        rank = None if now.total is None else (before.rank if tied else place)
        ranked.append(Ranked(application, now, rank, shown))
    return ranked


def total_of(criteria: Sequence[Criterion], scores: dict[int, Decimal]) -> Decimal | None:
    """The weighted total 0–100 of a score sheet; None while a criterion has no score."""
    if any(criterion.pk not in scores for criterion in criteria) or not criteria:
        return None
    total = sum(
        (scores[c.pk] / c.max_score * c.weight for c in criteria),
        Decimal(0),
    )
    return total.quantize(CENT, ROUND_HALF_UP)


# ---- what a reviewer reads ----


@dataclass(frozen=True)
class Dossier:
    """What an expert reads to judge: the masked content and the files that go with it."""

    view: visibility.ReviewerView
    files: list[Document]
    decks: list[Document]
    """The last slides of each round that asked for them."""


def dossier(assignment: Assignment) -> Dossier:
    """The sealed content of the application's last version as this expert may read it; three queries.

    Attachments and the PDF snapshot come along only when the review is not blind; the slides of a round also
    where the notice asks for them although it is.
    """
    application = assignment.application
    scheme = scheme_of(application.call)
    submission = Submission.objects.filter(application=application).order_by("-version").first()
    content = submission.content if submission else {}
    view = visibility.for_reviewer(content, number=application.number, is_blind=scheme.is_blind)
    decks = Document.objects.about(application).filter(_decks(application.call, is_blind=scheme.is_blind))
    decks = list(decks.order_by("kind", "-version").distinct("kind"))
    if scheme.is_blind or not submission:
        return Dossier(view, [], decks)
    attached = [answer["value"]["document"] for answer in content["answers"] if _is_file(answer)]
    wanted = Q(pk__in=attached) | Q(kind="snapshot", version=submission.version)
    files = Document.objects.about(application).filter(wanted).order_by("kind", "id")
    return Dossier(view, list(files), decks)


def _decks(call: Call, *, is_blind: bool) -> Q:
    """Which kinds of documents are slides that the reviewers of a call may read."""
    stages = Stage.objects.filter(call=call, kind__in=SLIDES_RULES)
    if is_blind:
        stages = stages.filter(slides_blind=True)
    return Q(kind__in=[deck_kind(stage) for stage in stages])


def readable_files(user) -> Q:
    """Files of applications that `user` judges (see `documents.access`); none where reviews are blind."""
    judged = Assignment.objects.filter(
        expert__user=user, state__in=[AssignmentState.ACCEPTED, AssignmentState.SUBMITTED]
    )
    blind = ReviewScheme.objects.filter(is_blind=True).values("call_id")
    open_to = judged.exclude(application__call__in=blind).values("application_id")
    wanted = Q(object_id__in=open_to)
    for kind, deck in SLIDES_RULES.items():
        said = Stage.objects.filter(kind=kind, slides_blind=True).values("call_id")
        shown = judged.filter(application__call__in=said).values("application_id")
        wanted |= Q(kind=deck, object_id__in=shown)
    return Q(content_type__app_label="applications", content_type__model="application") & wanted


def _is_file(answer: dict) -> bool:
    value = answer.get("value")
    return answer.get("kind") == "attachment" and isinstance(value, dict) and "document" in value


# ---- the demander's choice ----

BEFORE_CHOICE_ENDS = (
    ApplicationState.DRAFT,
    ApplicationState.WITHDRAWN,
    ApplicationState.REJECTED,
)


def bids(topic: Topic) -> QuerySet:
    """Bids handed in for a topic and still in the race."""
    return (
        Application.objects.filter(topic=topic)
        .exclude(state__in=BEFORE_CHOICE_ENDS)
        .select_related("organisation", "call__programme", "topic__owner")
        .order_by("number", "id")
    )


def bids_to_choose(topic: Topic) -> QuerySet:
    return bids(topic).filter(state=ApplicationState.DEMANDER_CHOICE)


@dataclass(frozen=True)
class Bid:
    """One column of the comparison."""

    application: Application
    pi: str
    partners: list[str]
    milestones: list


def compared(topic: Topic) -> list[Bid]:
    """Every bid handed in, side by side; three queries."""
    rows = bids(topic).exclude(state=ApplicationState.UNIT_REVIEW)
    rows = rows.prefetch_related("participants", "proposed_milestones")
    return [_bid(application) for application in rows]


def _bid(application: Application) -> Bid:
    people = application.participants.all()
    lead = application.organisation.credit_code
    partners = dict.fromkeys(p.organisation_name for p in people if p.unit_key not in ("", lead))
    return Bid(
        application=application,
        pi=next((person.name for person in people if person.role == ParticipantRole.PI), ""),
        partners=list(partners),
        milestones=list(application.proposed_milestones.all()),
    )


def bids_before_choice(topic: Topic) -> int:
    """How many bids have not come to the demander's choice yet, by the order of the call's stages."""
    order = list(Stage.objects.filter(call=topic.call_id).values_list("kind", flat=True))
    if StageKind.DEMANDER_CHOICE not in order:
        return 0
    earlier = order[: order.index(StageKind.DEMANDER_CHOICE)]
    return bids(topic).filter(state__in=[*earlier, ApplicationState.RETURNED]).count()


def choice_of(topic: Topic) -> DemanderChoice | None:
    """What the demand side said of the bids of the present listing."""
    return DemanderChoice.objects.current().filter(topic=topic).select_related("application", "by").first()
