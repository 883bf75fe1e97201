"""Fixtures: one project in force that all tests of a module find as it was made."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from awards.models import Agreement
from tests.factories.accounts import OrganisationFactory
from tests.factories.milestones import People, agreement, people_of


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    """The agreement, in a transaction that is never committed; for modules without transactional tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield agreement(owner=OrganisationFactory())
        transaction.set_rollback(True)


@pytest.fixture
def project(standing, db):
    """(agreement, the people around it); what the test changes is rolled back."""
    found = Agreement.objects.get(pk=standing.pk)
    return found, people_of(found)


@contextmanager
def attempt(subtests, name: str):
    """A subtest whose changes are undone: what one person does the next one has not done."""
    with subtests.test(name), transaction.atomic():
        yield
        transaction.set_rollback(True)


def others(people: People, *names: str) -> list[str]:
    """Everybody around a project but these; all are there from now on, whatever is undone."""
    return [name for name in people.all() if name not in names]
