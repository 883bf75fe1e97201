"""What hangs on an application: every kind of object that can have a deadline, and the way back to it."""

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import QuerySet

from applications.models import Appeal, Application, JointOpinion, Nominator, Partner
from awards.models import Agreement
from duties.models import Duty
from equity.models import BuyBackWindow, Deal, Holding, PeriodicReport, Trigger
from finance.models import Instalment, Refund
from milestones.models import Change, Extension, Milestone, Report, Termination
from notifications.models import Deadline, Notice

_OF_AGREEMENT = "agreement__award__application"
_OF_DEAL = f"deal__{_OF_AGREEMENT}"

WAYS: dict[type[models.Model], str] = {
    Application: "pk",
    **dict.fromkeys((Appeal, Duty, JointOpinion, Nominator, Partner), "application"),
    Agreement: "award__application",
    **dict.fromkeys((Change, Extension, Instalment, Milestone, Refund, Termination, Deal), _OF_AGREEMENT),
    Report: f"milestone__{_OF_AGREEMENT}",
    **dict.fromkeys((BuyBackWindow, Holding, PeriodicReport, Trigger), _OF_DEAL),
}
"""The lookup from a model to its application. A sanction that was only proposed stays with the office."""


def deadlines(applications: QuerySet) -> QuerySet:
    """Keys of the deadlines of these applications, of all that hangs on them, and of notices served about it.

    A union: each part then takes the index of subjects, which one condition with OR would not.
    """
    keys: dict[type[models.Model], QuerySet] = {
        model: model._default_manager.order_by().filter(**{f"{way}__in": applications}).values("pk")
        for model, way in WAYS.items()
    }
    keys[Notice] = _keyed(Notice, keys)
    return _keyed(Deadline, keys)


def _keyed(model: type[models.Model], keys: dict[type[models.Model], QuerySet]) -> QuerySet:
    """Keys of the rows of `model` whose subject is among these."""
    first, *others = (
        model._default_manager.order_by()
        .filter(content_type=ContentType.objects.get_for_model(subject), object_id__in=found)
        .values("pk")
        for subject, found in keys.items()
    )
    return first.union(*others)
