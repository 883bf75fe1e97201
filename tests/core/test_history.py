"""Field history names the person and the address of every write, with statements prepared by the server."""

import pghistory
import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from pghistory.models import Context

from accounts.models import Organisation
from core.models import Event
from tests.factories.accounts import OrganisationFactory, UserFactory

History = Organisation.pgh_event_model


def contexts(unit):
    rows = History.objects.filter(pgh_obj_id=unit.pk).order_by("pgh_id")
    return [row.pgh_context and row.pgh_context.metadata for row in rows.select_related("pgh_context")]


def rename(unit, name):
    unit.name = name
    unit.save(update_fields=["name"])


def test_statements_are_bound_by_the_server(db):
    assert connection.settings_dict["OPTIONS"]["server_side_binding"] is True


def test_a_write_inside_a_transaction_is_named(db):
    with pghistory.context(user=7, url="/x/"), transaction.atomic():
        unit = OrganisationFactory()
        rename(unit, "改名")
    assert contexts(unit) == [{"user": 7, "url": "/x/"}] * 2
    assert Context.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_lone_write_is_named_and_the_next_person_is_not_blamed():
    with pghistory.context(user=7):
        unit = OrganisationFactory()
    rename(unit, "没有人")
    with pghistory.context(user=8):
        Organisation.objects.filter(pk=unit.pk).update(name="另一人")
    assert contexts(unit) == [{"user": 7}, None, {"user": 8}]


def test_a_write_after_a_failed_one_keeps_its_name(db):
    with pghistory.context(user=7):
        unit = OrganisationFactory()
        with pytest.raises(IntegrityError), transaction.atomic():
            OrganisationFactory(credit_code=unit.credit_code)
        rename(unit, "改名")
    assert contexts(unit) == [{"user": 7}] * 2


def test_no_query_is_added_where_no_history_is_kept(db, django_assert_num_queries):
    unit, person = OrganisationFactory(), UserFactory()
    ContentType.objects.get_for_model(unit)
    with pghistory.context(user=7), django_assert_num_queries(2):
        Event.objects.create(subject=unit, verb="x", by=person, at=person.date_joined)
        rename(unit, "改名")


@pytest.mark.django_db(transaction=True)
def test_signing_in_through_the_middleware_is_named(client):
    person = UserFactory()
    client.force_login(person)
    assert client.post("/my/profile/", {"name": "新名", "phone": "", "language": "en"}).status_code == 302
    last = type(person).pgh_event_model.objects.filter(pgh_obj_id=person.pk).latest("pgh_id")
    assert (last.name, last.pgh_context.metadata) == ("新名", {"user": person.pk, "url": "/my/profile/"})
