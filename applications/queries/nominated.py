"""What the rules of a notice read of those who nominate an application: the list `nominators`."""

from collections import defaultdict
from collections.abc import Collection

from accounts.models import PersonRecord
from applications.models import Nominator
from applications.states import NominatorState


def nominators_named(applications: Collection[int]) -> dict[int, list[dict]]:
    """Application id → name, title, credit_code, signed, leads of each who was asked and has not declined.

    Title and unit are those of the signature, before it those of the person's own record; two queries.
    """
    rows = Nominator.objects.filter(application__in=applications).exclude(state=NominatorState.DECLINED)
    rows = list(rows.select_related("user").order_by("id"))
    records = PersonRecord.objects.filter(user__in={row.user_id for row in rows})
    known = {record.user_id: record for record in records.select_related("organisation")}
    found = defaultdict(list)
    for row in rows:
        signed = row.state == NominatorState.SIGNED
        facts = row.facts if signed else _of_record(known.get(row.user_id))
        found[row.application_id].append(
            {"name": row.user.name, "signed": signed, "leads": row.leads}
            | {name: facts.get(name) for name in ("title", "credit_code")}
        )
    return found


def _of_record(record: PersonRecord | None) -> dict:
    if record is None:
        return {}
    unit = record.organisation
    return {"title": record.title or None, "credit_code": unit.credit_code if unit else None}
