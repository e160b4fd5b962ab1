"""Energy on record: what was billed per period, and quarter-hours per local day (C3, H8).

Reads only: what an import brings is written by register_rows, like the rest of the register.
"""

import json
from datetime import date
from sqlite3 import Connection

from broker.messages.codes import Direction
from broker.messages.identifiers import Gsrn
from broker.messages.master_data import BilledQuantity, DailyBlocks

# Billing periods of a point that share a day with a span, by direction and in order.
_BILLED = """
    SELECT direction, from_day, to_day, kwh FROM billed_quantities
    WHERE accounting_point = :point AND from_day < :end AND :first_day < to_day
    ORDER BY direction, from_day"""

# The days of a span that have quarter-hours, by direction and in order.
_DAILY_BLOCKS = """
    SELECT direction, day, watt_hours FROM daily_blocks
    WHERE accounting_point = :point AND :first_day <= day AND day < :end
    ORDER BY direction, day"""


def billed_between(
    connection: Connection, accounting_point: Gsrn, first_day: date, end: date
) -> tuple[BilledQuantity, ...]:
    """What was billed for periods with a day in [first_day, end), each period whole.

    A billing period is never cut: the energy of a part of it was not measured.
    """
    rows = connection.execute(_BILLED, _span(accounting_point, first_day, end))
    return tuple(
        BilledQuantity(
            direction=Direction(direction),
            from_day=date.fromisoformat(from_day),
            to_day=date.fromisoformat(to_day),
            kwh=kwh,
        )
        for direction, from_day, to_day, kwh in rows
    )


def quarter_hours_between(
    connection: Connection, accounting_point: Gsrn, first_day: date, end: date
) -> tuple[DailyBlocks, ...]:
    """The quarter-hours of the days [first_day, end) that are on record."""
    rows = connection.execute(_DAILY_BLOCKS, _span(accounting_point, first_day, end))
    return tuple(
        DailyBlocks(
            direction=Direction(direction),
            day=date.fromisoformat(day),
            watt_hours=tuple(json.loads(watt_hours)),
        )
        for direction, day, watt_hours in rows
    )


def _span(accounting_point: Gsrn, first_day: date, end: date) -> dict[str, str]:
    return {
        "point": accounting_point,
        "first_day": first_day.isoformat(),
        "end": end.isoformat(),
    }
