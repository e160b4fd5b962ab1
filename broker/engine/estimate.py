"""Register values of a day on which nobody read the meter (C4); never for a switch under part A.

A value that is worked out is no finer than a thousandth of a unit; quantities made from it are
rounded to whole kWh like any other (C3).
"""

from datetime import date
from decimal import Decimal

from broker.engine.calendar import days_between
from broker.engine.facts import AverageFacts, MeterFacts, ReadingOnRecord
from broker.engine.rules_reading import direction_of
from broker.messages.codes import Direction
from broker.messages.identifiers import ObisCode
from broker.messages.requests import RegisterValue

_VALUE_PLACES = 3


def estimated(
    meter: MeterFacts, last: ReadingOnRecord, averages: tuple[AverageFacts, ...], on: date
) -> tuple[RegisterValue, ...] | None:
    """The last value plus the average daily consumption times the days since.

    The average is known for each direction, not for each register: None where a direction has
    several registers or no average, and where a register had no value.
    Source: C4 (002 a.135(3), a.153(1), a.167(5)).
    """
    values = []
    for register in meter.registers:
        direction, value = direction_of(register.register), last.value(register.register)
        alike = [one for one in meter.registers if direction_of(one.register) is direction]
        average = _average(averages, direction)
        if average is None or value is None or len(alike) > 1:
            return None
        counted = average * days_between(last.taken_on, on) / register.multiplier
        values.append(_value(register.register, register.digits, value + counted))
    return tuple(values)


def interpolated(
    meter: MeterFacts, before: ReadingOnRecord, after: ReadingOnRecord, on: date
) -> tuple[RegisterValue, ...] | None:
    """Between two readings each register counts the same every day.

    None where a register was not read both times. Raises ValueError for a day not between them.
    Source: C4 (002 a.216).
    """
    if not before.taken_on <= on <= after.taken_on:
        raise ValueError(f"{on} does not lie between {before.taken_on} and {after.taken_on}")
    days = days_between(before.taken_on, after.taken_on)
    values = []
    for register in meter.registers:
        first, last = before.value(register.register), after.value(register.register)
        if first is None or last is None:
            return None
        counted = register.energy_kwh(first, last) / register.multiplier
        part = counted * days_between(before.taken_on, on) / days if days else Decimal(0)
        values.append(_value(register.register, register.digits, first + part))
    return tuple(values)


def _average(averages: tuple[AverageFacts, ...], direction: Direction | None) -> Decimal | None:
    return next((one.kwh_per_day for one in averages if one.direction is direction), None)


def _value(code: ObisCode, digits: int, value: Decimal) -> RegisterValue:
    """The value as the register would show it: over the top it begins again at zero (C5)."""
    return RegisterValue(register=code, value=round(value, _VALUE_PLACES) % Decimal(10) ** digits)
