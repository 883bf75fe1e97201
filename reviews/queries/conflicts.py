"""Why an expert must not judge an application (回避)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Membership, Organisation
from applications.models import Application
from applications.queries import relation
from reviews.models import (
    Conflict,
    ConflictKind,
    Expert,
)


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
