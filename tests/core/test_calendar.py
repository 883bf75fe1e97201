"""Working days with 调休: published vectors, arithmetic laws, and one query whatever the length."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import calendar, calendar_table
from core.calendar import Calendar, DayKind
from core.models import CalendarDay

LIBRARY = Calendar({row.date: row.is_working for row in calendar_table.library_rows()})
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@pytest.fixture
def table(db):
    calendar_table.seed()


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (date(2023, 4, 27), date(2023, 5, 6), 5),
        (date(2019, 5, 29), date(2019, 6, 4), 5),
        (date(2023, 10, 27), date(2023, 11, 3), 6),
        (date(2025, 10, 9), date(2025, 10, 15), 6),
    ],
)
def test_published_vectors(table, django_assert_num_queries, first, last, expected):
    with django_assert_num_queries(1):
        assert calendar.working_days_between(first, last) == expected


def test_days_in_the_wrong_order_are_none(table):
    assert calendar.working_days_between(date(2025, 3, 4), date(2025, 3, 3)) == 0


def test_a_worked_saturday_and_a_holiday_tuesday(table):
    assert calendar.is_working(date(2025, 10, 11)) is True
    assert calendar.is_working(date(2025, 10, 7)) is False
    assert calendar.is_working(date(2025, 10, 16)) is True
    assert calendar.is_working(date(2025, 10, 18)) is False


@pytest.mark.parametrize(
    ("start", "days", "kind", "inclusive", "expected"),
    [
        (date(2025, 10, 9), 5, DayKind.WORKING, True, date(2025, 10, 14)),
        (date(2025, 10, 9), 5, DayKind.WORKING, False, date(2025, 10, 15)),
        (date(2025, 9, 30), 1, DayKind.WORKING, False, date(2025, 10, 9)),
        (date(2025, 10, 9), -1, DayKind.WORKING, False, date(2025, 9, 30)),
        (date(2025, 10, 1), 1, DayKind.WORKING, True, date(2025, 10, 9)),
        (date(2025, 10, 1), 0, DayKind.WORKING, False, date(2025, 10, 1)),
        (date(2025, 10, 1), 7, DayKind.CALENDAR, False, date(2025, 10, 8)),
        (date(2025, 10, 1), 7, DayKind.CALENDAR, True, date(2025, 10, 7)),
        (date(2026, 1, 31), 1, DayKind.MONTH, False, date(2026, 2, 28)),
        (date(2026, 1, 15), 13, DayKind.MONTH, False, date(2027, 2, 15)),
        (date(2026, 1, 15), 1, DayKind.MONTH, True, date(2026, 2, 14)),
        (date(2026, 3, 31), -1, DayKind.MONTH, False, date(2026, 2, 28)),
    ],
)
def test_where_a_period_ends(table, start, days, kind, inclusive, expected):
    assert calendar.add_days(start, days, kind=kind, inclusive=inclusive) == expected


def test_an_inclusive_period_has_a_day():
    with pytest.raises(ValueError, match="at least one day"):
        Calendar().add_days(date(2026, 1, 5), 0, kind=DayKind.WORKING, inclusive=True)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="unknown kind of day: week"):
        Calendar().add_days(date(2026, 1, 5), 3, kind="week")


@pytest.mark.parametrize("days", [1, 1000])
def test_queries_do_not_grow_with_the_period(table, django_assert_num_queries, days):
    with django_assert_num_queries(1):
        calendar.add_days(date(2025, 1, 1), days, kind=DayKind.WORKING)
    with django_assert_num_queries(0):
        calendar.add_days(date(2025, 1, 1), days, kind=DayKind.CALENDAR)


@given(start=DAYS, days=st.integers(1, 120))
def test_a_working_period_ends_on_a_working_day_and_has_its_length(start, days):
    end = LIBRARY.add_days(start, days, kind=DayKind.WORKING)
    assert LIBRARY.is_working(end)
    assert LIBRARY.working_days_between(start + timedelta(days=1), end) == days


@given(start=DAYS, days=st.integers(1, 120))
def test_inclusive_counts_the_first_day_when_it_works(start, days):
    inclusive = LIBRARY.add_days(start, days, kind=DayKind.WORKING, inclusive=True)
    assert LIBRARY.working_days_between(start, inclusive) == days
    exclusive = LIBRARY.add_days(start, days, kind=DayKind.WORKING)
    assert (inclusive < exclusive) == LIBRARY.is_working(start)


@given(start=DAYS, days=st.integers(1, 120))
def test_walking_back_undoes_walking_forth_from_a_working_day(start, days):
    start = LIBRARY.add_days(start, 1, kind=DayKind.WORKING)
    end = LIBRARY.add_days(start, days, kind=DayKind.WORKING)
    assert LIBRARY.add_days(end, -days, kind=DayKind.WORKING) == start


@given(first=DAYS, middle=DAYS, last=DAYS)
def test_counts_add_up(first, middle, last):
    first, middle, last = sorted([first, middle, last])
    whole = LIBRARY.working_days_between(first, last)
    parts = LIBRARY.working_days_between(first, middle) + LIBRARY.working_days_between(
        middle + timedelta(days=1), last
    )
    assert whole == parts


def test_a_day_ends_with_its_last_moment_in_shanghai():
    end = calendar.end_of_day(date(2026, 11, 22))
    assert end == datetime(2026, 11, 22, 15, 59, 59, 999999, tzinfo=UTC)
    assert f"{end:%Y-%m-%d %H:%M:%S}" == "2026-11-22 23:59:59"


def test_a_clock_starts_on_the_date_in_shanghai(table):
    late_at_night_in_utc = datetime(2025, 10, 8, 17, 0, tzinfo=UTC)
    due = calendar.due(late_at_night_in_utc, 5, kind=DayKind.WORKING)
    assert due == calendar.end_of_day(date(2025, 10, 15))


def test_a_year_that_is_not_announced_rests_when_the_law_says_so(table):
    assert (calendar.is_announced(2026), calendar.is_announced(2027)) == (True, False)
    # 1 January, a Friday; the Spring Festival with its eve, made up on Tuesday and Wednesday.
    assert calendar.add_days(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert calendar.add_days(date(2027, 2, 4), 1) == date(2027, 2, 11)
    assert calendar.working_days_between(date(2027, 10, 1), date(2027, 10, 7)) == 2
    assert calendar.add_days(date(2036, 9, 30), 1) == date(2036, 10, 7), "as far as ten years"
    # Beyond them, and in a table that nobody filled, Monday to Friday.
    assert calendar.working_days_between(date(2037, 10, 1), date(2037, 10, 7)) == 5


def test_the_next_year_is_waited_for_from_november_on(table):
    found = [calendar.awaited(date(2026, 10, 31)), calendar.awaited(date(2026, 11, 1))]
    assert found == [None, 2027]
    assert calendar.awaited(date(2027, 3, 1)) == 2027
    rows = [calendar_table.Row(date(2027, 1, 1), False, "元旦")]
    calendar_table.replace_years(rows=rows, source="国办发明电〔2026〕9号")
    assert [calendar.awaited(date(2026, 11, 23)), calendar.awaited(date(2027, 11, 1))] == [None, 2028]


def test_seeding_twice_changes_nothing(table):
    before = CalendarDay.objects.count()
    assert calendar_table.seed() == before
    assert CalendarDay.objects.count() == before


def test_an_uploaded_year_outlives_the_next_seeding(table):
    rows = calendar_table.parse("日期,上班,节日\n2026-10-10,否,\n".encode(), file_name="2026.csv")
    calendar_table.replace_years(rows=rows, source="国办发明电〔2026〕1号")
    calendar_table.seed()
    assert list(CalendarDay.objects.filter(date__year=2026).values_list("date", "is_working", "source")) == [
        (date(2026, 10, 10), False, "国办发明电〔2026〕1号")
    ]
    assert CalendarDay.objects.filter(date__year=2025).count() > 20
