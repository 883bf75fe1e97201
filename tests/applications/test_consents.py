"""Where the notice asks for it, every participant agrees from an account of their own."""

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from applications import actions, completeness, queries, rules
from applications.models import Application, Consent
from applications.states import ApplicationState
from core.workflow import Refused
from grants.models import StageKind
from notifications.models import Message
from seeds.codes import make_id_number
from tests.factories.accounts import PersonRecordFactory, UserFactory
from tests.factories.applications import filled
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
PAGE = reverse("applications:consents")


def person(number, name):
    user = UserFactory(name=name)
    PersonRecordFactory(user=user, id_number=make_id_number(number))
    return user


@pytest.fixture
def named():
    """A filled draft that names its leader, one more person, and one with a passport."""
    call = CallFactory(requires_consents=True, parts__stages=(StageKind.FORMAL_CHECK, StageKind.DECISION))
    application = filled(call=call)
    people = list(application.participants.values(*completeness.PERSON_FIELDS))
    unit = {key: people[0][key] for key in ("organisation_name", "credit_code")}
    people.append({"role": "member", "name": "钱同意", "id_number": make_id_number(2), **unit})
    people.append(
        {"role": "member", "name": "Anna Lee", "id_kind": "passport", "id_number": "C0123456"}
        | {"id_country": "CA", **unit}
    )
    by = application.created_by
    actions.set_participants(application=application, participants=people, by=by, at=timezone.now())
    return application


def told():
    return list(
        Message.objects.filter(template="applications/consent_asked")
        .order_by("pk")
        .values_list("recipient__name", flat=True)
    )


def waiting(application) -> list[str]:
    return [person.name for person in queries.without_consent(application)]


def test_an_application_waits_for_everybodys_own_word(named, client):
    leader, member, guest = person(1, "周海声"), person(2, "钱同意"), UserFactory(name="ANNA LEE")
    PersonRecordFactory(user=guest, id_number="C0123456", id_country="CA")
    everybody = ["周海声", "钱同意", "Anna Lee"]
    assert waiting(named) == everybody
    with pytest.raises(rules.Incomplete) as refused:
        actions.submit(application=named, by=named.created_by, at=timezone.now())
    assert [problem.field for problem in refused.value.problems] == everybody
    for user in (leader, guest, member):
        client.force_login(user)
        assert str(named) in client.get(PAGE).content.decode()
        client.post(PAGE, {"application": named.pk, "do": "agree"})
    assert waiting(named) == []
    client.post(PAGE, {"application": named.pk, "do": "withdraw"})
    assert waiting(named) == ["钱同意"]
    actions.consent(application=named, by=member, at=timezone.now())
    actions.submit(application=named, by=named.created_by, at=timezone.now())
    assert Application.objects.get().state == ApplicationState.FORMAL_CHECK
    with pytest.raises(Refused):
        actions.take_consent_back(application=named, by=member, at=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Consent.objects.all().delete()
    assert client.post(PAGE, {"application": named.pk, "do": "withdraw"}).status_code == 404


def test_who_hands_in_has_agreed_and_a_stranger_cannot(named, client):
    PersonRecordFactory(user=named.created_by, id_number=make_id_number(1))
    type(named.created_by).objects.filter(pk=named.created_by.pk).update(name="周海声")
    named.created_by.refresh_from_db()
    # The number alone is not the person: the name has to agree too.
    stranger = person(2, "孙冒名")
    with pytest.raises(Refused):
        actions.consent(application=named, by=stranger, at=timezone.now())
    client.force_login(stranger)
    assert str(named) not in client.get(PAGE).content.decode()
    assert client.post(PAGE, {"application": named.pk, "do": "agree"}).status_code == 404
    actions.consent(application=named, by=person(2, "钱同意"), at=timezone.now())
    # Another country gave the same number to somebody of the same name.
    namesake = UserFactory(name="Anna Lee")
    PersonRecordFactory(user=namesake, id_number="C0123456", id_country="NZ")
    with pytest.raises(Refused):
        actions.consent(application=named, by=namesake, at=timezone.now())
    assert queries.asked_of(namesake) == []
    assert namesake not in queries.accounts_of(named.participants.all())
    guest = UserFactory(name="Anna Lee")
    PersonRecordFactory(user=guest, id_number="C0123456")
    actions.consent(application=named, by=guest, at=timezone.now())
    actions.submit(application=named, by=named.created_by, at=timezone.now())
    assert Consent.objects.count() == 3


def test_whoever_is_named_is_told_once(named):
    people = list(named.participants.values(*completeness.PERSON_FIELDS))
    leader = people[0]
    by, now = named.created_by, timezone.now()
    PersonRecordFactory(user=by, id_number=leader["id_number"])
    person(2, "钱同意")
    person(3, "孙冒名")
    PersonRecordFactory(user=UserFactory(name="Anna Lee"), id_number="C0123456")
    # All of these were named before they had a record.
    actions.set_participants(application=named, participants=people, by=by, at=now)
    assert told() == []
    actions.set_participants(application=named, participants=[leader], by=by, at=now)
    for _time in range(2):
        actions.set_participants(application=named, participants=people, by=by, at=now)
    assert told() == ["钱同意", "Anna Lee"]
    silent = filled(call=CallFactory())
    actions.set_participants(application=silent, participants=people, by=silent.created_by, at=now)
    assert len(told()) == 2


@pytest.mark.parametrize("number", [1, 30])
def test_the_page_needs_the_same_queries_for_one_and_for_thirty(number, client, django_assert_num_queries):
    member = person(2, "钱同意")
    call = CallFactory(requires_consents=True)
    first = filled(call=call)
    rows = [first] + [
        Application.objects.create(
            call=call,
            organisation=first.organisation,
            created_by=first.created_by,
            created_at=timezone.now(),
            saved_at=timezone.now(),
        )
        for _n in range(number - 1)
    ]
    for row in rows:
        row.participants.create(
            role="member", name="钱同意", id_number=make_id_number(2), organisation_name="甲"
        )
    client.force_login(member)
    client.get(PAGE)
    with django_assert_num_queries(9):
        assert client.get(PAGE).content.decode().count('name="do"') == number


def test_without_a_number_the_page_says_what_to_do(client):
    client.force_login(UserFactory())
    assert PAGE in client.get(reverse("accounts:own_record")).content.decode()
    assert reverse("accounts:own_record") in client.get(PAGE).content.decode()
