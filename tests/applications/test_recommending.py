"""The order of a recommender (推荐排序) and its letters (推荐函): who, when, and what the database holds."""

import pytest
from django.utils import timezone

from accounts.roles import Role
from applications import actions, letters, queries
from applications.queries import Office
from applications.states import ApplicationState
from tests.factories.accounts import OrganisationFactory, officer
from tests.factories.applications import in_state
from tests.factories.grants import CallFactory

pytestmark = pytest.mark.django_db
S = ApplicationState


@pytest.fixture
def bureau():
    return OrganisationFactory(name="高新区科技创新局")


@pytest.fixture
def office(bureau):
    return Office(bureau.pk, "370212")


@pytest.fixture
def by(bureau):
    return officer(Role.RECOMMENDER, bureau, region="370212")


def waiting(call, **kwargs):
    return in_state(S.RECOMMENDATION, call=call, organisation__region="370212", **kwargs)


def titles(by, call, office):
    return [line.application.pk for line in queries.order_of(by, call, office)]


def test_an_order_is_written_moved_and_kept_when_recommended(by, office):
    call, at = CallFactory(), timezone.now()
    a, b, c = (waiting(call) for _n in range(3))
    assert titles(by, call, office) == [a.pk, b.pk, c.pk]
    actions.set_order(call=call, office=office, order=[c.pk, a.pk, b.pk], by=by, at=at)
    actions.move_in_order(call=call, office=office, application=b, to="up", by=by, at=at)
    assert titles(by, call, office) == [c.pk, b.pk, a.pk]
    actions.recommend(application=a, opinion="同意", by=by, at=at)
    assert titles(by, call, office) == [c.pk, b.pk, a.pk]
    letter = actions.issue_letter(call=call, office=office, by=by, at=at)
    assert titles(by, call, office) == [a.pk, c.pk, b.pk]
    assert [line["rank"] for line in letter.content["lines"]] == [1]
    assert letters.paper(letter).startswith(b"%PDF")
