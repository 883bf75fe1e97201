"""A case's application stands through all tests of the case; each test finds it as it was built."""

from dataclasses import replace

import pytest
from django.db import transaction

from accounts.models import Organisation, User
from applications.models import Application
from grants.models import Call
from tests.desk.packs import world as worlds


@pytest.fixture(scope="package")
def built(request, django_db_setup, django_db_blocker):
    """The complete application of a case (slug, number), in a transaction that is never committed."""
    slug, number = request.param
    with django_db_blocker.unblock(), transaction.atomic():
        yield worlds.build(slug, worlds.cases_of(slug)[number])
        transaction.set_rollback(True)


@pytest.fixture
def world(built, db):
    """The same, read anew; what the test changes is rolled back."""
    return fresh(built)


def fresh(world: worlds.World) -> worlds.World:
    return replace(
        world,
        application=Application.objects.get(pk=world.application.pk),
        call=Call.objects.get(pk=world.call.pk),
        unit=Organisation.objects.get(pk=world.unit.pk),
        by=User.objects.get(pk=world.by.pk),
        manager=User.objects.get(pk=world.manager.pk),
    )
