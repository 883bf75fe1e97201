"""What rules read about a unit: its registration and the facts in force on a date."""

from datetime import date

from accounts.kinds import CERTIFICATES, NUMBERS, TEXTS
from accounts.models import IntegrityRecord, Organisation, OrganisationFact


def unit_context(organisation: Organisation, as_of: date) -> dict:
    """The variable `unit` of rule expressions: two queries, three when there is a parent not yet loaded.

    Certificates are true or false; texts and numbers are None when no fact says anything on `as_of`, so
    that a rule can tell "no data" from "no". Of two facts of one kind the later `valid_from` counts.
    """
    in_force = OrganisationFact.objects.filter(organisation=organisation).as_of(as_of)
    facts = {fact.kind: fact for fact in in_force.order_by("valid_from")}
    records = IntegrityRecord.objects.filter(organisation=organisation).as_of(as_of)
    context = {
        "name": organisation.name,
        "kind": organisation.kind,
        "region": organisation.region,
        "credit_code": organisation.credit_code,
        "registered_date": organisation.registered_date,
        "legal_representative": organisation.legal_representative,
        "parent_credit_code": organisation.parent.credit_code if organisation.parent_id else "",
        "integrity_clean": not records.exists(),
    }
    context |= {kind.value: kind in facts for kind in CERTIFICATES}
    context |= {kind.value: facts[kind].text if kind in facts else None for kind in TEXTS}
    context |= {kind.value: facts[kind].number if kind in facts else None for kind in NUMBERS}
    return context
