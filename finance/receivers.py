"""What money does when something happens upstream; raising Refused stops the action that caused it."""

from awards.models import Outcome
from finance import actions, queries, rules


def publishing(sender, *, call, **kwargs) -> None:
    rules.check_plan(call)


def decided(sender, *, decision, by, at, **kwargs) -> None:
    if decision.outcome == Outcome.FUND and decision.amount:
        actions.commit(decision=decision, by=by, at=at)


def funding_dropped(sender, *, application, by, at, **kwargs) -> None:
    actions.release(application=application, by=by, at=at)


def agreement_prepared(sender, *, agreement, by, at, **kwargs) -> None:
    actions.plan(agreement=agreement, by=by, at=at)


def agreement_in_force(sender, *, agreement, by, at, **kwargs) -> None:
    actions.agreement_signed(agreement=agreement, by=by, at=at)


def agreement_ended_early(sender, *, agreement, by, at, **kwargs) -> None:
    actions.cancel_unpaid(agreement=agreement, by=by, at=at)


def money_stopped(sender, *, agreement, by, at, **kwargs) -> None:
    actions.cancel_unpaid(agreement=agreement, by=by, at=at)


def accepted(sender, *, milestone, by, at, grade=None, **kwargs) -> None:
    actions.milestone_accepted(milestone=milestone, grade=grade, by=by, at=at)


def failed(sender, *, milestone, grade, by, at, **kwargs) -> None:
    actions.follow_failure(milestone=milestone, grade=grade, by=by, at=at)


def money_paid(agreement) -> dict:
    """What forms and conclusions of milestones read of the money: `award.paid`."""
    return {"paid": queries.paid_to(agreement)}


def account_recorded(sender, *, account, by, at, **kwargs) -> None:
    actions.account_registered(account=account, by=by, at=at)
