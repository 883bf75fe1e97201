"""Set money aside for an award, and free what it no longer needs. The database counts and holds the cap."""

from datetime import datetime

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from applications.models import Application
from awards.models import Agreement, Decision
from awards.states import ENDED_EARLY
from core import workflow
from core.money import wan
from core.workflow import Refused
from finance import condition_clocks, money_clocks, notifications, queries, refund_clocks, rules
from finance.models import Appropriation, Commitment, Instalment
from finance.states import InstalmentState


def hold(agreement_id: int) -> None:
    """Whoever pays, reverses, takes back or ends holds the agreement before its money: no deadlocks."""
    Agreement.objects.select_for_update(of=("self",)).get(pk=agreement_id)


@transaction.atomic
def commit(*, decision: Decision, by, at: datetime) -> Commitment:
    """Set money aside for a proposed award. Raises Refused when the year's budget does not hold it."""
    application = decision.application
    budget = {"programme": application.call.programme, "year": application.call.year}
    appropriation = queries.appropriation_of(application)
    if appropriation is None:
        raise Refused(
            _("“%(programme)s” %(year)s 年度还没有预算安排，不能决定立项。") % budget, field="amount"
        )

    rules.check_shares(decision, appropriation)

    def overcommitted():
        left = Appropriation.objects.get(pk=appropriation.pk).left
        return Refused(
            _("超出“%(programme)s” %(year)s 年度预算：还可安排 %(left)s，本项拟资助 %(amount)s。")
            % {**budget, "left": wan(left), "amount": wan(decision.amount)},
            field="amount",
            clause=application.call.number,
            code="overcommitted",
        )

    with rules.refused_by(appropriation_not_overcommitted=overcommitted):
        return Commitment.objects.create(
            appropriation=appropriation, application=application, amount=decision.amount, committed_at=at
        )


@transaction.atomic
def release(*, application: Application, by, at: datetime) -> None:
    """A proposed award fell away: its money is free again, its instalments are cancelled."""
    Commitment.objects.held().filter(application=application).update(released_at=at)
    _cancel(Instalment.objects.filter(agreement__award__application=application, paid=0), by=by, at=at)


def _cancel(instalments, *, by, at) -> None:
    waiting = [InstalmentState.PLANNED, InstalmentState.DUE]
    for instalment in queries.with_project(instalments.filter(state__in=waiting)):
        workflow.move(instalment, InstalmentState.CANCELLED, by=by, at=at)
        notifications.cancelled(instalment, by=by, at=at)
        money_clocks.cancelled(instalment, by=by, at=at)
        condition_clocks.followed(instalment, by=by, at=at)


@transaction.atomic
def cancel_unpaid(*, agreement: Agreement, by, at: datetime) -> None:
    """The project was ended early: nothing more is paid. What it does not keep is free again."""
    hold(agreement.pk)
    _cancel(Instalment.objects.filter(agreement=agreement), by=by, at=at)
    shrink(agreement=agreement, at=at)
    refund_clocks.settlement_followed(agreement, by=by, at=at)


def shrink(*, agreement: Agreement, at: datetime) -> None:
    """Of a project that ended early the budget holds what was paid and has not come back; callers hold it."""
    if agreement.state in ENDED_EARLY:
        Commitment.objects.filter(application=agreement.award.application).update(
            released_at=Coalesce("released_at", Value(at)), kept=queries.kept_by(agreement)
        )
