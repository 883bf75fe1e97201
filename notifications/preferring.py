"""What a person wants to hear by which channel. Legal notices do not ask."""

from collections.abc import Mapping
from datetime import time

from django.db import transaction

from accounts.roles import STAFF_ROLES, Role
from notifications.models import DeadlineKind, Preference, ReminderPolicy, Subscription

CHOOSABLE = ("email", "sms")
"""Channels that reach one person; groups and systems are not a person's to choose."""


OFFICES = frozenset(
    {
        DeadlineKind.DEMAND_ARGUMENT,
        DeadlineKind.FORMAL_CHECK,
        DeadlineKind.EXPERT_REVIEW,
        DeadlineKind.OFFICE_STEP,
        DeadlineKind.DECISION,
        DeadlineKind.EXTENSION_DECISION,
        DeadlineKind.TERMINATION_DECISION,
        DeadlineKind.MILESTONE_CHECK,
        DeadlineKind.PAYMENT,
        DeadlineKind.FACILITY_SCORE,
        DeadlineKind.FACILITY_PUBLICITY,
        DeadlineKind.FACILITY_REMOVAL,
        DeadlineKind.YEAR_CLOSE,
        DeadlineKind.SETTLEMENT,
        DeadlineKind.ACCOUNT_CHECK,
    }
)
DISTRICTS = frozenset(
    {DeadlineKind.RECOMMENDATION, DeadlineKind.JOINT_RECOMMENDATION, DeadlineKind.FACILITY_CHECK}
)
EXPERTS = frozenset({DeadlineKind.REVIEW_ANSWER, DeadlineKind.REVIEW_DUE, DeadlineKind.EXPERT_UPDATE})


def concerning(user) -> frozenset[str]:
    """Kinds that a person can ever be told of: offices hear of all, others not of what offices owe."""
    roles = user.scope.roles
    if roles & (STAFF_ROLES - {Role.EXPERT}):
        return frozenset(DeadlineKind.values)
    theirs = frozenset(DeadlineKind.values) - OFFICES
    if Role.EXPERT not in roles:
        theirs -= EXPERTS
    return theirs if Role.RECOMMENDER in roles else theirs - DISTRICTS


def usual_channels() -> dict[str, list[str]]:
    """By which channels each kind is told when nobody chose; legal kinds are left out; two queries."""
    rules = ReminderPolicy.objects.filter(programme="", series=None, is_legal=False)
    usual = {}
    for rule in rules.prefetch_related("steps"):
        used = {name for step in rule.steps.all() for name in step.channels}
        usual[rule.kind] = [name for name in CHOOSABLE if name in used]
    return usual


def legal_kinds() -> list[str]:
    rows = ReminderPolicy.objects.filter(programme="", series=None, is_legal=True).order_by("id")
    return [DeadlineKind(kind).label for kind in rows.values_list("kind", flat=True)]


def own(user) -> tuple[Preference, dict[str, list[str]]]:
    """(preference, kind → channels) of a person; two queries."""
    preference = Preference.objects.filter(user=user).first() or Preference(user=user)
    return preference, dict(Subscription.objects.filter(user=user).values_list("kind", "channels"))


@transaction.atomic
def prefer(
    *,
    by,
    wants_digest: bool,
    quiet_from: time | None,
    quiet_to: time | None,
    channels: Mapping[str, list[str]],
) -> None:
    """Keep what a person chose. What is as usual keeps no row, so that a changed rule reaches them."""
    Preference.objects.update_or_create(
        user=by,
        defaults={"wants_digest": wants_digest, "quiet_from": quiet_from, "quiet_to": quiet_to},
    )
    usual = usual_channels()
    Subscription.objects.filter(user=by, kind__in=channels).delete()
    Subscription.objects.bulk_create(
        Subscription(user=by, kind=kind, channels=list(chosen))
        for kind, chosen in channels.items()
        if kind in usual and set(chosen) != set(usual[kind])
    )
