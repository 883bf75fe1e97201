"""A participant agrees to take part, or takes that back while the application may change."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from applications import notifications, queries, rules
from applications.models import Application, Consent
from core import workflow


@transaction.atomic
def consent(*, application: Application, by, at: datetime) -> Consent:
    """The person's own word; saying it twice changes nothing. Raises Refused."""
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    person = rules.check_can_consent(by, held)
    given, created = Consent.objects.get_or_create(
        application=held, person_key=person.person_key, defaults={"by": by, "at": at}
    )
    if created:
        workflow.record(application, "consented", by=by, at=at, note=person.name)
    return given


@transaction.atomic
def take_consent_back(*, application: Application, by, at: datetime) -> None:
    """The person no longer agrees. Raises Refused."""
    held = Application.objects.select_for_update(of=("self",)).get(pk=application.pk)
    person = rules.check_can_consent(by, held)
    if Consent.objects.filter(application=held, person_key=person.person_key).delete()[0]:
        workflow.record(application, "unconsented", by=by, at=at, note=person.name)


def ask_consents(*, application: Application, before: Collection[tuple], by, at: datetime) -> None:
    """Tell those who were named just now that their word is waited for, as far as they have an account.

    `before`: (number, name) of those who were named already.
    """
    if not application.call.requires_consents:
        return
    people = queries.without_consent(application)
    fresh = [person for person in people if (person.person_key, person.name) not in before]
    if fresh:
        notifications.tell_named(application, queries.accounts_of(fresh), but=by, at=at)


def named_in(application: Application) -> set[tuple]:
    """(number, name) of everybody named, for `ask_consents`; no query where nobody is asked."""
    if not application.call.requires_consents:
        return set()
    return set(application.participants.values_list("person_key", "name"))


def consent_by_handing_in(*, application: Application, by, at: datetime) -> None:
    """Who hands an application in agrees to be in it."""
    if by is None or not application.call.requires_consents:
        return
    person = queries.named_as(by, application)
    if person is not None:
        consent(application=application, by=by, at=at)
