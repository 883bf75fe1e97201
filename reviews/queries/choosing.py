"""The bids for a topic, side by side, and what the demand side said of them."""

from dataclasses import dataclass

from django.db.models import QuerySet

from applications.models import Application, ParticipantRole
from applications.states import ApplicationState
from grants.models import Stage, StageKind, Topic
from reviews.models import (
    DemanderChoice,
)

BEFORE_CHOICE_ENDS = (
    ApplicationState.DRAFT,
    ApplicationState.WITHDRAWN,
    ApplicationState.REJECTED,
)


def bids(topic: Topic) -> QuerySet:
    """Bids handed in for a topic and still in the race."""
    return (
        Application.objects.filter(topic=topic)
        .exclude(state__in=BEFORE_CHOICE_ENDS)
        .select_related("organisation", "call__programme", "topic__owner")
        .order_by("number", "id")
    )


def bids_to_choose(topic: Topic) -> QuerySet:
    return bids(topic).filter(state=ApplicationState.DEMANDER_CHOICE)


@dataclass(frozen=True)
class Bid:
    """One column of the comparison."""

    application: Application
    pi: str
    partners: list[str]
    milestones: list


def compared(topic: Topic) -> list[Bid]:
    """Every bid handed in, side by side; three queries."""
    rows = bids(topic).exclude(state=ApplicationState.UNIT_REVIEW)
    rows = rows.prefetch_related("participants", "proposed_milestones")
    return [_bid(application) for application in rows]


def _bid(application: Application) -> Bid:
    people = application.participants.all()
    lead = application.organisation.credit_code
    partners = dict.fromkeys(p.organisation_name for p in people if p.unit_key not in ("", lead))
    return Bid(
        application=application,
        pi=next((person.name for person in people if person.role == ParticipantRole.PI), ""),
        partners=list(partners),
        milestones=list(application.proposed_milestones.all()),
    )


def bids_before_choice(topic: Topic) -> int:
    """How many bids have not come to the demander's choice yet, by the order of the call's stages."""
    order = list(Stage.objects.filter(call=topic.call_id).values_list("kind", flat=True))
    if StageKind.DEMANDER_CHOICE not in order:
        return 0
    earlier = order[: order.index(StageKind.DEMANDER_CHOICE)]
    return bids(topic).filter(state__in=[*earlier, ApplicationState.RETURNED]).count()


def choice_of(topic: Topic) -> DemanderChoice | None:
    """What the demand side said of the bids of the present listing."""
    return DemanderChoice.objects.current().filter(topic=topic).select_related("application", "by").first()
