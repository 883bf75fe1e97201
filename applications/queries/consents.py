"""Who has agreed to take part in an application, and whose word is waited for."""

from collections.abc import Collection
from typing import NamedTuple

from accounts.models import PersonRecord, User
from accounts.queries import own_record
from applications.models import Application, Consent, Participant
from applications.states import EDITABLE

MOST = 100


class Asked(NamedTuple):
    """One application that names a person, as that person reads it before agreeing."""

    application: Application
    person: Participant
    leader: str
    consent: Consent | None


def without_consent(application: Application) -> list[Participant]:
    """Participants who have not agreed, by ID card or passport; two queries."""
    given = set(application.consents.values_list("person_key", flat=True))
    people = application.participants.exclude(id_number="")
    return [person for person in people if person.person_key not in given]


def accounts_of(people: Collection[Participant]) -> list[User]:
    """The people's own accounts, by the number of their own record and their name; one query."""
    records = PersonRecord.objects.filter(id_number__in={person.id_number for person in people} - {""})
    return [
        record.user
        for record in records.select_related("user").order_by("pk")
        if any(_is(record, person) for person in people)
    ]


def _is(record: PersonRecord, person: Participant) -> bool:
    return _is_called(record, person) and record.holds(person.id_number, person.id_country)


def _is_called(record: PersonRecord, person: Participant) -> bool:
    return record.user.name.casefold() == person.name.casefold()


def is_named(record: PersonRecord, people: Collection[Participant]) -> bool:
    """Whether the person of a record stands among these: by name and paper (its number and the country that
    issued it), by name alone where one side says no number."""
    return any(
        _is(record, person) or (_is_called(record, person) and not (record.id_number and person.id_number))
        for person in people
    )


def named_as(user, application: Application) -> Participant | None:
    """The participant that is this person: by the number of their own record, and their name."""
    record = own_record(user)
    if record is None or not record.id_number:
        return None
    people = application.participants.filter(id_number=record.id_number, name__iexact=user.name)
    return next((person for person in people if record.holds(person.id_number, person.id_country)), None)


def asked_of(user) -> list[Asked]:
    """Drafts that wait for the word of a person or have it, the latest first; four queries."""
    record = own_record(user)
    if record is None or not record.id_number:
        return []
    named = Participant.objects.filter(
        id_number=record.id_number,
        name__iexact=user.name,
        application__state__in=EDITABLE,
        application__call__requires_consents=True,
    ).select_related("application__call", "application__organisation")
    rows = named.order_by("-application_id")[:MOST]
    people = [person for person in rows if record.holds(person.id_number, person.id_country)]
    keys = [person.application_id for person in people]
    leaders = dict(
        Participant.objects.current()
        .filter(application__in=keys, role="pi")
        .values_list("application_id", "name")
    )
    given = {
        (row.application_id, row.person_key): row
        for row in Consent.objects.filter(
            application__in=keys, person_key__in={person.person_key for person in people}
        )
    }
    return [
        Asked(person.application, person, leaders.get(key, ""), given.get((key, person.person_key)))
        for key, person in zip(keys, people, strict=True)
    ]
