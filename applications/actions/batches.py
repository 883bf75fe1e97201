"""One decision of the formal check for many applications, each in a transaction of its own."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from applications.actions.desks import pass_formal_check, reject, return_for_supplement
from applications.actions.paper_copies import receive_papers
from applications.models import Application, CheckOutcome
from core.workflow import Lost, Refused
from grants.models import PaperKind

JUST_NOW = timedelta(minutes=10)


class Done(NamedTuple):
    """What became of one application: moved or not, and the sentence that says so."""

    application: Application
    is_done: bool
    sentence: str


class Orders(NamedTuple):
    """What is to be done with each of them."""

    outcome: str
    reason: str = ""
    items: tuple[str, ...] = ()
    due_at: datetime | None = None
    clause: str = ""


def decide_many(*, applications: Iterable[Application], orders: Orders, by, at: datetime) -> list[Done]:
    """Decide each; one that cannot be decided says why and keeps no other from being decided.

    In the order of their keys, so that two officers at once wait for one another and never in a circle.
    """
    return [
        _decide(application, orders, by=by, at=at)
        for application in sorted(applications, key=lambda application: application.pk)
    ]


def _decide(application, orders: Orders, *, by, at) -> Done:
    try:
        with transaction.atomic():
            _act(application, orders, by=by, at=at)
    except Lost as lost:
        if _is_mine(application, orders, by=by, at=at):
            return Done(application, True, _("刚刚已由您办理。"))
        return Done(application, False, lost.message)
    except Refused as refused:
        return Done(application, False, refused.message)
    label = application.get_state_display()
    return Done(application, True, _("现在是“%(state)s”。") % {"state": label})


def _act(application, orders: Orders, *, by, at) -> None:
    if orders.outcome == CheckOutcome.PASSED:
        pass_formal_check(application=application, by=by, at=at)
    elif orders.outcome == CheckOutcome.RETURNED:
        return_for_supplement(
            application=application,
            reason=orders.reason,
            items=list(orders.items),
            due_at=orders.due_at,
            by=by,
            at=at,
        )
    else:
        reject(application=application, reason=orders.reason, clause=orders.clause, by=by, at=at)


def _is_mine(application, orders: Orders, *, by, at) -> bool:
    """The second of two clicks finds what the first one did."""
    last = application.check_decisions.order_by("-id").first()
    return last is not None and last.by == by and last.outcome == orders.outcome and at - last.at < JUST_NOW


def receive_many(
    *, parcels: Iterable[tuple[Application, PaperKind | None, int]], by, at: datetime, **words
) -> list[Done]:
    """The same parcel day for several: (application, kind, copies). What one is refused leaves the others."""
    done = []
    for application, kind, number in sorted(parcels, key=lambda parcel: parcel[0].pk):
        try:
            with transaction.atomic():
                receive_papers(application=application, kind=kind, copies=number, by=by, at=at, **words)
        except Refused as refused:
            done.append(Done(application, False, refused.message))
        else:
            done.append(Done(application, True, _("已登记 %(n)s 份") % {"n": number}))
    return done
