"""What the back office reports is in the register afterwards, and only that.

Method: the sample register of fixtures/register is imported into a new file for each test.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from sqlite_utils import Database

from broker.messages.codes import Direction, Payer
from broker.messages.identifiers import AreaNumber, Eic, Gsrn, ObisCode, SerialNumber, TaxNumber
from broker.messages.register_changes import (
    ConnectionRecorded,
    CustomerRecorded,
    LinkRecorded,
    MeterInstalled,
    MeterRemoved,
    PayerChanged,
    SiteReached,
    SupplyChanged,
)
from broker.messages.reported_changes import InstalledMeter, InstalledRegister, PointCustomer
from broker.messages.requests import Address
from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.store.register import point_facts
from broker.store.register_upkeep import enter, given_out, meter_days, serial_taken, site
from broker.store.supply import ChangeDoesNotFitTheRegister
from broker.usecases.import_register import import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
POINT = Gsrn("383199900000000017")
OTHER_POINT = Gsrn("383199900000000024")
INACCESSIBLE_POINT = Gsrn("383199900000000277")
OLD_METER = SerialNumber("ZGL-100001")
NEW_METER = SerialNumber("ZGL-900001")
ON = date(2026, 4, 27)
BEFORE = date(2026, 4, 26)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


def installed() -> MeterInstalled:
    """Another meter comes to the point."""
    register_of_it = InstalledRegister(
        register=ObisCode("1-0:1.8.0"),
        digits=6,
        decimals=0,
        multiplier=Decimal(40),
        value=Decimal(0),
    )
    meter = InstalledMeter(
        serial_number=NEW_METER, remotely_read=False, registers=(register_of_it,)
    )
    return MeterInstalled(accounting_point=POINT, meter=meter, on=ON)


def serial_number_on(conn: Connection, day: date) -> str | None:
    """The serial number of the meter at the point on that day."""
    point = point_facts(conn, POINT, day)
    return point.meter.serial_number if point and point.meter else None


def test_a_meter_takes_the_place_of_another_from_its_day_on(conn: Connection) -> None:
    enter(conn, MeterRemoved(accounting_point=POINT, serial_number=OLD_METER, on=ON))
    enter(conn, installed())
    assert (serial_number_on(conn, BEFORE), serial_number_on(conn, ON)) == (OLD_METER, NEW_METER)
    assert meter_days(conn, POINT, BEFORE) == (date(2023, 11, 20), ON)
    assert meter_days(conn, POINT, ON) == (ON, None)


def test_a_second_meter_is_not_installed_beside_the_first(conn: Connection) -> None:
    with pytest.raises(IntegrityError):
        enter(conn, installed())


def test_a_meter_that_is_not_there_is_not_removed(conn: Connection) -> None:
    with pytest.raises(ChangeDoesNotFitTheRegister):
        enter(conn, MeterRemoved(accounting_point=POINT, serial_number=NEW_METER, on=ON))


def test_a_meter_is_known_wherever_it_is_installed(conn: Connection) -> None:
    assert serial_taken(conn, OTHER_POINT, OLD_METER)
    assert not serial_taken(conn, POINT, NEW_METER)
    enter(conn, MeterRemoved(accounting_point=POINT, serial_number=OLD_METER, on=ON))
    assert serial_taken(conn, POINT, OLD_METER)
    assert not serial_taken(conn, OTHER_POINT, OLD_METER)


def test_flags_are_set(conn: Connection) -> None:
    enter(conn, ConnectionRecorded(accounting_point=POINT, connected=False))
    enter(conn, LinkRecorded(accounting_point=POINT, remotely_read=True))
    point = point_facts(conn, POINT, ON)
    assert point is not None
    assert (point.connected, point.remotely_read) == (False, True)


@pytest.mark.parametrize("tax_number", ["12345679", "23456701", "12345687"])
def test_the_customer_is_the_one_reported(conn: Connection, tax_number: str) -> None:
    address = Address(street="Nova ulica 1", postal_code="3999", city="Zgledovo", country="SI")
    customer = PointCustomer(
        name="Ana Novak", tax_number=TaxNumber(tax_number), address=address, email=None
    )
    enter(conn, CustomerRecorded(accounting_point=POINT, customer=customer))
    point = point_facts(conn, POINT, ON)
    assert point is not None
    assert point.customer is not None
    assert (point.customer.tax_number, point.customer.name) == (tax_number, "Ana Novak")
    assert (point.customer.address, point.customer.email) == (address, None)


def test_the_payer_changes_on_its_day(conn: Connection) -> None:
    enter(conn, PayerChanged(accounting_point=POINT, payer=Payer.SUPPLIER, on=ON, case_id=None))
    payers = [point.payer for day in (BEFORE, ON) if (point := point_facts(conn, POINT, day))]
    assert payers == [Payer.CUSTOMER, Payer.SUPPLIER]


def test_a_site_that_was_reached_is_no_longer_inaccessible(conn: Connection) -> None:
    since = date(2025, 2, 10)
    for reached_on, left in ((date(2025, 2, 9), since), (since, None)):
        enter(conn, SiteReached(accounting_point=INACCESSIBLE_POINT, on=reached_on))
        point = point_facts(conn, INACCESSIBLE_POINT, ON)
        assert point is not None
        assert point.inaccessible_since == left


def test_a_point_that_is_supplied_gets_no_first_supplier(conn: Connection) -> None:
    first = SupplyChanged(
        accounting_point=POINT,
        direction=Direction.CONSUMPTION,
        old=None,
        new=Eic("28XJUG-ELEKTRIKB"),
        share=Decimal(1),
        on=ON,
        case_id=None,
    )
    with pytest.raises(IntegrityError):
        enter(conn, first)


def test_numbers_and_sites_are_looked_up(conn: Connection) -> None:
    unknown = Gsrn("383199900000900003")
    assert given_out(conn, [POINT, unknown]) == (POINT,)
    assert site(conn, AreaNumber("7-0009000")) is None
    known = site(conn, AreaNumber("7-0000001"))
    assert known is not None
    assert known.gsrn is None
