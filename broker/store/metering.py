"""Meters and their readings on record: which one was at a point on a day, what it last showed.

Reads on the connection it is given; decides nothing.
"""

import sqlite3
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from broker.engine.calendar import end_of, local_day, start_of
from broker.engine.facts import MeterFacts, ReadingOnRecord, RegisterFacts, RemovedMeter
from broker.messages.identifiers import CaseId, Gsrn, ObisCode, SerialNumber
from broker.messages.requests import RegisterValue
from broker.store.instants import from_text, to_text, to_text_or_none

# The meter installed at a point on a day.
_METER = """
    SELECT meter, serial_number, installed_from, removed_on FROM meters
    WHERE accounting_point = :point
    AND installed_from <= :day AND (removed_on IS NULL OR :day < removed_on)"""

# The meter in whose place another came on a day.
_REMOVED = """
    SELECT meter, serial_number, installed_from, removed_on FROM meters
    WHERE accounting_point = :point AND removed_on = :day"""

# The registers of a meter.
_REGISTERS = """
    SELECT register, digits, multiplier FROM meter_registers WHERE meter = ? ORDER BY register"""

# The readings of a meter that stand, the latest first, without what is left out.
_READINGS = """
    SELECT reading, taken_at FROM readings WHERE meter = :meter AND cancelled_on IS NULL
    AND (:of_case IS NULL OR case_id IS NOT :of_case)
    AND (:after IS NULL OR taken_at <= :after OR :removed <= taken_at
        OR :installed <= taken_at AND taken_at < :day_after)
    ORDER BY taken_at DESC, reading DESC
    LIMIT :limit"""

# What each register of a meter showed at a reading.
_VALUES = "SELECT register, value FROM reading_values WHERE reading = ? ORDER BY register"

# Of one day and the readings before it, no more are looked at: the closing one is among them.
_LATEST_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """The meter of a day with its last reading, and what was removed before it (C5, D4, H1).

    `closing` are the values it was itself removed with later, which its last reading is not.
    """

    meter: MeterFacts | None = None
    last_reading: ReadingOnRecord | None = None
    removed_meters: tuple[RemovedMeter, ...] = ()
    closing: ReadingOnRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Readings that are to count as if they were not there: nothing by default (D3).

    Those of a case; those after an instant, save the values a meter came or went with.
    """

    of_case: CaseId | None = None
    after: datetime | None = None


NOTHING = LeftOut()


@dataclass(frozen=True, slots=True)
class _Meter:
    """A meter by its key, with the days between which it was at the point."""

    key: int
    serial_number: SerialNumber
    installed_from: date
    removed_on: date | None


@dataclass(frozen=True, slots=True)
class _Readings:
    """The last two readings of a meter that matter: keys and days; `only` says there is no third.

    The closing one is the last entered of the day on which the meter was removed.
    """

    closing: tuple[int, date] | None
    last: tuple[int, date] | None
    only: bool


def metering_on(
    conn: sqlite3.Connection, accounting_point: Gsrn, day: date, left_out: LeftOut = NOTHING
) -> Metering:
    """The meter that was at the point on this day, with what was read from it."""
    meter = _meter(conn, _METER, accounting_point, day)
    if meter is None:
        return Metering()
    readings = _readings(conn, meter, left_out)
    return Metering(
        meter=_facts(conn, meter),
        last_reading=_reading(conn, readings.last),
        removed_meters=_removed_before(conn, accounting_point, (meter, readings), left_out),
        closing=_reading(conn, readings.closing),
    )


def _removed_before(
    conn: sqlite3.Connection,
    accounting_point: Gsrn,
    present: tuple[_Meter, _Readings],
    left_out: LeftOut,
) -> tuple[RemovedMeter, ...]:
    """The meters before this one back to a reading that is no opening one, oldest first.

    A meter whose one reading is that of the day it was installed has measured since the exchange
    only; the period began with the meter before it.
    """
    found: list[RemovedMeter] = []
    meter, readings = present
    while readings.only and readings.last and readings.last[1] == meter.installed_from:
        before = _meter(conn, _REMOVED, accounting_point, meter.installed_from)
        if before is None or before.removed_on is None:
            break
        meter, readings = before, _readings(conn, before, left_out)
        closing = _reading(conn, readings.closing)
        if closing is None:
            break
        found.append(
            RemovedMeter(
                meter=_facts(conn, meter),
                removed_on=before.removed_on,
                opening=_reading(conn, readings.last),
                closing=closing,
            )
        )
    return tuple(reversed(found))


def _meter(
    conn: sqlite3.Connection, query: str, accounting_point: Gsrn, day: date
) -> _Meter | None:
    row = conn.execute(query, {"point": accounting_point, "day": day.isoformat()}).fetchone()
    if row is None:
        return None
    key, serial_number, installed_from, removed_on = row
    return _Meter(
        key,
        SerialNumber(serial_number),
        date.fromisoformat(installed_from),
        None if removed_on is None else date.fromisoformat(removed_on),
    )


def _facts(conn: sqlite3.Connection, meter: _Meter) -> MeterFacts:
    return MeterFacts(
        serial_number=meter.serial_number,
        registers=tuple(
            RegisterFacts(
                register=ObisCode(register), digits=digits, multiplier=Decimal(multiplier)
            )
            for register, digits, multiplier in conn.execute(_REGISTERS, (meter.key,))
        ),
    )


def _readings(conn: sqlite3.Connection, meter: _Meter, left_out: LeftOut) -> _Readings:
    values = {
        "meter": meter.key,
        "of_case": left_out.of_case,
        "after": to_text_or_none(left_out.after),
        "installed": to_text(start_of(meter.installed_from)),
        "day_after": to_text(end_of(meter.installed_from)),
        "removed": to_text(start_of(meter.removed_on)) if meter.removed_on else None,
        "limit": _LATEST_MAX,
    }
    rows = [
        (key, local_day(from_text(taken_at))) for key, taken_at in conn.execute(_READINGS, values)
    ]
    of_last_day = [row for row in rows if row[1] == meter.removed_on]
    closing = max(of_last_day, default=None)
    others = [row for row in rows if row != closing]
    return _Readings(closing, others[0] if others else None, len(others) == 1)


def _reading(conn: sqlite3.Connection, found: tuple[int, date] | None) -> ReadingOnRecord | None:
    if found is None:
        return None
    key, day = found
    return ReadingOnRecord(
        taken_on=day,
        registers=tuple(
            RegisterValue(register=ObisCode(register), value=Decimal(value))
            for register, value in conn.execute(_VALUES, (key,))
        ),
    )
