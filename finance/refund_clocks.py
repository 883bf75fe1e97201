"""The clock of money that is to come back, and what the project hears of it."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role, UnitRole
from awards.models import Agreement
from core import calendar
from finance import queries
from finance.models import Instalment, Refund, Settlement
from finance.notifications import project_side
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def _project(refund: Refund) -> str:
    return f"{reverse('portal:project', args=[refund.agreement_id])}#refunds"


def open_refund(refund: Refund, *, at: datetime) -> None:
    """The unit's administrators and finance staff and the team owe the money by the end of the day."""
    application = refund.agreement.award.application
    unit = application.organisation
    team = User.objects.filter(pk__in=application.team.values("user_id"))
    text = said(
        _("%(demanded)s 要求退回，%(date)s 前退回"), demanded=calendar.local_date(at), date=refund.due_date
    )
    actions.open_deadline(
        subject=refund,
        kind=DeadlineKind.REFUND,
        title=f"{refund.agreement.award.number} {application.title}",
        url=_project(refund),
        due_at=calendar.end_of_day(refund.due_date),
        explanation=by_clause(text, refund.clause),
        owed_by=[
            Owes(organisation=unit, unit_role=UnitRole.ADMIN),
            Owes(organisation=unit, unit_role=UnitRole.FINANCE),
            *(Owes(user=user) for user in team),
        ],
        at=at,
        **cause(application.call),
    )


def demanded(refund: Refund, *, at: datetime) -> None:
    open_refund(refund, at=at)
    tell(refund, "demanded", at=at)


def settled(refund: Refund, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=refund, kind=DeadlineKind.REFUND, by=by, at=at)


def written_off(refund: Refund, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=refund, kind=DeadlineKind.REFUND, by=by, at=at)


def tell(refund: Refund, what: str, *, at: datetime, received: str = "0") -> None:
    """`what`: demanded, received or written_off."""
    application = refund.agreement.award.application
    actions.tell(
        recipients=project_side(application),
        template="finance/refund",
        context={
            "what": what,
            "project": application.title,
            "number": refund.agreement.award.number,
            "amount": str(refund.amount),
            "received": received,
            "left": str(refund.left),
            "due_date": refund.due_date.isoformat(),
            "reason": refund.reason,
            "clause": refund.clause,
        },
        url=_project(refund),
        at=at,
    )


# ---- the settlement of a project that was ended before its time ----


def settlement_followed(agreement: Agreement, *, by, at: datetime) -> None:
    """Bring the clock of the settlement to what is paid and found."""
    kind = DeadlineKind.SETTLEMENT
    if queries.settlement_of(agreement):
        actions.meet_deadline(subject=agreement, kind=kind, by=by, at=at)
    elif not queries.to_settle().filter(pk=agreement.pk).exists():
        actions.cancel_deadline(subject=agreement, kind=kind, by=by, at=at)
    else:
        open_settlement(agreement, at=at)


def open_settlement(agreement: Agreement, *, at: datetime) -> None:
    """Finance finds what of the money paid was spent as agreed."""
    call = agreement.award.application.call
    paid = Instalment.objects.filter(agreement=agreement, paid__gt=0).order_by("order").first()
    text = said(
        _("自 %(date)s 终止起 %(days)s 个工作日内核定支出、结算"),
        date=calendar.local_date(at),
        days=call.termination_settlement_days,
    )
    actions.open_deadline(
        subject=agreement,
        kind=DeadlineKind.SETTLEMENT,
        title=f"{agreement.award.number} {agreement.award.application.title}",
        url=reverse("admin:finance_instalment_change", args=[paid.pk]),
        due_at=calendar.due(at, call.termination_settlement_days),
        explanation=by_clause(text, call.termination_clause),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.FINANCE)],
        at=at,
        **cause(call),
    )


def tell_settled(settlement: Settlement, *, at: datetime) -> None:
    agreement = settlement.agreement
    application = agreement.award.application
    actions.tell(
        recipients=project_side(application),
        template="finance/settled",
        context={
            "project": application.title,
            "number": agreement.award.number,
            "paid": str(settlement.paid),
            "recognised": str(settlement.recognised),
            "rest": str(settlement.to_return),
            "note": settlement.note,
        },
        url=f"{reverse('portal:project', args=[agreement.pk])}#refunds",
        at=at,
    )
