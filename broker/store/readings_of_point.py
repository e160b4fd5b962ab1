"""The readings of every meter that was at a point, for a person to look at: the latest first."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from sqlite3 import Connection

from broker.messages.codes import ObtainedBy
from broker.messages.identifiers import Gsrn, ObisCode, SerialNumber
from broker.messages.requests import RegisterValue
from broker.store import instants

# The readings of a point, the latest first.
_READINGS = """
    SELECT reading, serial_number, taken_at, obtained_by, cancelled_on IS NOT NULL
    FROM meters JOIN readings USING (meter) WHERE accounting_point = ?
    ORDER BY taken_at DESC, reading DESC LIMIT ?"""

# What each register showed at these readings.
_VALUES = """
    SELECT reading, register, value FROM reading_values
    WHERE reading IN (SELECT reading FROM meters JOIN readings USING (meter)
        WHERE accounting_point = ? ORDER BY taken_at DESC, reading DESC LIMIT ?)
    ORDER BY reading, register"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingKept:
    """A reading of one meter of the point; a cancelled one no longer counts (C6)."""

    serial_number: SerialNumber
    taken_at: datetime
    obtained_by: ObtainedBy
    cancelled: bool
    registers: tuple[RegisterValue, ...]


def readings_of_point(
    connection: Connection, accounting_point: Gsrn, *, limit: int
) -> tuple[ReadingKept, ...]:
    """The readings on record, the latest first, at most `limit`."""
    wanted = (accounting_point, limit)
    values: dict[int, list[RegisterValue]] = defaultdict(list)
    for reading, register, value in connection.execute(_VALUES, wanted):
        values[reading].append(RegisterValue(register=ObisCode(register), value=Decimal(value)))
    return tuple(
        ReadingKept(
            serial_number=SerialNumber(serial_number),
            taken_at=instants.from_text(taken_at),
            obtained_by=ObtainedBy(obtained_by),
            cancelled=bool(cancelled),
            registers=tuple(values[reading]),
        )
        for reading, serial_number, taken_at, obtained_by, cancelled in connection.execute(
            _READINGS, wanted
        )
    )
