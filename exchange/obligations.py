"""Which demands wait for their argumentation: the second opinion on their deadlines."""

from exchange import notifications
from exchange.models import Demand
from exchange.states import DemandState
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, register


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.DEMAND_ARGUMENT,
            model=Demand,
            owing=lambda at: Demand.objects.filter(state=DemandState.SUBMITTED).select_related(
                "call__programme__department"
            ),
            open=lambda demand, at: notifications.submitted(demand, at=demand.submitted_at),
            dates=("exchange.Demand.submitted_at",),
        )
    )
