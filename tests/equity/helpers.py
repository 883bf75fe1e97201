"""What tests of deals look at and do again and again."""

from decimal import Decimal

from django.db import connection

from core import calendar
from core.calendar import local_date
from equity import actions
from notifications.models import Deadline
from tests.factories.equity import file
from tests.factories.milestones import AT
from tests.factories.notifications import drifts

TODAY = local_date(AT)


def clock(subject):
    """The kinds of deadline that are open about an object."""
    rows = Deadline.objects.open().filter(
        content_type__app_label="equity", content_type__model=subject._meta.model_name, object_id=subject.pk
    )
    return set(rows.values_list("kind", flat=True))


def owes_step(deal, people, at=AT) -> tuple[set, str]:
    """(who owes the office's next step, what it is), within the days and by the clause of the notice."""
    deadline = Deadline.objects.open().get(kind="equity_step", object_id=deal.pk)
    assert deadline.due_at == calendar.due(at, 10)
    days, what = str(deadline.explanation).split(" 个工作日内")
    assert days.endswith(" 10")
    around = ("team", "unit_admin", "trustee", "leader", "manager", "finance")
    owing = {
        name
        for name in around
        if name in people and Deadline.objects.owed_by(people[name]).filter(pk=deadline.pk)
    }
    return owing, what.removesuffix("，依据第七条")


def agreeing(at=AT) -> list[str]:
    return drifts("equity", at=at)


def sums_hold():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def reported(trigger, *, by, at=AT, day=TODAY):
    actions.report_trigger(trigger=trigger, met_date=day, evidence="投资协议", file=file(), by=by, at=at)


def proposed(deal, people, *, at=AT, kind="buy_back", price=Decimal(1_100_000)):
    return actions.propose_exit(
        deal=deal,
        kind=kind,
        price=price,
        counterparty="张三",
        reason="团队提出回购",
        file=None,
        by=people["manager"],
        at=at,
    )
