"""Write down what the platform did for whom (服务案例)."""

from datetime import datetime

from django.db import transaction

from core import workflow
from documents.actions import store
from facilities import rules
from facilities.actions.filing import hold
from facilities.models import Facility, ServiceCase

FIELDS = ("client", "result", "service", "trl_before", "trl_after", "served_date", "fee", "follow_on")
PROOF = "proof"


@transaction.atomic
def add_case(*, facility: Facility, by, at: datetime, file=None, **values) -> ServiceCase:
    """A new case; `values` as in FIELDS. Raises Refused naming the field."""
    held = hold(facility)
    rules.check_can_write_case(by, held, values["served_date"])
    rules.check_case(held, values, at=at)
    case = ServiceCase.objects.create(facility=held, created_by=by, created_at=at, **values)
    workflow.record(case, "created", by=by, at=at)
    _attach(case, file, by=by, at=at)
    return case


@transaction.atomic
def change_case(*, case: ServiceCase, by, at: datetime, file=None, **values) -> None:
    held = hold(case.facility)
    rules.check_can_write_case(by, held, case.served_date, values["served_date"])
    rules.check_case(held, values, at=at)
    for name in FIELDS:
        setattr(case, name, values[name])
    case.save(update_fields=FIELDS)
    workflow.record(case, "changed", by=by, at=at)
    _attach(case, file, by=by, at=at)


@transaction.atomic
def drop_case(*, case: ServiceCase, by, at: datetime) -> None:
    """Take a case out of the list; the field history keeps what it said."""
    held = hold(case.facility)
    rules.check_can_write_case(by, held, case.served_date)
    workflow.record(held, "case_dropped", by=by, at=at, note=str(case), data={"case": case.pk})
    case.delete()


def _attach(case: ServiceCase, file, *, by, at: datetime) -> None:
    if file is not None:
        store(subject=case, kind=PROOF, file=file, name=file.name, by=by, at=at, field="file")
