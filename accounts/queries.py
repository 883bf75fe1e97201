"""What rules read about units: their registration and the facts in force on a date."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from accounts.kinds import CERTIFICATES, NUMBERS, TEXTS
from accounts.models import IntegrityRecord, Organisation, OrganisationFact


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
    for fact in begun.order_by("valid_from"):
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
