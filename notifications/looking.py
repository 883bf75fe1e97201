"""Deadlines that the sweep has to look at afresh because others may have to be told of them."""

from notifications.models import LONG_AGO, Deadline, Obligor


def unit_changed(organisation_id: int) -> None:
    """A unit has another member: who is new hears of what is running."""
    _afresh(Obligor.objects.filter(organisation_id=organisation_id, role=""))


def office_changed(role: str) -> None:
    """An office is held by somebody else."""
    _afresh(Obligor.objects.filter(role=role))


def _afresh(obligors) -> None:
    Deadline.objects.open().filter(pk__in=obligors.values("deadline_id"), look_at__gt=LONG_AGO).update(
        look_at=LONG_AGO
    )
