"""What is owed of duties by when: the second opinion on their deadlines."""

from duties import notifications, queries
from duties.models import Duty
from duties.states import OWED, DutyState
from notifications.models import DeadlineKind
from notifications.obligations import Obligation, entered_at, register


def register_all() -> None:
    register(
        Obligation(
            kind=DeadlineKind.DUTY,
            model=Duty,
            owing=lambda at: queries.with_subject(Duty.objects.filter(state__in=OWED)),
            open=lambda duty, at: notifications.opened(duty, at=at),
            due=lambda duty: duty.due_at if duty.state == DutyState.OPEN else None,
            dates=("duties.Duty.due_at", "duties.DutyTerm.until"),
        ),
        Obligation(
            kind=DeadlineKind.DUTY_CHECK,
            model=Duty,
            owing=lambda at: queries.with_subject(Duty.objects.filter(state=DutyState.HANDED_IN)),
            open=lambda duty, at: notifications.check_opened(
                duty, at=entered_at(duty, DutyState.HANDED_IN, at)
            ),
        ),
    )
