"""What rules and forms read about units and people: registration, facts in force on a date, records."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from stdnum.cn import ric

from accounts.identity import is_card_number
from accounts.kinds import CERTIFICATES, NUMBERS, TEXTS, FactKind
from accounts.models import (
    BankAccount,
    IntegrityRecord,
    Membership,
    Organisation,
    OrganisationFact,
    PersonRecord,
    RoleAssignment,
    Shareholder,
    Subordination,
)
from accounts.roles import Role, UnitRole
from accounts.states import SubordinationState


def unit_context(organisation: Organisation, as_of: date) -> dict:
    """The variable `unit` of rule expressions; two queries, three when a parent is not loaded yet."""
    return unit_contexts([organisation], as_of)[organisation.pk]


def unit_contexts(organisations: Collection[Organisation], as_of: date) -> dict[int, dict]:
    """{organisation id: what rules read of it}; two queries, and one for each parent not loaded yet.

    Certificates are true or false; texts and numbers are None when no fact says anything on `as_of`, so
    that a rule can tell "no data" from "no". Of two facts of one kind the later `valid_from` counts.
    `by_year` holds the figures known by then by the year in which they begin, whether in force or not.
    """
    known: dict[int, list[OrganisationFact]] = defaultdict(list)
    begun = OrganisationFact.objects.filter(organisation__in=organisations, valid_from__lte=as_of)
    for fact in begun.order_by("valid_from", "id"):
        known[fact.organisation_id].append(fact)
    records = IntegrityRecord.objects.filter(organisation__in=organisations).as_of(as_of)
    stained = set(records.values_list("organisation_id", flat=True))
    return {
        unit.pk: _of_unit(unit, known[unit.pk], as_of) | {"integrity_clean": unit.pk not in stained}
        for unit in organisations
    }


def _of_unit(unit: Organisation, known: list[OrganisationFact], as_of: date) -> dict:
    facts = {fact.kind: fact for fact in known if fact.valid_to is None or fact.valid_to >= as_of}
    by_year: dict[str, dict] = defaultdict(dict)
    for fact in known:
        if fact.kind in NUMBERS:
            by_year[str(fact.valid_from.year)][fact.kind] = fact.number
    context = {
        "name": unit.name,
        "kind": unit.kind,
        "region": unit.region,
        "credit_code": unit.credit_code,
        "country": unit.country,
        "foreign": unit.is_abroad,
        "registered_date": unit.registered_date,
        "legal_representative": unit.legal_representative,
        "parent_credit_code": unit.parent.credit_code if unit.parent_id else "",
        "by_year": dict(by_year),
    }
    context |= {kind.value: kind in facts for kind in CERTIFICATES}
    context |= {kind.value: facts[kind].text if kind in facts else None for kind in TEXTS}
    context |= {kind.value: facts[kind].number if kind in facts else None for kind in NUMBERS}
    # 功能区: development zones have no code of their own in GB/T 2260.
    return context | {"functional_area": context["park"]}


# ---- where it comes from ----


def facts_used(
    organisation: Organisation, kinds: Collection[str], as_of: date
) -> dict[str, OrganisationFact]:
    """{kind: the record that `unit_context` reads on that day}; one query, none without kinds."""
    if not kinds:
        return {}
    rows = OrganisationFact.objects.filter(organisation=organisation, kind__in=kinds).as_of(as_of)
    return {fact.kind: fact for fact in rows.order_by("valid_from", "id")}


def is_confirmed(organisation: Organisation) -> bool:
    """Whether an officer has confirmed the unit's licence; one query."""
    licences = OrganisationFact.objects.filter(organisation=organisation, kind=FactKind.LICENCE)
    return licences.filter(confirmed_at__isnull=False).exists()


def key_abroad(country: str, name: str) -> str:
    """What stands for a unit abroad in place of a credit code; as the database itself counts it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s || '-' || left(md5(replace(lower(%s), ' ', '')), 15)", [country, name])
        return cursor.fetchone()[0]


def unit_abroad(country: str, number: str, name: str) -> Organisation | None:
    """The unit abroad that is registered by this number of its country, or by this name there."""
    key = key_abroad(country, " ".join(name.split()))
    number = " ".join(number.split()).upper()
    return Organisation.objects.filter(
        Q(country=country, registration_number=number) | Q(credit_code=key)
    ).first()


def expiring(today: date, within: timedelta) -> QuerySet:
    """Certificates that end soon, with nothing newer known, of which their unit was not told yet."""
    newer = OrganisationFact.objects.filter(
        organisation=OuterRef("organisation"), kind=OuterRef("kind"), valid_from__gt=OuterRef("valid_from")
    )
    soon = (today, today + within)
    rows = OrganisationFact.objects.filter(kind__in=CERTIFICATES, valid_to__range=soon, warned_at=None)
    return rows.filter(~Exists(newer)).select_related("organisation").order_by("valid_to", "id")


@dataclass(frozen=True)
class FigureYear:
    """The figures of one year: {kind: fact}."""

    year: int
    facts: dict[str, OrganisationFact]


@dataclass(frozen=True)
class UnitRecord:
    """A unit's record as its page shows it."""

    certificates: list[OrganisationFact]
    texts: list[OrganisationFact]
    years: list[FigureYear]
    accounts: list[BankAccount]
    shareholders: list[Shareholder]


MOST_FACTS = 500
YEARS = 5


def unit_record(user, organisation: Organisation) -> UnitRecord:
    """What the person may read of a unit's record; three queries."""
    facts = OrganisationFact.objects.visible_to(user).filter(organisation=organisation)
    rows = list(facts.select_related("confirmed_by").order_by("kind", "-valid_from", "-id")[:MOST_FACTS])
    years: dict[int, dict] = defaultdict(dict)
    for fact in rows:
        if fact.kind in NUMBERS:
            years[fact.valid_from.year].setdefault(fact.kind, fact)
    accounts = BankAccount.objects.visible_to(user).filter(organisation=organisation)
    holders = Shareholder.objects.visible_to(user).filter(organisation=organisation)
    latest = holders.order_by("-as_of_date").values("as_of_date")[:1]
    return UnitRecord(
        certificates=[fact for fact in rows if fact.kind in CERTIFICATES],
        texts=[fact for fact in rows if fact.kind in TEXTS],
        years=[FigureYear(year, years[year]) for year in sorted(years, reverse=True)[:YEARS]],
        accounts=list(accounts[:10]),
        shareholders=list(holders.filter(as_of_date=Subquery(latest))),
    )


# ---- people ----


def recommending_organisations(*, but: Organisation | None = None) -> QuerySet:
    """Organisations that have an office as a recommender: what a unit may name as its authority."""
    offices = RoleAssignment.objects.filter(
        role=Role.RECOMMENDER, is_active=True, organisation=OuterRef("pk")
    )
    rows = Organisation.objects.filter(Exists(offices))
    return rows.exclude(pk=but.pk) if but is not None and but.pk else rows


def has_answering(authority: Organisation) -> bool:
    """Whether anybody may say for this authority which units stand under it."""
    live = {"organisation": authority, "is_active": True, "user__is_active": True}
    return (
        RoleAssignment.objects.filter(role=Role.RECOMMENDER, **live).exists()
        or Membership.objects.filter(role=UnitRole.ADMIN, **live).exists()
    )


WAITING_SHOWN = 50


def units_to_confirm(authority: Organisation) -> list[Subordination]:
    """The units that name this authority and wait for its word, the longest waiting first."""
    rows = Subordination.objects.filter(authority=authority).waiting()
    return list(rows.select_related("organisation", "named_by").order_by("id")[:WAITING_SHOWN])


def authority_said(organisation: Organisation) -> Subordination | None:
    """What the last authority that the unit named has said, unless the unit has let it go."""
    last = organisation.subordinations.select_related("authority").first()
    return None if last is None or last.state == SubordinationState.ENDED else last


def is_confirmed_under(organisation_id: int, authority_id: int | None) -> bool:
    """Whether the authority has confirmed that the unit stands under it."""
    rows = Subordination.objects.confirmed()
    return rows.filter(organisation_id=organisation_id, authority_id=authority_id).exists()


def own_record(user) -> PersonRecord | None:
    """One's own record; one query."""
    return PersonRecord.objects.filter(user=user).select_related("user", "organisation").first()


def people_offered(user, organisation: Organisation | None = None) -> QuerySet:
    """The records a person may put into a form: their own first, then their colleagues'.

    With `organisation` those of that unit alone. Rows come with `user` and `organisation`.
    """
    rows = PersonRecord.objects.visible_to(user)
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    is_own = Case(When(user=user, then=Value(0)), default=Value(1))
    return rows.select_related("user", "organisation").order_by(is_own, "user__name", "pk")


def as_participant(record: PersonRecord) -> dict:
    """A record as the participants' part of a form takes it; the ID number is whole: mask it to show."""
    unit = record.organisation
    is_card = is_card_number(record.id_number)
    return {
        "name": record.user.name,
        "id_number": record.id_number,
        "birth_date": ric.get_birth_date(record.id_number) if is_card else None,
        **(
            {"id_kind": "passport", "id_country": record.id_country}
            if record.id_number and not is_card
            else {}
        ),
        "title": record.title,
        "organisation_name": unit.name if unit else "",
        "credit_code": unit.credit_code if unit else "",
    }
