"""What was made from a reading, and its correction: nothing is overwritten, the old stays (C6).

Reads and writes on the connection it is given; decides nothing.
"""

import sqlite3
from datetime import date
from decimal import Decimal

from broker.engine.calendar import end_of, local_day, start_of
from broker.engine.facts import ReadingOnRecord
from broker.engine.register_check import BilledPeriod, CorrectedReading
from broker.messages.codes import Direction, ObtainedBy, RegisterChangeKind
from broker.messages.identifiers import Gsrn, ObisCode, SerialNumber
from broker.messages.register_changes import QuantityBilledAnew, ReadingCancelled
from broker.messages.requests import RegisterValue
from broker.store.instants import from_text, to_text
from broker.store.supply import (
    ChangeDoesNotFitTheRegister,
    measuring_point,
    supplies_concerned,
)

# The readings of a meter of a point that stand, in order of time.
_READINGS = """
    SELECT reading, taken_at, obtained_by, case_id FROM readings JOIN meters USING (meter)
    WHERE accounting_point = :point AND serial_number = :serial_number AND cancelled_on IS NULL
    AND {condition} ORDER BY taken_at {order}, reading {order} LIMIT 1"""
_OF_DAY = _READINGS.format(condition=":start <= taken_at AND taken_at < :end_of_day", order="DESC")
_BEFORE = _READINGS.format(condition="taken_at < :start", order="DESC")
_AFTER = _READINGS.format(condition=":end_of_day <= taken_at", order="ASC")

# What each register of a meter showed at a reading.
_VALUES = "SELECT register, value FROM reading_values WHERE reading = ? ORDER BY register"

# What was billed for the period that ends on a day, and for the one that begins on it.
_BILLED = """
    SELECT direction, from_day, to_day, kwh FROM billed_quantities
    WHERE accounting_point = :point AND (from_day = :day OR to_day = :day)
    ORDER BY direction, from_day"""

# A reading that was found wrong stays on record, but no longer stands.
_CANCEL_READING = "UPDATE readings SET cancelled_on = ? WHERE reading = ?"

# A quantity that was cancelled, kept beside those that stand.
_KEEP_CANCELLED = """
    INSERT INTO cancelled_quantities (accounting_point, direction, from_day, to_day, kwh,
        cancelled_on)
    VALUES (?, ?, ?, ?, ?, ?)"""

# The quantity of the period, made anew.
_BILL_ANEW = """
    UPDATE billed_quantities SET kwh = ?
    WHERE accounting_point = ? AND direction = ? AND from_day = ? AND to_day = ? AND kwh = ?"""


def corrected_reading(
    conn: sqlite3.Connection, accounting_point: Gsrn, serial_number: SerialNumber, day: date
) -> CorrectedReading | None:
    """The reading of a meter on a day with what stands around it, None where there is none."""
    values = {
        "point": measuring_point(conn, accounting_point),
        "serial_number": serial_number,
        "day": day.isoformat(),
        "start": to_text(start_of(day)),
        "end_of_day": to_text(end_of(day)),
    }
    row = conn.execute(_OF_DAY, values).fetchone()
    if row is None:
        return None
    billed = tuple(
        BilledPeriod(
            direction=Direction(direction),
            from_day=date.fromisoformat(from_day),
            to_day=date.fromisoformat(to_day),
            kwh=kwh,
        )
        for direction, from_day, to_day, kwh in conn.execute(_BILLED, values)
    )
    kind = RegisterChangeKind.BILLING_DATA
    supplies = [
        one
        for period in billed
        for one in supplies_concerned(conn, accounting_point, kind, period.from_day)
        if one.direction is period.direction
    ]
    return CorrectedReading(
        reading=_reading(conn, row),
        obtained_by=ObtainedBy(row[2]),
        of_a_case=row[3] is not None,
        before=_found(conn, _BEFORE, values),
        after=_found(conn, _AFTER, values),
        billed=billed,
        supplies=tuple(dict.fromkeys(supplies)),
    )


def cancel_reading(conn: sqlite3.Connection, entry: ReadingCancelled) -> None:
    """The reading no longer stands. Raises ChangeDoesNotFitTheRegister where there is none."""
    values = {
        "point": measuring_point(conn, entry.accounting_point),
        "serial_number": entry.serial_number,
        "start": to_text(start_of(entry.taken_on)),
        "end_of_day": to_text(end_of(entry.taken_on)),
    }
    row = conn.execute(_OF_DAY, values).fetchone()
    if row is None:
        raise ChangeDoesNotFitTheRegister(f"no reading of {entry.taken_on} to be cancelled")
    conn.execute(_CANCEL_READING, (entry.on.isoformat(), row[0]))


def bill_anew(conn: sqlite3.Connection, entry: QuantityBilledAnew) -> None:
    """The old quantity is kept as cancelled. Raises ChangeDoesNotFitTheRegister without it."""
    period = (
        measuring_point(conn, entry.accounting_point),
        entry.direction.value,
        entry.from_day.isoformat(),
        entry.to_day.isoformat(),
        entry.cancelled_kwh,
    )
    if conn.execute(_BILL_ANEW, (entry.kwh, *period)).rowcount != 1:
        raise ChangeDoesNotFitTheRegister(f"{entry.from_day} was not billed so")
    conn.execute(_KEEP_CANCELLED, (*period, entry.on.isoformat()))


def _found(conn: sqlite3.Connection, query: str, values: dict[str, str]) -> ReadingOnRecord | None:
    row = conn.execute(query, values).fetchone()
    return None if row is None else _reading(conn, row)


def _reading(conn: sqlite3.Connection, row: tuple[int, str, str, str | None]) -> ReadingOnRecord:
    return ReadingOnRecord(
        taken_on=local_day(from_text(row[1])),
        registers=tuple(
            RegisterValue(register=ObisCode(register), value=Decimal(value))
            for register, value in conn.execute(_VALUES, (row[0],))
        ),
    )
