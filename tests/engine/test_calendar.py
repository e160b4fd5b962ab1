"""Days, working days and instants of the law, against a calendar computed independently."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.engine.calendar import (
    WorkingDays,
    at_hour,
    days_between,
    end_of,
    local_day,
    plus_days,
    plus_hours,
    plus_months,
    start_of,
)

PLAIN = WorkingDays()
DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2035, 12, 31))
COUNTS = st.integers(min_value=0, max_value=40)
reproducibly = settings(deadline=None, derandomize=True)


def easter_sunday(year: int) -> date:
    """Easter by the algorithm of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def work_free_holidays(year: int) -> set[date]:
    """Work-free days of Slovenia: fixed ones of the act on holidays, and Easter Monday."""
    fixed = (
        *((1, 1), (1, 2), (2, 8), (4, 27), (5, 1), (5, 2)),
        *((6, 25), (8, 15), (10, 31), (11, 1), (12, 25), (12, 26)),
    )
    easter_monday = easter_sunday(year) + timedelta(days=1)
    return {date(year, month, day) for month, day in fixed} | {easter_monday}


@pytest.mark.parametrize("year", range(2024, 2036))
def test_working_days_of_a_year(year: int) -> None:
    free = work_free_holidays(year)
    day = date(year, 1, 1)
    while day.year == year:
        assert PLAIN.is_working_day(day) == (day.weekday() < 5 and day not in free), day
        day += timedelta(days=1)


def test_easter_of_known_years() -> None:
    known = {2024: (3, 31), 2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2035: (3, 25)}
    for year, (month, day) in known.items():
        assert easter_sunday(year) == date(year, month, day)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 4, 24), 5, date(2026, 5, 5)),  # over 27 April and 1 May
        (date(2026, 4, 24), 1, date(2026, 4, 28)),
        (date(2026, 4, 3), 1, date(2026, 4, 7)),  # Good Friday is worked, Easter Monday is not
        (date(2026, 4, 5), 1, date(2026, 4, 7)),
        (date(2025, 12, 24), 1, date(2025, 12, 29)),  # 25 and 26 December, a weekend
        (date(2025, 12, 31), 1, date(2026, 1, 5)),  # 1 and 2 January, a weekend
        (date(2025, 12, 29), 5, date(2026, 1, 7)),
        (date(2026, 1, 1), 1, date(2026, 1, 5)),
        (date(2026, 6, 24), 1, date(2026, 6, 26)),
        (date(2026, 10, 30), 1, date(2026, 11, 2)),  # Reformation Day falls on a Saturday
        (date(2026, 4, 25), 1, date(2026, 4, 28)),  # from a Saturday
        (date(2026, 3, 6), 0, date(2026, 3, 6)),
    ],
)
def test_working_days_after_a_day(day: date, count: int, expected: date) -> None:
    assert PLAIN.plus(day, count) == expected


def test_the_day_announced_after_the_floods_was_work_free() -> None:
    assert not PLAIN.is_working_day(date(2023, 8, 14))
    assert not PLAIN.is_working_day(date(2023, 8, 15))


def test_an_announced_day_is_not_worked() -> None:
    day = date(2026, 8, 14)
    announced = WorkingDays(one_off_days=(day,))
    assert PLAIN.is_working_day(day)
    assert not announced.is_working_day(day)
    assert PLAIN.plus(date(2026, 8, 13), 1) == day
    assert announced.plus(date(2026, 8, 13), 1) == date(2026, 8, 17)
    assert announced.same_or_next(day) == date(2026, 8, 17)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 4, 24), date(2026, 4, 24)),
        (date(2026, 4, 25), date(2026, 4, 28)),
        (date(2026, 5, 1), date(2026, 5, 4)),
        (date(2026, 1, 1), date(2026, 1, 5)),
    ],
)
def test_the_same_or_the_next_working_day(day: date, expected: date) -> None:
    assert PLAIN.same_or_next(day) == expected


@given(day=DAYS, count=st.integers(min_value=1, max_value=40))
@reproducibly
def test_a_period_in_working_days_ends_on_one(day: date, count: int) -> None:
    end = PLAIN.plus(day, count)
    assert PLAIN.is_working_day(end)
    worked = [d for n in range(1, days_between(day, end) + 1) if (d := plus_days(day, n))]
    assert sum(PLAIN.is_working_day(d) for d in worked) == count


@given(day=DAYS, first=COUNTS, second=COUNTS)
@reproducibly
def test_working_days_add_up(day: date, first: int, second: int) -> None:
    assert PLAIN.plus(PLAIN.plus(day, first), second) == PLAIN.plus(day, first + second)


@given(earlier=DAYS, later=DAYS, count=COUNTS)
@reproducibly
def test_a_later_start_never_ends_earlier(earlier: date, later: date, count: int) -> None:
    if earlier > later:
        earlier, later = later, earlier
    assert PLAIN.plus(earlier, count) <= PLAIN.plus(later, count)
    assert PLAIN.same_or_next(earlier) <= PLAIN.same_or_next(later)


@given(day=DAYS, count=COUNTS, announced=st.lists(DAYS, max_size=5))
@reproducibly
def test_an_announced_day_never_shortens(day: date, count: int, announced: list[date]) -> None:
    assert WorkingDays(one_off_days=tuple(announced)).plus(day, count) >= PLAIN.plus(day, count)


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 1, 15), datetime(2026, 1, 14, 23, tzinfo=UTC), 24),
        (date(2026, 7, 15), datetime(2026, 7, 14, 22, tzinfo=UTC), 24),
        (date(2026, 3, 29), datetime(2026, 3, 28, 23, tzinfo=UTC), 23),
        (date(2026, 10, 25), datetime(2026, 10, 24, 22, tzinfo=UTC), 25),
    ],
)
def test_a_day_begins_and_ends_by_the_local_clock(day: date, start: datetime, hours: int) -> None:
    assert start_of(day) == start
    assert end_of(day) == start + timedelta(hours=hours)
    assert start_of(day).tzinfo is UTC
    assert end_of(day).tzinfo is UTC


@given(day=st.dates(min_value=date(2000, 1, 1), max_value=date(2099, 12, 30)))
@reproducibly
def test_days_follow_each_other_without_gap(day: date) -> None:
    assert end_of(day) == start_of(plus_days(day, 1))
    assert local_day(start_of(day)) == day
    assert local_day(end_of(day) - timedelta(microseconds=1)) == day
    assert local_day(end_of(day)) == plus_days(day, 1)
    assert end_of(day) - start_of(day) in {timedelta(hours=hours) for hours in (23, 24, 25)}


def test_an_hour_that_is_there_twice_is_the_first_one() -> None:
    expected = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert at_hour(date(2026, 10, 25), time(2, 30)) == expected


def test_the_21st_day_lasts_to_its_end_through_a_change_of_the_clock() -> None:
    last = plus_days(date(2026, 10, 9), 21)
    assert last == date(2026, 10, 30)
    assert end_of(last) == datetime(2026, 10, 30, 23, tzinfo=UTC)
    assert end_of(plus_days(date(2026, 3, 13), 21)) == datetime(2026, 4, 3, 22, tzinfo=UTC)


def test_24_hours_are_elapsed_ones() -> None:
    before = at_hour(date(2026, 10, 24), time(12))
    assert plus_hours(before, 24) == at_hour(date(2026, 10, 25), time(11))


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 4, 24), 6, date(2026, 10, 24)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2026, 7, 1), 6, date(2027, 1, 1)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 6, 30), 12, date(2027, 6, 30)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
    ],
)
def test_months_end_on_the_same_day_or_the_last(day: date, count: int, expected: date) -> None:
    assert plus_months(day, count) == expected


@given(day=DAYS, count=st.integers(min_value=-30, max_value=30))
@reproducibly
def test_months_are_counted_by_the_calendar(day: date, count: int) -> None:
    end = plus_months(day, count)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == count
    assert end.day <= day.day
    assert end.day == day.day or plus_days(end, 1).day == 1
