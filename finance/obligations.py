"""Which instalments are to be paid: the second opinion on their deadlines."""

from finance import notifications
from finance.models import Instalment
from finance.states import InstalmentState
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, entered_at, register


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.PAYMENT,
            model=Instalment,
            owing=lambda at: Instalment.objects.filter(state=InstalmentState.DUE).select_related(
                "agreement__award__application__call__programme__department"
            ),
            open=lambda instalment, at: notifications.open_payment(
                instalment, at=entered_at(instalment, InstalmentState.DUE, at)
            ),
            due=lambda instalment: instalment.due_at,
            dates=("finance.Instalment.due_at",),
        )
    )
