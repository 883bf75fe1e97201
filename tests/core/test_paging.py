"""Keyset pages: nothing twice, nothing lost, two queries wherever one is."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F

from core.models import Event
from core.paging import paginate
from core.workflow import record
from tests.factories.accounts import OrganisationFactory, UserFactory

START = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)  # finer than a millisecond, as the clock is


@pytest.fixture
def history(db):
    unit, person = OrganisationFactory(), UserFactory()
    for n in range(30):
        # Three events share each moment, so that the tie-breaker matters.
        record(unit, f"verb{n}", by=person, at=START + timedelta(days=n // 3))
    return list(Event.objects.order_by("-at", "-id"))


def walk(order, step, cursor=None, per_page=7):
    pages = []
    while True:
        page = paginate(Event.objects.all(), order, cursor, per_page, count=False)
        pages.append(page)
        cursor = getattr(page, step)
        if cursor is None:
            return pages


def test_walking_forth_meets_every_row_once(history):
    pages = walk(["-at", "-id"], "next")
    assert [row for page in pages for row in page] == history
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]
    assert pages[0].previous is None


def test_walking_back_meets_the_same_rows(history):
    last = walk(["-at", "-id"], "next")[-1]
    pages = walk(["-at", "-id"], "previous", cursor=last.previous)
    assert [row for page in reversed(pages) for row in page] == history[:28]


def test_directions_may_differ(history):
    pages = walk(["-at", "id"], "next")
    assert [row for page in pages for row in page] == list(Event.objects.order_by("-at", "id"))


def test_the_key_is_added_as_tie_breaker(history):
    assert [row for page in walk(["at"], "next") for row in page] == list(Event.objects.order_by("at", "id"))
    assert [row for page in walk(["-at"], "next") for row in page] == history


def test_columns_of_relations_and_annotations(history):
    rows = Event.objects.annotate(moment=F("at")).select_related("by")
    page = paginate(rows, ["by__username", "-moment"], None, 10)
    second = paginate(rows, ["by__username", "-moment"], page.next, 10)
    assert [row.pk for row in [*page, *second]] == [
        row.pk for row in Event.objects.order_by("by__username", "-at", "pk")[:20]
    ]


def test_every_page_takes_two_queries(history, django_assert_num_queries):
    with django_assert_num_queries(2):
        page = paginate(Event.objects.all(), ["-at"], None, 5)
    assert page.count == "30"
    with django_assert_num_queries(2):
        paginate(Event.objects.all(), ["-at"], page.next, 5)
    with django_assert_num_queries(1):
        assert paginate(Event.objects.all(), ["-at"], page.next, 5, count=False).count == ""


def test_counting_stops_at_the_cap(history, monkeypatch):
    monkeypatch.setattr("core.paging.capped_count.__defaults__", (10,))
    assert paginate(Event.objects.all(), ["-at"], None, 5).count == "10+"


def test_a_thousand_is_grouped(db):
    person, unit = UserFactory(), OrganisationFactory()
    first = record(unit, "x", by=person, at=START)
    Event.objects.bulk_create(
        Event(content_type=first.content_type, object_id=unit.pk, verb="x", by=person, at=START)
        for _ in range(1001)
    )
    assert paginate(Event.objects.all(), ["-at"], None).count == "1 000+"


def test_an_empty_list(db):
    page = paginate(Event.objects.all(), ["-at"], None)
    assert (page.rows, page.next, page.previous, page.count) == ([], None, None, "0")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "n",
        "n" + "W1tb" * 9000,
        "rubbish",
        "nW10",
        "n!!!",
        "n" + "A" * 50,
        "xWzFd",
        "nWyJ4IiwgMV0",
        "n//79",
    ],
)
def test_a_cursor_that_cannot_be_read_shows_the_first_page(history, cursor):
    assert paginate(Event.objects.all(), ["-at", "-id"], cursor, 7).rows == history[:7]


def test_a_column_that_does_not_exist_is_an_error_of_ours(history):
    page = paginate(Event.objects.all(), ["-at"], None, 7)
    with pytest.raises(FieldDoesNotExist):
        paginate(Event.objects.all(), ["nothing", "pk"], page.next, 7)


def test_an_empty_column_is_an_error_of_ours(db):
    unit = OrganisationFactory()
    for n in range(3):
        record(unit, "x", by=None, at=START + timedelta(days=n))
    with pytest.raises(ValueError, match="column that is empty"):
        paginate(Event.objects.all(), ["by_id"], None, 2)
