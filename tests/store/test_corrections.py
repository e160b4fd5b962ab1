"""A wrong reading and what was billed from it stay on record, but no longer stand (C6).

Method: the sample register is imported into a new file for each test.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.messages.codes import Direction, ObtainedBy
from broker.messages.identifiers import Eic, Gsrn, ObisCode, SerialNumber
from broker.messages.register_changes import QuantityBilledAnew, ReadingCancelled
from broker.store.connection import open_for_writing
from broker.store.corrections import corrected_reading
from broker.store.migrations_register import register
from broker.store.quantities import billed_between
from broker.store.register import ChangeDoesNotFitTheRegister, point_facts
from broker.store.register_upkeep import enter
from broker.usecases.import_register import import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
POINT = Gsrn("383199900000000017")
METER = SerialNumber("ZGL-100001")
TAKEN = ObisCode("1-0:1.8.0")
READ_ON, READ_BEFORE, TODAY = date(2026, 3, 31), date(2025, 3, 31), date(2026, 4, 28)
CANCELLED = ReadingCancelled(
    accounting_point=POINT, serial_number=METER, taken_on=READ_ON, on=TODAY
)
ANEW = QuantityBilledAnew(
    accounting_point=POINT,
    direction=Direction.CONSUMPTION,
    from_day=READ_BEFORE,
    to_day=READ_ON,
    cancelled_kwh=3650,
    kwh=3600,
    on=TODAY,
)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


def test_a_reading_is_found_with_what_stands_around_it(conn: Connection) -> None:
    found = corrected_reading(conn, POINT, METER, READ_BEFORE)
    assert found is not None
    assert (found.reading.value(TAKEN), found.obtained_by) == (11000, ObtainedBy.CUSTOMER)
    assert (found.of_a_case, found.before) == (False, None)
    assert found.after is not None
    assert (found.after.taken_on, found.after.value(TAKEN)) == (READ_ON, Decimal(14650))
    assert [(one.to_day, one.kwh) for one in found.billed] == [(READ_BEFORE, 4015), (READ_ON, 3650)]
    assert [one.supplier for one in found.supplies] == [Eic("28XSEVER-ENERGI8")]


@pytest.mark.parametrize(
    ("serial_number", "day"), [(METER, date(2026, 3, 30)), (SerialNumber("ZGL-100002"), READ_ON)]
)
def test_another_day_or_meter_has_no_such_reading(
    conn: Connection, serial_number: SerialNumber, day: date
) -> None:
    assert corrected_reading(conn, POINT, serial_number, day) is None


def test_a_cancelled_reading_is_no_longer_the_last_one(conn: Connection) -> None:
    enter(conn, CANCELLED)
    point = point_facts(conn, POINT, TODAY)
    assert point is not None
    assert point.last_reading is not None
    assert point.last_reading.taken_on == READ_BEFORE
    assert corrected_reading(conn, POINT, METER, READ_ON) is None
    assert conn.execute(
        "SELECT count(*) FROM readings WHERE cancelled_on = ?", (TODAY.isoformat(),)
    ).fetchone() == (1,)
    with pytest.raises(ChangeDoesNotFitTheRegister):
        enter(conn, CANCELLED)


def test_a_quantity_made_anew_counts_and_the_old_one_is_kept(conn: Connection) -> None:
    enter(conn, ANEW)
    (billed,) = billed_between(conn, POINT, READ_BEFORE, READ_ON)
    assert billed.kwh == 3600
    point = point_facts(conn, POINT, TODAY)
    assert point is not None
    assert [one.kwh_per_day for one in point.averages] == [Decimal(3600) / 365]
    enter(conn, replace(ANEW, cancelled_kwh=3600, kwh=3610))
    kept = conn.execute("SELECT kwh, cancelled_on FROM cancelled_quantities ORDER BY cancelled")
    assert kept.fetchall() == [(3650, TODAY.isoformat()), (3600, TODAY.isoformat())]


def test_what_was_not_billed_so_is_not_cancelled(conn: Connection) -> None:
    with pytest.raises(ChangeDoesNotFitTheRegister):
        enter(conn, replace(ANEW, cancelled_kwh=1))
