"""The deadline of a payment, and what the project hears of its money."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_noop as _

from accounts.models import User
from accounts.roles import Role, UnitRole
from applications.models import Application
from applications.notifications import team_and_admins
from core import calendar
from finance.models import Instalment, Payment
from grants.queries import cause
from notifications import actions
from notifications.actions import Owes
from notifications.models import DeadlineKind
from notifications.wording import by_clause, said


def _application(instalment: Instalment):
    return instalment.agreement.award.application


def open_payment(instalment: Instalment, *, at: datetime) -> None:
    """Finance owes the payment within the working days that the notice names."""
    actions.open_deadline(
        subject=instalment,
        kind=DeadlineKind.PAYMENT,
        title=f"{instalment.agreement.award.number} {instalment.name}",
        url=reverse("admin:finance_instalment_change", args=[instalment.pk]),
        due_at=instalment.due_at,
        explanation=by_clause(
            said(
                _("自 %(date)s 条件成就起 %(days)s 个工作日内拨付"),
                date=calendar.local_date(at),
                days=instalment.pay_days,
            ),
            instalment.clause,
        ),
        clock=calendar.DayKind.WORKING,
        owed_by=[Owes(role=Role.FINANCE)],
        **cause(_application(instalment).call),
        at=at,
    )


def paid_in_full(instalment: Instalment, *, by, at: datetime) -> None:
    actions.meet_deadline(subject=instalment, kind=DeadlineKind.PAYMENT, by=by, at=at)


def cancelled(instalment: Instalment, *, by, at: datetime) -> None:
    actions.cancel_deadline(subject=instalment, kind=DeadlineKind.PAYMENT, by=by, at=at)


def project_side(application: Application) -> list[User]:
    """The team, the administrators and the finance staff of the unit; `tell` tells each once."""
    accountants = User.objects.filter(
        memberships__organisation=application.organisation,
        memberships__role=UnitRole.FINANCE,
        memberships__is_active=True,
        is_active=True,
    )
    return [*team_and_admins(application), *accountants.order_by("id")]


def _tell(template: str, payment: Payment, *, at: datetime, **more) -> None:
    instalment = payment.instalment
    actions.tell(
        recipients=project_side(_application(instalment)),
        template=template,
        context={
            "project": _application(instalment).title,
            "number": instalment.agreement.award.number,
            "instalment": instalment.name,
            "amount": str(abs(payment.amount)),
            "paid_date": payment.paid_date.isoformat(),
            "voucher": payment.voucher,
            **more,
        },
        url=reverse("portal:project", args=[instalment.agreement_id]),
        at=at,
    )


def paid(payment: Payment, *, at: datetime) -> None:
    _tell("finance/paid", payment, at=at)


def reversed_(payment: Payment, *, reason: str, at: datetime) -> None:
    _tell("finance/reversed", payment, at=at, reason=reason)
