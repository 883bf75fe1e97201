"""What demands owe to whom, and what their units are told."""

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.roles import Role
from core import calendar
from exchange import queries
from exchange.models import Demand
from grants.queries import cause
from notifications import actions as deadlines
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def admin_url(demand: Demand) -> str:
    return reverse("admin:exchange_demand_change", args=[demand.pk])


def submitted(demand: Demand, *, at) -> None:
    """The department owes the argumentation within the days that the call names."""
    scheme = queries.scheme_of(demand.call)
    department = demand.call.programme.department
    text = _("自 %(date)s 提交起 %(days)s 个工作日内论证")
    explanation = said(text, date=calendar.local_date(at), days=scheme.argument_days)
    deadlines.open_deadline(
        subject=demand,
        kind=DeadlineKind.DEMAND_ARGUMENT,
        title=demand.title,
        url=admin_url(demand),
        due_at=calendar.due(at, scheme.argument_days),
        explanation=by_clause(explanation, scheme.clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.PROGRAMME_MANAGER, organisation=department)],
        at=at,
        **cause(demand.call),
    )


def answered(demand: Demand, template: str, *, by, at, note: str = "", **context) -> None:
    """The argumentation is done, one way or another: the deadline is met and the unit hears of it."""
    deadlines.meet_deadline(subject=demand, kind=DeadlineKind.DEMAND_ARGUMENT, by=by, at=at)
    _tell(demand, template, at=at, note=note, **context)


def withdrawn(demand: Demand, *, by, at) -> None:
    deadlines.cancel_deadline(subject=demand, kind=DeadlineKind.DEMAND_ARGUMENT, by=by, at=at)


def listed(demand: Demand, *, at) -> None:
    closes = demand.topic.bids_close_at
    _tell(
        demand,
        "listed",
        at=at,
        number=demand.topic.number,
        bids_close_at=closes.isoformat() if closes else "",
    )


def _tell(demand: Demand, template: str, *, at, **context) -> None:
    deadlines.tell(
        recipients=queries.people_of(demand),
        template=f"exchange/{template}",
        context={"title": demand.title, **context},
        url=reverse("exchange:detail", args=[demand.pk]),
        at=at,
    )
