"""What awards do when an application ends upstream. Connected in `AwardsConfig.ready`."""

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts import signals as accounts
from accounts.kinds import CERTIFICATES
from applications import signals
from applications.models import Application
from applications.states import OFFICE, ApplicationState
from awards import actions, notifications
from awards import signals as awards
from core.models import Event

PROPOSED = {
    ApplicationState.DECISION,
    ApplicationState.PUBLICITY,
    ApplicationState.AGREEMENT,
    ApplicationState.RESERVED,
    *OFFICE,
}
ENDED = {ApplicationState.REJECTED, ApplicationState.WITHDRAWN}


@receiver(post_save, sender=Event, dispatch_uid="awards.fell_away")
def fell_away(sender, instance, created, **kwargs):
    """Every move writes an event: one that ends a proposed award frees its money in the same transaction."""
    if instance.from_state not in PROPOSED or instance.to_state not in ENDED:
        return
    if instance.content_type_id == ContentType.objects.get_for_model(Application).pk:
        actions.fell_away(application=instance.subject, by=instance.by, at=instance.at)


@receiver(signals.step_passed, dispatch_uid="awards.step_passed")
def step_passed(sender, application, by, at, **kwargs):
    """The last step between decision and award is done."""
    actions.award(application=application, by=by, at=at)


@receiver(accounts.fact_recorded, dispatch_uid="awards.fact_recorded")
def fact_recorded(sender, fact, by, at, **kwargs):
    """A certificate was renewed, or a new one has an end."""
    if fact.kind in CERTIFICATES:
        notifications.certificates_followed(fact.organisation_id, by=by, at=at)


@receiver(awards.awarded, dispatch_uid="awards.awarded")
def awarded(sender, award, by, at, **kwargs):
    """What other notices say gives way to it ends in the same transaction."""
    actions.replace_others(award=award, by=by, at=at)
