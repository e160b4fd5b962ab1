"""Legal periods are dated rows without gap or overlap; the rulebook makes deadlines of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.engine.calendar import WorkingDays, local_day
from broker.engine.legal_periods import PERIODS, LegalPeriod, PeriodName, Unit, legal_period
from broker.engine.rulebook import Rulebook
from broker.messages.codes import ReadingMethod
from broker.messages.deadlines import Deadline
from tests.engine.builders import RECEIVED_AT, RULES, at

reproducibly = settings(deadline=None, derandomize=True)
IN_USE = date(2024, 3, 1)
INSTANTS = st.datetimes(
    min_value=datetime(2024, 3, 2),  # noqa: DTZ001 - the zone is given beside
    max_value=datetime(2035, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.mark.parametrize("name", PeriodName, ids=lambda name: name.value)
def test_rows_of_one_purpose_follow_each_other(name: PeriodName) -> None:
    rows = sorted((row for row in PERIODS if row.name is name), key=lambda row: row.valid_from)
    assert rows
    assert rows[0].valid_from == IN_USE
    assert rows[-1].valid_to is None
    for earlier, later in pairwise(rows):
        assert earlier.valid_to == later.valid_from


@pytest.mark.parametrize("row", PERIODS, ids=lambda row: row.name.value)
def test_a_row_names_its_source(row: LegalPeriod) -> None:
    assert row.length > 0
    assert row.article.startswith("002 a.")
    assert row.rule
    assert row.valid_to is None or row.valid_from < row.valid_to


@pytest.mark.parametrize(
    ("name", "length", "unit"),
    [
        (PeriodName.DECISION, 5, Unit.WORKING_DAYS),
        (PeriodName.READING_PERIOD, 21, Unit.CALENDAR_DAYS),
        (PeriodName.NOTICE_OF_FAILURE, 5, Unit.WORKING_DAYS),
        (PeriodName.REQUESTED_DATE_AHEAD, 6, Unit.MONTHS),
    ],
)
def test_the_periods_of_the_law(name: PeriodName, length: int, unit: Unit) -> None:
    row = legal_period(name, IN_USE, PERIODS)
    assert (row.length, row.unit) == (length, unit)
    # only periods that bind a party in calendar days are lengthened
    assert not row.end_moves


def test_before_the_instructions_applied_there_is_no_period() -> None:
    with pytest.raises(LookupError):
        legal_period(PeriodName.DECISION, IN_USE - timedelta(days=1), PERIODS)


def test_a_row_is_chosen_by_the_day() -> None:
    row = legal_period(PeriodName.READING_PERIOD, IN_USE, PERIODS)
    assert legal_period(PeriodName.READING_PERIOD, date(2035, 1, 1), PERIODS) == row


@pytest.mark.parametrize(
    ("moves", "expected"), [(False, date(2026, 5, 1)), (True, date(2026, 5, 4))]
)
def test_an_end_on_a_day_off_moves_only_where_the_row_says(moves: bool, expected: date) -> None:
    row = replace(
        legal_period(PeriodName.READING_PERIOD, IN_USE, PERIODS), length=7, end_moves=moves
    )
    assert row.last_day(date(2026, 4, 24), WorkingDays()) == expected


def test_the_21st_day_from_receipt() -> None:
    last = RULES.last_day(
        PeriodName.READING_PERIOD, start=date(2026, 4, 24), begun=date(2026, 4, 24)
    )
    assert last == date(2026, 5, 15)
    deadline = RULES.reading_period_deadline(last, date(2026, 4, 24))
    assert deadline.act_at == deadline.limit == datetime(2026, 5, 15, 22, tzinfo=UTC)


def test_the_decision_is_due_at_the_hour_of_the_5th_working_day() -> None:
    deadline = RULES.decision_deadline(RECEIVED_AT)
    assert deadline.act_at == at(date(2026, 5, 5), 22)
    assert deadline.limit == at(date(2026, 5, 6), 0)
    assert deadline.warn_at == at(date(2026, 5, 4), 22)


def test_receipt_just_before_midnight_counts_from_its_own_local_day() -> None:
    friday = datetime(2026, 4, 24, 21, 59, tzinfo=UTC)
    saturday = datetime(2026, 4, 24, 22, 0, tzinfo=UTC)
    assert local_day(RULES.decision_deadline(friday).act_at) == date(2026, 5, 5)
    assert local_day(RULES.decision_deadline(saturday).act_at) == date(2026, 5, 5)
    thursday = datetime(2026, 4, 23, 21, 59, tzinfo=UTC)
    assert local_day(RULES.decision_deadline(thursday).act_at) == date(2026, 5, 4)


def test_an_announced_day_moves_the_decision() -> None:
    rules = Rulebook(working_days=WorkingDays(one_off_days=(date(2026, 4, 30),)))
    assert rules.decision_deadline(RECEIVED_AT).act_at == at(date(2026, 5, 6), 22)


def test_a_review_is_due_on_the_5th_working_day_after_the_period() -> None:
    deadline = RULES.review_deadline(date(2026, 5, 15), date(2026, 4, 24))
    assert deadline.act_at == at(date(2026, 5, 22), 22)
    assert deadline.limit == at(date(2026, 5, 23), 0)


@pytest.mark.parametrize(
    ("hours", "ends_at"),
    [(2, at(date(2026, 4, 24), 12)), (10_000, at(date(2026, 5, 5), 22))],
)
def test_a_hold_never_outlasts_the_decision(hours: int, ends_at: datetime) -> None:
    rules = Rulebook(hold_hours_remote=hours)
    assert rules.hold_deadline(RECEIVED_AT, ReadingMethod.REMOTE).act_at == ends_at
    assert rules.hold_hours(ReadingMethod.CUSTOMER) == 0


@given(
    received_at=INSTANTS,
    hour=st.times(),
    hold=st.integers(min_value=0, max_value=400),
    warning=st.integers(min_value=0, max_value=100),
)
@reproducibly
def test_the_broker_acts_before_the_limit(
    received_at: datetime, hour: time, hold: int, warning: int
) -> None:
    rules = Rulebook(decision_hour=hour, hold_hours_customer=hold, warning_hours=warning)
    begun = local_day(received_at)
    deadlines: tuple[Deadline, ...] = (
        rules.decision_deadline(received_at),
        rules.hold_deadline(received_at, ReadingMethod.CUSTOMER),
        rules.reading_period_deadline(begun, begun),
        rules.review_deadline(begun, begun),
    )
    for deadline in deadlines:
        assert deadline.act_at <= deadline.limit
        assert deadline.warn_at is None or deadline.warn_at <= deadline.act_at
        assert deadline.act_at.tzinfo is UTC
        assert deadline.rule
        assert deadline.article
