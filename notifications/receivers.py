"""Reminders without anybody having set up how; the deadlines of what happens upstream, in accounts."""

from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts import signals
from accounts.models import Membership, RoleAssignment
from notifications import (  # noqa: F401 (receipts registers what it owes, recounting what it listens to)
    defaults,
    joining,
    looking,
    receipts,
    recounting,
)


def install_policies(sender, **kwargs) -> None:
    """After every migrate: kinds of deadlines that are new get their default reminders."""
    project = kwargs.get("apps")
    if project is not None and ("notifications", "noticerule") not in _models(project):
        return
    defaults.install()


def _models(project) -> set[tuple[str, str]]:
    return {(model._meta.app_label, model._meta.model_name) for model in project.get_models()}


@receiver(signals.join_requested, dispatch_uid="notifications.join_requested")
def join_requested(sender, join_request, by, at, **kwargs) -> None:
    joining.requested(join_request, at=at)


@receiver(signals.join_decided, dispatch_uid="notifications.join_decided")
def join_decided(sender, join_request, by, at, **kwargs) -> None:
    joining.decided(join_request, by=by, at=at)


@receiver(signals.authority_named, dispatch_uid="notifications.authority_named")
def authority_named(sender, subordination, at, **kwargs) -> None:
    joining.named(subordination, at=at)


@receiver(signals.authority_answered, dispatch_uid="notifications.authority_answered")
def authority_answered(sender, subordination, by, at, **kwargs) -> None:
    joining.answered(subordination, by=by, at=at)


@receiver(post_save, sender=Membership, dispatch_uid="notifications.member_joined")
def member_joined(sender, instance, **kwargs) -> None:
    if instance.is_active:
        looking.unit_changed(instance.organisation_id)


@receiver(post_save, sender=RoleAssignment, dispatch_uid="notifications.office_taken")
def office_taken(sender, instance, **kwargs) -> None:
    if instance.is_active:
        looking.office_changed(instance.role)
