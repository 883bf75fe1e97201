"""What has to hold later, at signing or before a payment: the unit's word, the officer's result."""

from datetime import datetime

from django.db import transaction

from awards import conditions
from awards.models import Agreement, ConditionCheck
from core import workflow
from documents.actions import store


@transaction.atomic
def certify(*, agreement: Agreement, rule, place: conditions.Place, by, at: datetime, file=None) -> None:
    """The unit says that a later clause holds, with the file that the notice wants. Said anew it replaces."""
    agreement = _held(agreement)
    found = conditions.condition_of(agreement, place, rule, at=at)
    conditions.check_can_certify(by, agreement, found, has_file=file is not None)
    check = _check(agreement, found, certified_by=by, certified_at=at)
    if file is not None:
        store(
            subject=check,
            kind=conditions.FILE,
            file=file,
            name=file.name,
            by=by,
            at=at,
            field="file",
            clause=rule.clause,
        )
    workflow.record(agreement, "certified", by=by, at=at, note=rule.text, data={"place": place.number})


@transaction.atomic
def mark_condition(
    *, agreement: Agreement, rule, place: conditions.Place, status: str, note: str, by, at: datetime
) -> None:
    """The officer's result of a later clause, which stands above the machine's."""
    agreement = _held(agreement)
    found = conditions.condition_of(agreement, place, rule, at=at)
    conditions.check_can_mark(by, agreement, found, status=status, note=note)
    _check(agreement, found, officer_status=status, officer_note=note.strip(), officer=by, officer_at=at)
    data = {"place": place.number, "status": status}
    workflow.record(agreement, "condition_marked", by=by, at=at, note=note or rule.text, data=data)


def _held(agreement: Agreement) -> Agreement:
    rows = Agreement.objects.select_for_update(of=("self",))
    return rows.select_related("award__application__call__programme__department").get(pk=agreement.pk)


def _check(agreement: Agreement, found: conditions.Condition, **fields) -> ConditionCheck:
    check, _created = ConditionCheck.objects.update_or_create(
        agreement=agreement, rule=found.rule, place=found.place.number, defaults=fields
    )
    return check


@transaction.atomic
def settle_conditions(*, agreement: Agreement, place: conditions.Place, at: datetime) -> None:
    """Every clause of a place holds: how, is written down for good. Raises Refused when one does not."""
    for found in conditions.check_hold(agreement, place, at=at):
        if not (found.check and found.check.settled_at):
            _check(agreement, found, status=found.status, evidence=found.line.evidence, settled_at=at)
