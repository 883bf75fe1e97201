"""A participant agrees to take part, or takes that back while the application may change."""

from datetime import datetime

from django.db import transaction

from applications import queries, rules
from applications.models import Application, Consent
from core import workflow


@transaction.atomic
def consent(*, application: Application, by, at: datetime) -> Consent:
    """The person's own word; saying it twice changes nothing. Raises Refused."""
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    person = rules.check_can_consent(by, held)
    given, created = Consent.objects.get_or_create(
        application=held, id_number=person.id_number, defaults={"by": by, "at": at}
    )
    if created:
        workflow.record(application, "consented", by=by, at=at, note=person.name)
    return given


@transaction.atomic
def take_consent_back(*, application: Application, by, at: datetime) -> None:
    """The person no longer agrees. Raises Refused."""
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    person = rules.check_can_consent(by, held)
    if Consent.objects.filter(application=held, id_number=person.id_number).delete()[0]:
        workflow.record(application, "unconsented", by=by, at=at, note=person.name)


def consent_by_handing_in(*, application: Application, by, at: datetime) -> None:
    """Who hands an application in agrees to be in it."""
    if by is None or not application.call.requires_consents:
        return
    person = queries.named_as(by, application)
    if person is not None:
        consent(application=application, by=by, at=at)
