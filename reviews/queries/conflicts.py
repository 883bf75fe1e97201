"""Why an expert must not judge an application (回避)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.identity import person_key
from accounts.models import Membership, Organisation, PersonRecord
from applications.models import Application, Nominator, Participant
from applications.queries import relation
from applications.states import ApplicationState, NominatorState
from reviews.models import (
    Conflict,
    ConflictKind,
    Expert,
    Recusal,
)
from reviews.queries.panels import scheme_of

NOT_HANDED_IN = (ApplicationState.DRAFT, ApplicationState.WITHDRAWN)


@dataclass(frozen=True)
class Found:
    """One reason why an expert must not judge an application."""

    kind: str
    note: str

    def __str__(self) -> str:
        label = str(ConflictKind(self.kind).label)
        return _("%(kind)s（%(note)s）") % {"kind": label, "note": self.note} if self.note else label


def conflicts_of(experts: Sequence[Expert], application: Application) -> dict[int, list[Found]]:
    """Expert id → every conflict with the application; nine queries, and three more where the notice
    keeps those that apply or nominate from other applications, too. However many experts."""
    units = _units_of(experts)
    side = _applying_side(application)
    recorded: dict[int, list[Found]] = {expert.pk: [] for expert in experts}
    for row in Conflict.objects.filter(application=application, expert__in=recorded):
        recorded[row.expert_id].append(Found(row.kind, row.note))
    others = _in_other_applications(experts, units, application)
    return {
        expert.pk: [*_computed(expert, units[expert.pk], side), *others[expert.pk], *recorded[expert.pk]]
        for expert in experts
    }


def conflicts_of_guests(people: Sequence[tuple[str, str]], application: Application) -> list[list[Found]]:
    """For experts known by (name, unit) only, each: of a unit of the project or of the demand side.

    Five queries, however many people.
    """
    side = _applying_side(application)
    own = {named(side.lead.name), *map(named, side.partners.values())}
    owner = {named(side.owner.name)} if side.owner else set()
    return [
        [Found(ConflictKind.SAME_UNIT, unit)] * (named(unit) in own)
        + [Found(ConflictKind.DEMANDER, unit)] * (named(unit) in owner)
        for _name, unit in people
    ]


def _in_other_applications(experts, units, application: Application) -> dict[int, list[Found]]:
    """Expert id → where else in the call, or in its project type, the expert applies or nominates."""
    found: dict[int, list[Found]] = {expert.pk: [] for expert in experts}
    scheme = scheme_of(application.call)
    if scheme.recusal == Recusal.APPLICATION:
        return found
    rows = Application.objects.filter(call__series=application.call.series).exclude(pk=application.pk)
    rows = rows.exclude(state__in=NOT_HANDED_IN)
    if scheme.recusal == Recusal.TYPE:
        kind = application.project_type
        rows = rows.filter(project_type__code=kind.code) if kind else rows.filter(project_type=None)

    def note(expert, number) -> str:
        return _("，").join(filter(None, [expert.user.name, number, scheme.recusal_clause]))

    users = {expert.user_id for expert in experts}
    signed = Nominator.objects.filter(application__in=rows, user__in=users, state=NominatorState.SIGNED)
    nominated = dict(signed.values_list("user_id", "application__number"))
    records = PersonRecord.objects.filter(user__in=users).exclude(id_number="")
    keys = {row.user_id: person_key(row.id_number, row.id_country) for row in records}
    people = Participant.objects.current().filter(application__in=rows)
    people = people.filter(
        Q(person_key__in=keys.values()) | Q(name__in={expert.user.name for expert in experts})
    )
    named = list(people.values_list("name", "person_key", "unit_key", "application__number"))
    for expert in experts:
        key, codes = keys.get(expert.user_id), {unit.credit_code for unit in units[expert.pk]}
        for name, number, code, filed in named:
            if (number and number == key) or (name == expert.user.name and code in codes):
                found[expert.pk].append(Found(ConflictKind.PARTICIPANT, note(expert, filed)))
                break
        if expert.user_id in nominated:
            filed = nominated[expert.user_id]
            found[expert.pk].append(Found(ConflictKind.NOMINATOR, note(expert, filed)))
    return found


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
