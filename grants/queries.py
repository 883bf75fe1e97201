"""What a notice says, read in one place."""

from collections.abc import Iterable
from copy import copy
from datetime import datetime
from functools import lru_cache

from django.db.models import Model, prefetch_related_objects

from grants.models import Call, ContactKind, Entry, Intake, Programme, ProjectType, Stage, StageKind, Topic
from grants.states import CallState

FROZEN = (
    "types",
    "sections",
    "questions",
    "rules",
    "money_rules",
    "budget_categories",
    "funding_sources",
    "stages",
)
"""What the database refuses to change once a call is published (`models.frozen`)."""
KEPT_CALLS = 128
IN_FORCE = "_in_force"


def cause(call: Call) -> dict:
    """What a deadline keeps of the notice that set it: who waits for it, and whose reminder rules hold."""
    programme = call.programme
    return {"department": programme.department, "programme": programme.slug, "series": call.series}


def keep_definition(call: Call) -> None:
    """Give a published call what a process remembers of it, as if it had been prefetched: no query.

    Every caller gets rows of its own, so nobody finds what another request wrote on one.
    """
    if call.state == CallState.DRAFT:
        return
    kept = call.__dict__.setdefault("_prefetched_objects_cache", {})
    for name, rows in _definition(call.pk).items():
        own = [copy(row) for row in rows]
        for row in own:
            row.call = call
        found = getattr(call, name).get_queryset()
        found._result_cache, found._prefetch_done = own, True
        kept[name] = found


@lru_cache(maxsize=KEPT_CALLS)
def _definition(call_pk: int) -> dict[str, tuple[Model, ...]]:
    call = Call(pk=call_pk)
    prefetch_related_objects([call], *FROZEN)
    return {name: tuple(getattr(call, name).all()) for name in FROZEN}


def stages_of(call: Call) -> list[Stage]:
    """The steps of a call in their order; one query."""
    return list(call.stages.all())


def way_of_recommending(call: Call) -> str:
    """Which office recommends (`RecommendedBy`); "" when the call has no such step."""
    found = (stage.recommended_by for stage in stages_of(call) if stage.kind == StageKind.RECOMMENDATION)
    return next(found, "")


def next_stage(call: Call, after: str | None) -> Stage | None:
    """The step behind `after` (a StageKind; None: the first step). None when `after` is the last.

    Raises ValueError when the call has no such step.
    """
    stages = stages_of(call)
    if after is None:
        return stages[0] if stages else None
    kinds = [stage.kind for stage in stages]
    if after not in kinds:
        raise ValueError(f"the call has no stage {after}")
    following = stages[kinds.index(after) + 1 :]
    return following[0] if following else None


def closing(
    call: Call, topic: Topic | None, *, project_type: ProjectType | None = None, at: datetime | None = None
):
    """When applying ends: the earlier of the topic's and the call's closing moments; None without either.

    With batches and `at`: when the batch ends that is open to the type or comes next, else the last one's.
    """
    moments = [_closing_of(call, project_type, at), topic.bids_close_at if topic else None]
    return min((moment for moment in moments if moment), default=None)


def _closing_of(call: Call, project_type: ProjectType | None, at: datetime | None):
    if at is None or not (rows := intakes_of(call, project_type)):
        return call.closes_at
    ahead = [row.closes_at for row in rows if row.closes_at >= at]
    return min(ahead) if ahead else max(row.closes_at for row in rows)


def entries_of(call: Call) -> list[Entry]:
    """The lines by which projects of earlier notices come in, each with its `programme` (None: ours).

    No query where a published call has none, else two.
    """
    if not call.has_entries and call.state != CallState.DRAFT:
        return []
    rows = list(call.entries.all())
    plans = Programme.objects.in_bulk({row.plan for row in rows} - {""}, field_name="slug") if rows else {}
    for row in rows:
        row.call, row.programme = call, plans.get(row.plan)
    return rows


def intakes_of(call: Call, project_type: ProjectType | None = None) -> list[Intake]:
    """The batches for a project type, for a draft without one all; no query where the call has none."""
    if not call.has_intakes:
        return []
    share_intakes([call])
    rows = (row for row in call.intakes.all() if row.is_for(project_type))
    return sorted(rows, key=lambda row: row.closes_at)


def intake_at(call: Call, project_type: ProjectType | None, *, at: datetime) -> Intake | None:
    """The batch that takes applications at this moment; the closing moment itself is in time."""
    rows = intakes_of(call, project_type)
    return next((row for row in rows if row.opens_at <= at <= row.closes_at), None)


def intake_ahead(call: Call, project_type: ProjectType | None, *, at: datetime) -> Intake | None:
    """The batch that is open, else the one that comes next."""
    return next((row for row in intakes_of(call, project_type) if row.closes_at >= at), None)


def moments_of(call: Call, intake: Intake | None) -> Call | Intake:
    """Whose moments hold for what was handed in to a batch, or to a call without any, as the notice stands.

    One query for the batch where the version was superseded.
    """
    now = in_force(call)
    if intake is None:
        return now
    if now.pk == intake.call_id:
        return intake
    rows = [row for row in intakes_of(now, intake.project_type) if row.code == intake.code]
    return rows[0] if rows else intake


def share_intakes(calls: Iterable[Call]) -> None:
    """Read at once the batches of those calls of a page that have any; no query where none has."""
    asked = [call for call in calls if call.has_intakes]
    if asked:
        prefetch_related_objects(asked, "intakes__project_type")


def share_in_force(calls: Iterable[Call]) -> None:
    """Read at once, for `in_force`, which versions took the place of those that are superseded; one query."""
    old = [call for call in calls if call.state == CallState.SUPERSEDED]
    if not old:
        return
    rows = Call.objects.in_force().filter(series__in={call.series for call in old})
    newest = {call.series: call for call in rows.order_by("version")}
    for call in old:
        call.__dict__[IN_FORCE] = newest.get(call.series, call)


def in_force(call: Call) -> Call:
    """The version whose moments hold, also for what was handed in to an earlier one.

    The content and the rules of an application are judged by its own version; when offices close is said by
    the notice as it stands. No query unless the version is superseded.
    """
    if call.state != CallState.SUPERSEDED:
        return call
    if IN_FORCE not in call.__dict__:
        share_in_force([call])
    return call.__dict__[IN_FORCE]


def until_of(now: Call, stage: Stage) -> datetime | None:
    """The moment for all of a step of the bureau, as the version in force (`now`) has it."""
    if stage.until is None or now.pk == stage.call_id:
        return stage.until
    return next((row.until for row in now.stages.all() if row.kind == stage.kind), None) or stage.until


def moment_of(call: Call, kind: str) -> datetime | None:
    """The moment for all by which a step ends, as this version names it."""
    return next((row.until for row in stages_of(call) if row.kind == kind), None)


def moment_ahead(call: Call, kind: str, *, at: datetime) -> datetime | None:
    """The moment for all by which a step ends, if it lies ahead; None: its days count."""
    stage = next((row for row in stages_of(call) if row.kind == kind), None)
    until = until_of(in_force(call), stage) if stage else None
    return until if until and until > at else None


def topic_in(call: Call, topic: Topic | None) -> Topic | None:
    """The topic as another version of its notice has it: demands go over, directions are copied."""
    if topic is None or topic.call_id == call.pk:
        return topic
    return call.topics.filter(number=topic.number).first()


SHORT = 4


def number_prefix(call: Call) -> str:
    """Initials of the programme and the year of the call: "jiebang-sme" in 2026 → "JS2026".

    A name of one word gives its first letters ("saima" → "SAIM2026"): one initial would soon be two plans'.
    """
    words = [part for part in call.programme.slug.split("-") if part]
    initials = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)[:SHORT]
    return f"{initials.upper()}{call.year}"


def contact_for(call: Call, kind: str) -> str:
    """Whom to ask: the contact of this kind, else the policy contact, else the department; one query."""
    contacts = {contact.kind: contact for contact in reversed(call.contacts.all())}
    contact = contacts.get(kind) or contacts.get(ContactKind.POLICY)
    if contact is None:
        return call.programme.department.name
    return " ".join(filter(None, (contact.name, contact.phone, contact.email)))
