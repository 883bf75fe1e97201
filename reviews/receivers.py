"""What reviews must judge or do when something happens upstream. Connected in `ReviewsConfig.ready`."""

from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_save
from django.dispatch import receiver

from applications.models import Application
from applications.signals import suggesting
from applications.states import ApplicationState
from core.models import Event
from grants.models import StageKind
from grants.queries import stages_of
from grants.signals import publishing
from reviews import actions, rules
from reviews.models import Review

ENDED = {ApplicationState.REJECTED, ApplicationState.WITHDRAWN}


@receiver(publishing, dispatch_uid="reviews.check_weights")
def check_weights(sender, call, **kwargs):
    """A call with an expert round is published with a sound score sheet only."""
    if any(stage.kind == StageKind.EXPERT_REVIEW for stage in stages_of(call)):
        rules.check_weights(call)
    rules.check_slides(call)


@receiver(post_save, sender=Event, dispatch_uid="reviews.end_tasks")
def end_tasks(sender, instance, created, **kwargs):
    """Every move writes an event: one out of the review into an end takes the open tasks along."""
    if instance.from_state != ApplicationState.EXPERT_REVIEW or instance.to_state not in ENDED:
        return
    if instance.content_type_id == ContentType.objects.get_for_model(Application).pk:
        actions.leave_review(application=instance.subject, by=instance.by, at=instance.at)


@receiver(suggesting, dispatch_uid="reviews.suggestions")
def suggestions(sender, application, **kwargs) -> list[str]:
    """The comments of the score sheets handed in, in no order that tells who wrote them."""
    sheets = Review.objects.filter(assignment__application=application, submitted_at__isnull=False)
    return sorted(sheets.exclude(comment="").values_list("comment", flat=True))
