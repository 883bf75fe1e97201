"""Fixtures: one application, or one project in force, that all tests of a module find as it was made."""

from contextlib import contextmanager

import pytest
from django.db import transaction

from applications.models import Application
from applications.states import ApplicationState
from awards.models import Agreement
from tests.factories.accounts import OrganisationFactory
from tests.factories.applications import filled, put, submitted
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


@pytest.fixture(scope="module")
def handed_in(django_db_setup, django_db_blocker):
    """An application in the first stage of its call, in a transaction that is never committed."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield submitted()
        transaction.set_rollback(True)


@pytest.fixture
def stands(handed_in, db):
    """A function that shows the application in a state; what the test changes is rolled back."""

    def put_into(state: str) -> Application:
        if state == ApplicationState.DRAFT:
            return filled()  # nothing was handed in
        return put(Application.objects.get(pk=handed_in.pk), state)

    return put_into


@contextmanager
def attempt(subtests, name: str):
    """A subtest whose changes are undone: what one person does the next one has not done."""
    with subtests.test(name), transaction.atomic():
        yield
        transaction.set_rollback(True)


def others(people: People, *names: str) -> list[str]:
    """Everybody around a project but these; all are there from now on, whatever is undone."""
    return [name for name in people.all() if name not in names]
