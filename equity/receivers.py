"""What deals do when something happens upstream. Connected in `EquityConfig.ready`.

Nothing here listens to milestones: research acceptance never moves a deal.
"""

from django.db.models import Q

from equity import actions, rules
from equity.models import CapTable, Exit, Holding, PeriodicReport, Trigger, Valuation

WITH_FILES = (CapTable, Trigger, Valuation, PeriodicReport, Holding, Exit)


def publishing(sender, *, call, **kwargs) -> None:
    rules.check_terms(call)


def agreement_in_force(sender, *, agreement, by, at, **kwargs) -> None:
    actions.open_deal(agreement=agreement, by=by, at=at)


def agreement_ended_early(sender, *, agreement, by, at, **kwargs) -> None:
    """What becomes of money that waits for its trigger is the leaders' decision."""
    actions.project_ended(agreement=agreement, by=by, at=at)


def refund_changed(sender, *, refund, by, at, **kwargs) -> None:
    rules.check_cause(refund)
    actions.repayment_followed(agreement_id=refund.agreement_id, by=by, at=at)


def files(user) -> Q:
    """The files of a deal are for whoever sees the deal."""
    wanted = Q(pk__in=[])
    for model in WITH_FILES:
        wanted |= Q(
            content_type__app_label="equity",
            content_type__model=model._meta.model_name,
            object_id__in=model.objects.visible_to(user).values("pk"),
        )
    return wanted
