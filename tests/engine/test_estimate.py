"""Register values of a day without a reading: estimated, or between two readings (C4)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from broker.engine.estimate import estimated, interpolated
from broker.engine.facts import MeterFacts, ReadingOnRecord
from broker.messages.codes import Direction
from broker.messages.identifiers import ObisCode, SerialNumber
from tests.engine.builders import (
    FED_IN,
    LAST_READ_ON,
    TAKEN,
    TAKEN_HIGH,
    TAKEN_LOW,
    average,
    days_after,
    register,
    shows,
)

METER = MeterFacts(serial_number=SerialNumber("ZGL-100001"), registers=(register(),))


def read(value: str, on: date = LAST_READ_ON) -> ReadingOnRecord:
    """A reading of the one register."""
    return ReadingOnRecord(taken_on=on, registers=(shows(TAKEN, value),))


@pytest.mark.parametrize(
    ("last", "kwh_per_day", "multiplier", "days", "value"),
    [
        ("14650", "10", "1", 31, "14960"),
        ("14650", "10", "1", 0, "14650"),
        ("14650.5", "0.25", "1", 3, "14651.25"),
        # no finer than a thousandth, and over the top of six digits
        ("14650", "1", "3", 1, "14650.333"),
        ("999995", "10", "1", 1, "5"),
        ("14650", "40", "40", 2, "14652"),
    ],
)
def test_an_estimate_is_the_last_value_and_the_average_times_the_days(
    last: str, kwh_per_day: str, multiplier: str, days: int, value: str
) -> None:
    meter = replace(METER, registers=(register(multiplier=multiplier),))
    on = days_after(LAST_READ_ON, days)
    assert estimated(meter, read(last), (average(kwh_per_day),), on) == (shows(TAKEN, value),)


def test_each_direction_is_estimated_by_its_own_average() -> None:
    meter = replace(METER, registers=(register(), register(FED_IN)))
    last = replace(read("100"), registers=(shows(TAKEN, "100"), shows(FED_IN, "200")))
    averages = (average("10"), average("5", Direction.PRODUCTION))
    on = days_after(LAST_READ_ON, 2)
    assert estimated(meter, last, averages, on) == (shows(TAKEN, "120"), shows(FED_IN, "210"))


@pytest.mark.parametrize(
    ("registers", "averages"),
    [
        ((register(),), ()),
        ((register(),), (average("5", Direction.PRODUCTION),)),
        # the average of the direction says nothing of its tariffs
        ((register(TAKEN_HIGH), register(TAKEN_LOW)), (average("10"),)),
        ((register(FED_IN),), (average("5", Direction.PRODUCTION),)),
        ((register(ObisCode("1-0:3.8.0")),), (average("10"),)),
    ],
)
def test_what_the_average_does_not_tell_is_not_estimated(
    registers: tuple[object, ...], averages: tuple[object, ...]
) -> None:
    meter = replace(METER, registers=registers)
    assert estimated(meter, read("100"), averages, days_after(LAST_READ_ON, 2)) is None


@pytest.mark.parametrize(
    ("first", "last", "of_days", "days", "value"),
    [
        ("100", "200", 10, 0, "100"),
        ("100", "200", 10, 3, "130"),
        ("100", "200", 10, 10, "200"),
        ("100", "200", 3, 1, "133.333"),
        ("999990", "10", 10, 5, "0"),
        ("100", "100", 0, 0, "100"),
    ],
)
def test_between_two_readings_each_day_counts_the_same(
    first: str, last: str, of_days: int, days: int, value: str
) -> None:
    after = read(last, days_after(LAST_READ_ON, of_days))
    found = interpolated(METER, read(first), after, days_after(LAST_READ_ON, days))
    assert found is not None
    assert [one.value for one in found] == [Decimal(value)]


def test_a_register_that_was_not_read_both_times_is_not_told() -> None:
    after = ReadingOnRecord(taken_on=days_after(LAST_READ_ON, 2), registers=())
    assert interpolated(METER, read("100"), after, LAST_READ_ON) is None


@pytest.mark.parametrize("days", [-1, 3])
def test_a_day_outside_is_not_between(days: int) -> None:
    after = read("200", days_after(LAST_READ_ON, 2))
    with pytest.raises(ValueError, match="does not lie between"):
        interpolated(METER, read("100"), after, days_after(LAST_READ_ON, days))
