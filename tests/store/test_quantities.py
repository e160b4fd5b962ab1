"""Energy on record: billed periods that touch a span, and the quarter-hours of its days.

Method: the sample register is imported; quarter-hours of days of 92, 96 and 100 are added.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from sqlite_utils import Database

from broker.messages.codes import Direction
from broker.messages.identifiers import Gsrn
from broker.messages.master_data import BilledQuantity, DailyBlocks
from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.store.quantities import billed_between, quarter_hours_between
from broker.usecases.import_register import import_register
from tests.store.samples import put_on_record

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
P1 = Gsrn("383199900000000017")
P6 = Gsrn("383199900000000062")
UNKNOWN = Gsrn("383199900000000994")
FIRST, END = date(2025, 4, 24), date(2026, 4, 24)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


def blocks(day: date, count: int, direction: Direction = Direction.CONSUMPTION) -> DailyBlocks:
    """So many quarter-hours of a day, each with another value."""
    return DailyBlocks(direction=direction, day=day, watt_hours=tuple(range(count)))


def billed(from_day: date, to_day: date) -> BilledQuantity:
    """The yearly quantity of the first sample point."""
    return BilledQuantity(
        direction=Direction.CONSUMPTION, from_day=from_day, to_day=to_day, kwh=3650
    )


def test_a_billing_period_is_found_whole_by_each_of_its_days(conn: Connection) -> None:
    last_year = billed(date(2025, 3, 31), date(2026, 3, 31))
    assert billed_between(conn, P1, FIRST, END) == (last_year,)
    assert billed_between(conn, P1, date(2026, 3, 30), END) == (last_year,)
    assert billed_between(conn, P1, date(2026, 3, 31), END) == ()
    assert [one.kwh for one in billed_between(conn, P1, date(2025, 3, 30), END)] == [4015, 3650]
    assert billed_between(conn, UNKNOWN, FIRST, END) == ()


def test_both_directions_are_found_in_order(conn: Connection) -> None:
    found = billed_between(conn, P6, FIRST, END)
    assert [(one.direction, one.from_day) for one in found] == [
        (Direction.CONSUMPTION, date(2026, 2, 1)),
        (Direction.CONSUMPTION, date(2026, 3, 1)),
        (Direction.PRODUCTION, date(2026, 2, 1)),
        (Direction.PRODUCTION, date(2026, 3, 1)),
    ]


def test_quarter_hours_of_long_and_short_days_are_found_as_they_were_kept(conn: Connection) -> None:
    days = (
        blocks(date(2025, 4, 23), 96),
        blocks(date(2025, 4, 24), 96),
        blocks(date(2025, 10, 26), 100),
        blocks(date(2026, 3, 29), 92),
        blocks(date(2026, 4, 24), 96),
        blocks(date(2026, 3, 29), 92, Direction.PRODUCTION),
    )
    put_on_record(conn, P6, days)
    assert quarter_hours_between(conn, P6, FIRST, END) == (*days[1:4], days[5])
    assert quarter_hours_between(conn, P1, FIRST, END) == ()


def test_what_does_not_fit_is_refused(conn: Connection) -> None:
    good = blocks(date(2026, 4, 1), 96)
    put_on_record(conn, P6, [good])
    for point, day in (
        (P6, good),
        (UNKNOWN, good),
        (P6, blocks(date(2026, 4, 2), 95)),
        (P6, blocks(date(2026, 4, 2), 0)),
    ):
        with pytest.raises(IntegrityError):
            put_on_record(conn, point, [day])
