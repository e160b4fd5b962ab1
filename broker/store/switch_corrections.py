"""What a correction needs of the register: what came since a switch, and taking a switch back (D3).

Reads and writes on the connection it is given; begins and ends no transaction. Decides nothing:
an entry that does not fit the register is a bug of the caller and is raised.
"""

import sqlite3
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from broker.engine.facts import ReadingOnRecord, SupplyPeriod
from broker.messages.codes import Direction
from broker.messages.identifiers import CaseId, Eic, Gsrn, ObisCode
from broker.messages.register_changes import (
    PayerTakenBack,
    ReadingWithdrawn,
    TakenBack,
)
from broker.messages.requests import RegisterValue
from broker.store.instants import from_text, to_text
from broker.store.register import local_day, payer_of
from broker.store.supply import ChangeDoesNotFitTheRegister, measuring_point

# Supply at the points of a meter that began on a day or after it, and when the case that began it
# ended.
_SUPPLY_SINCE = """
    SELECT supply.accounting_point, direction, supplier, from_day, to_day, ended_at
    FROM accounting_points JOIN supply USING (accounting_point) LEFT JOIN cases USING (case_id)
    WHERE (accounting_points.accounting_point = :meter OR measured_at = :meter)
    AND from_day >= :day
    ORDER BY supply.accounting_point, direction, from_day, supplier"""

# Whether the payer of a point changed after a day.
_PAYER_CHANGED_AFTER = """
    SELECT EXISTS (SELECT 1 FROM network_charge_payers
        WHERE accounting_point = ? AND from_day > ?)"""

# The readings of a point after an instant that stand, those of a case left out, with the days
# between which their meters were there.
_READINGS_AFTER = """
    SELECT reading, taken_at, serial_number, installed_from, removed_on
    FROM readings JOIN meters USING (meter)
    WHERE accounting_point = :point AND taken_at > :at
    AND cancelled_on IS NULL AND case_id IS NOT :case_id
    ORDER BY taken_at, reading"""

# What each register showed at a reading.
_VALUES = "SELECT register, value FROM reading_values WHERE reading = ? ORDER BY register"

# The payer that a switch brought is as if it had never been.
_FORGET_PAYER = "DELETE FROM network_charge_payers WHERE accounting_point = ? AND from_day = ?"

# The payer from a day on, where nothing earlier says so.
_SET_PAYER = """
    INSERT INTO network_charge_payers (accounting_point, payer, from_day, case_id)
    VALUES (?, ?, ?, ?)"""

# The reading of a case stays on record, but no longer stands.
_WITHDRAW_READING = """
    UPDATE readings SET cancelled_on = ? WHERE case_id = ? AND cancelled_on IS NULL
    AND meter IN (SELECT meter FROM meters WHERE accounting_point = ?)"""


def supply_since(
    conn: sqlite3.Connection,
    points: Collection[Gsrn],
    day: date,
    *,
    measured_at: Gsrn,
    ended_at: datetime,
) -> tuple[SupplyPeriod, ...]:
    """What began at the points of a switch on this day, its own, or after it; of the other points
    of the same meter what began after the switch had ended.
    """
    ended = to_text(ended_at)
    return tuple(
        SupplyPeriod(
            accounting_point=point,
            direction=Direction(direction),
            supplier=Eic(supplier),
            from_day=date.fromisoformat(from_day),
            to_day=None if to_day is None else date.fromisoformat(to_day),
        )
        for point, direction, supplier, from_day, to_day, began_at in conn.execute(
            _SUPPLY_SINCE, {"meter": measured_at, "day": day.isoformat()}
        )
        if point in points or from_day > day.isoformat() or (began_at or ended) > ended
    )


def payer_changed_after(conn: sqlite3.Connection, accounting_point: Gsrn, day: date) -> bool:
    """Whether the payer of the network charge changed after this day."""
    measured_at = measuring_point(conn, accounting_point)
    row = conn.execute(_PAYER_CHANGED_AFTER, (measured_at, day.isoformat())).fetchone()
    return bool(row[0])


def next_reading(
    conn: sqlite3.Connection,
    accounting_point: Gsrn,
    serial_number: str,
    at: datetime,
    *,
    except_of: CaseId,
) -> ReadingOnRecord | None:
    """The first reading of the point after an instant that stands, without those of a case.

    The values that a meter came or went with end no period and do not count (D4). Of another meter
    than the one with this number it is the day alone that counts.
    """
    measured_at = measuring_point(conn, accounting_point)
    values = {"point": measured_at, "at": to_text(at), "case_id": except_of}
    for reading, taken_at, meter, *exchanged_on in conn.execute(_READINGS_AFTER, values):
        day = local_day(from_text(taken_at))
        if day.isoformat() in exchanged_on:
            continue
        registers = _values(conn, reading) if meter == serial_number else ()
        return ReadingOnRecord(taken_on=day, registers=registers)
    return None


def take_back(conn: sqlite3.Connection, entry: TakenBack) -> None:
    """Take back what a switch entered besides supply. Raises ChangeDoesNotFitTheRegister, and
    IntegrityError where the tables do not allow it.
    """
    match entry:
        case PayerTakenBack():
            point, on = measuring_point(conn, entry.accounting_point), entry.on
            _one(conn.execute(_FORGET_PAYER, (point, on.isoformat())), f"the payer from {on}")
            if payer_of(conn, point, on) is not entry.payer:
                row = (point, entry.payer.value, on.isoformat(), entry.case_id)
                conn.execute(_SET_PAYER, row)
        case ReadingWithdrawn():
            measured_at = measuring_point(conn, entry.accounting_point)
            withdrawn = (entry.on.isoformat(), entry.of_case, measured_at)
            _one(conn.execute(_WITHDRAW_READING, withdrawn), f"the reading of case {entry.of_case}")


def _values(conn: sqlite3.Connection, reading: int) -> tuple[RegisterValue, ...]:
    return tuple(
        RegisterValue(register=ObisCode(register), value=Decimal(value))
        for register, value in conn.execute(_VALUES, (reading,))
    )


def _one(cursor: sqlite3.Cursor, what: str) -> None:
    if cursor.rowcount != 1:
        raise ChangeDoesNotFitTheRegister(f"{what} is not there to be taken back")
