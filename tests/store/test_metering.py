"""Which meter was at a point on a day, what it last showed, and what was removed before it.

Method: the sample register is imported; meters and readings are entered as the back office would.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.engine.calendar import at_hour, start_of
from broker.messages.codes import ObtainedBy
from broker.messages.identifiers import Gsrn, ObisCode, SerialNumber
from broker.messages.register_changes import MeterInstalled, MeterRemoved, ReadingRecorded
from broker.messages.reported_changes import InstalledMeter, InstalledRegister
from broker.messages.requests import RegisterValue
from broker.store.connection import open_for_writing
from broker.store.metering import Metering, metering_on
from broker.store.migrations_register import register
from broker.store.register_upkeep import enter
from broker.usecases.import_register import import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
POINT = Gsrn("383199900000000017")
EXCHANGED_AND_BILLED = Gsrn("383199900000000222")
TAKEN = ObisCode("1-0:1.8.0")
FIRST, SECOND, THIRD = (SerialNumber(f"ZGL-{n}") for n in ("100001", "900001", "900003"))
BILLED_ON, ON, AGAIN_ON = date(2026, 3, 31), date(2026, 4, 27), date(2026, 4, 28)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


def read(conn: Connection, meter: SerialNumber, taken_at: datetime, value: str) -> None:
    """A reading goes on record."""
    enter(
        conn,
        ReadingRecorded(
            accounting_point=POINT,
            serial_number=meter,
            taken_at=taken_at,
            obtained_by=ObtainedBy.OPERATOR,
            registers=(RegisterValue(register=TAKEN, value=Decimal(value)),),
            case_id=None,
        ),
    )


def exchange(
    conn: Connection, old: SerialNumber, closed_with: str, new: SerialNumber, on: date
) -> None:
    """One meter takes the place of another, which begins with 0."""
    read(conn, old, start_of(on), closed_with)
    enter(conn, MeterRemoved(accounting_point=POINT, serial_number=old, on=on))
    one = InstalledRegister(
        register=TAKEN, digits=6, decimals=0, multiplier=Decimal(1), value=Decimal(0)
    )
    meter = InstalledMeter(serial_number=new, remotely_read=False, registers=(one,))
    enter(conn, MeterInstalled(accounting_point=POINT, meter=meter, on=on))
    read(conn, new, start_of(on), "0")


def chain(metering: Metering) -> list[tuple[str, str, str]]:
    """Of each meter removed its number, opening and closing value."""
    return [
        (
            one.meter.serial_number,
            str(one.opening.value(TAKEN)) if one.opening else "",
            str(one.closing.value(TAKEN)),
        )
        for one in metering.removed_meters
    ]


def test_meters_removed_since_the_last_billing_stand_before_the_installed_one(
    conn: Connection,
) -> None:
    exchange(conn, FIRST, "14920", SECOND, ON)
    exchange(conn, SECOND, "3", THIRD, AGAIN_ON)
    found = metering_on(conn, POINT, AGAIN_ON)
    assert chain(found) == [(FIRST, "14650", "14920"), (SECOND, "0", "3")]
    assert [one.removed_on for one in found.removed_meters] == [ON, AGAIN_ON]
    assert found.removed_meters[0].opening is not None
    assert found.removed_meters[0].opening.taken_on == BILLED_ON


def test_once_the_new_meter_was_read_the_old_one_belongs_to_the_period_before(
    conn: Connection,
) -> None:
    exchange(conn, FIRST, "14920", SECOND, ON)
    read(conn, SECOND, at_hour(ON, datetime.min.time().replace(hour=8)), "1")
    assert chain(metering_on(conn, POINT, ON)) == []
    assert metering_on(conn, EXCHANGED_AND_BILLED, ON).removed_meters == ()


def test_the_meter_of_an_earlier_day_has_its_closing_values_apart(conn: Connection) -> None:
    exchange(conn, FIRST, "14920", SECOND, ON)
    then = metering_on(conn, POINT, date(2026, 4, 26))
    assert then.meter is not None
    assert then.meter.serial_number == FIRST
    assert then.last_reading is not None
    assert (then.last_reading.taken_on, then.last_reading.value(TAKEN)) == (BILLED_ON, 14650)
    assert then.closing is not None
    assert (then.closing.taken_on, then.closing.value(TAKEN)) == (ON, 14920)


def test_a_reading_of_the_day_of_the_exchange_opens_the_next_period(conn: Connection) -> None:
    read(conn, FIRST, at_hour(ON, datetime.min.time().replace(hour=8)), "14915")
    exchange(conn, FIRST, "14920", SECOND, ON)
    assert chain(metering_on(conn, POINT, ON)) == [(FIRST, "14915", "14920")]


def test_a_meter_removed_without_values_is_not_settled(conn: Connection) -> None:
    enter(conn, MeterRemoved(accounting_point=POINT, serial_number=FIRST, on=ON))
    one = InstalledRegister(
        register=TAKEN, digits=6, decimals=0, multiplier=Decimal(1), value=Decimal(0)
    )
    meter = InstalledMeter(serial_number=SECOND, remotely_read=False, registers=(one,))
    enter(conn, MeterInstalled(accounting_point=POINT, meter=meter, on=ON))
    read(conn, SECOND, start_of(ON), "0")
    assert chain(metering_on(conn, POINT, ON)) == []


def test_before_the_first_meter_there_was_none(conn: Connection) -> None:
    assert metering_on(conn, POINT, date(2020, 1, 1)) == Metering()
