"""The register on a real file: facts of the sample points, who supplies them, and changes.

Method: the sample register of fixtures/register is imported into a new file for each test.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.engine.facts import PointFacts
from broker.messages.codes import Direction, ObtainedBy
from broker.messages.identifiers import (
    CaseId,
    Eic,
    Gsrn,
    ObisCode,
    SerialNumber,
    gsrn_with_check_digit,
)
from broker.messages.register_changes import ReadingRecorded, SupplyChanged
from broker.messages.requests import RegisterValue
from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.store.register import (
    RegisterIsEmpty,
    operator,
    point_facts,
    record_changes,
)
from broker.store.supply import ChangeDoesNotFitTheRegister
from broker.usecases.import_register import import_register
from tests.store.samples import supplied

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
DAY = date(2026, 4, 15)
CASE = CaseId("01960000-0000-7000-8000-000000000001")

OPERATOR = Eic("28XOMREZJE-ZGLE0")
SEVERNA = Eic("28XSEVER-ENERGI8")
JUZNA = Eic("28XJUG-ELEKTRIKB")
SONCNA = Eic("28XSONCNA-ODDAJ9")

TOTAL = ObisCode("1-0:1.8.0")
HIGH = ObisCode("1-0:1.8.1")
LOW = ObisCode("1-0:1.8.2")
FED_IN = ObisCode("1-0:2.8.0")


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


def gsrn(number: int) -> Gsrn:
    """The number of a sample point."""
    return gsrn_with_check_digit(f"38319990{number:09d}")


def facts(conn: Connection, number: int, day: date = DAY) -> PointFacts:
    """The facts of a sample point, which is there."""
    found = point_facts(conn, gsrn(number), day)
    assert found is not None
    return found


def supplier_of(point: PointFacts, direction: Direction) -> Eic:
    """The one supplier of this direction of the point."""
    (found,) = [one.supplier for one in point.supplies if one.direction is direction]
    return found


def suppliers(
    conn: Connection, number: int, day: date, direction: Direction = Direction.CONSUMPTION
) -> list[tuple[Eic, Decimal]]:
    """Who supplies a sample point, with shares."""
    found = supplied(conn, gsrn(number), direction, day)
    return [(supply.supplier, supply.share) for supply in found]


def switched(number: int, old: Eic | None, new: Eic, on: date) -> SupplyChanged:
    """The whole consumption of a sample point changes supplier."""
    return SupplyChanged(
        accounting_point=gsrn(number),
        direction=Direction.CONSUMPTION,
        old=old,
        new=new,
        share=Decimal(1),
        on=on,
        case_id=CASE,
    )


class TestPointFacts:
    """What the register says of each sample point."""

    def test_an_unknown_point_has_no_facts(self, conn: Connection) -> None:
        assert point_facts(conn, gsrn(99), DAY) is None

    def test_manual_single_tariff(self, conn: Connection) -> None:
        point = facts(conn, 1)
        assert (point.delivery_point, point.metering_site, point.area) == (
            "DP-0001",
            "7-0000001",
            "7",
        )
        assert point.customer is not None
        assert (point.customer.name, point.customer.tax_number) == ("Ana Zgled", "12345679")
        assert point.connected
        assert not point.remotely_read
        assert point.directions == (Direction.CONSUMPTION,)
        assert supplier_of(point, Direction.CONSUMPTION) == SEVERNA
        assert point.meter is not None
        assert point.meter.serial_number == "ZGL-100001"
        assert [register.register for register in point.meter.registers] == [TOTAL]
        assert point.last_reading is not None
        assert point.last_reading.taken_on == date(2026, 3, 31)
        assert point.last_reading.registers == (
            RegisterValue(register=TOTAL, value=Decimal(14650)),
        )
        assert [average.kwh_per_day for average in point.averages] == [Decimal(10)]

    @pytest.mark.parametrize(
        ("number", "registers"),
        [(2, [HIGH, LOW]), (5, [TOTAL, FED_IN]), (24, [TOTAL, HIGH, LOW])],
    )
    def test_all_registers_of_the_meter_are_there_and_read(
        self, conn: Connection, number: int, registers: list[ObisCode]
    ) -> None:
        point = facts(conn, number)
        assert point.meter is not None
        assert point.last_reading is not None
        assert [register.register for register in point.meter.registers] == registers
        assert [value.register for value in point.last_reading.registers] == registers

    def test_remotely_read(self, conn: Connection) -> None:
        point = facts(conn, 3)
        assert point.remotely_read
        assert point.last_reading is not None
        # Taken at 22:00 UTC of the day before: the clock of the law dates it.
        assert point.last_reading.taken_on == date(2026, 3, 31)
        assert point.last_reading.registers[0].value == Decimal("16650.250")

    def test_not_connected(self, conn: Connection) -> None:
        assert not facts(conn, 4).connected

    def test_self_supply(self, conn: Connection) -> None:
        point = facts(conn, 5)
        assert point.self_supply
        assert point.directions == (Direction.CONSUMPTION, Direction.PRODUCTION)
        assert {supply.supplier for supply in point.supplies} == {SONCNA}

    def test_two_directions_at_different_suppliers(self, conn: Connection) -> None:
        point = facts(conn, 6)
        assert supplier_of(point, Direction.CONSUMPTION) == SEVERNA
        assert supplier_of(point, Direction.PRODUCTION) == SONCNA
        assert [average.direction for average in point.averages] == list(Direction)

    def test_no_average_on_record(self, conn: Connection) -> None:
        point = facts(conn, 7)
        assert point.averages == ()
        assert point.last_reading is not None

    def test_never_supplied(self, conn: Connection) -> None:
        assert (facts(conn, 8).supplies, facts(conn, 8).ever_supplied) == ((), ())

    def test_left_without_supplier(self, conn: Connection) -> None:
        point = facts(conn, 9)
        assert (point.supplies, point.ever_supplied) == ((), (Direction.CONSUMPTION,))

    def test_on_emergency_supply(self, conn: Connection) -> None:
        assert supplier_of(facts(conn, 10), Direction.CONSUMPTION) == OPERATOR

    def test_the_customer_and_not_the_owner(self, conn: Connection) -> None:
        point = facts(conn, 11)
        assert point.customer is not None
        assert point.customer.name == "Jože Najemnik"

    def test_two_accounting_points_at_one_delivery_point(self, conn: Connection) -> None:
        assert facts(conn, 12).delivery_point == facts(conn, 13).delivery_point
        assert facts(conn, 19).delivery_point == facts(conn, 20).delivery_point

    def test_shared_supply(self, conn: Connection) -> None:
        point = facts(conn, 14)
        assert {supply.supplier: supply.share for supply in point.supplies} == {
            SEVERNA: Decimal("0.4"),
            JUZNA: Decimal("0.6"),
        }

    def test_five_digits_and_multiplier(self, conn: Connection) -> None:
        near_rollover, behind_transformer = facts(conn, 15).meter, facts(conn, 16).meter
        assert near_rollover is not None
        assert behind_transformer is not None
        assert near_rollover.registers[0].digits == 5
        assert behind_transformer.registers[0].multiplier == Decimal(40)
        assert facts(conn, 16).averages[0].kwh_per_day == Decimal(200)

    def test_no_reading_on_record(self, conn: Connection) -> None:
        assert facts(conn, 17).last_reading is None
        assert facts(conn, 17).meter is not None

    def test_the_site_has_a_gsrn(self, conn: Connection) -> None:
        assert facts(conn, 18).metering_site_gsrn == "383199901000000182"
        assert facts(conn, 1).metering_site_gsrn is None

    def test_the_meter_is_the_one_installed_that_day(self, conn: Connection) -> None:
        before, after = facts(conn, 22, date(2025, 11, 13)), facts(conn, 22, date(2025, 11, 14))
        assert before.meter is not None
        assert after.meter is not None
        assert before.meter.serial_number == "ZGL-090022"
        assert after.meter.serial_number == "ZGL-100022"

    def test_the_average_is_of_the_period_that_had_ended(self, conn: Connection) -> None:
        assert facts(conn, 1, date(2026, 3, 30)).averages[0].kwh_per_day == Decimal(11)
        assert facts(conn, 1, date(2025, 3, 30)).averages == ()

    def test_no_customer_on_record(self, conn: Connection) -> None:
        assert facts(conn, 23).customer is None

    def test_an_erased_customer_is_none(self, conn: Connection) -> None:
        conn.execute(
            "UPDATE customers SET tax_number = NULL, name = NULL, street = NULL, city = NULL,"
            " postal_code = NULL, country = NULL, email = NULL,"
            " erased_at = '2026-04-01T00:00:00.000000Z' WHERE name = 'Ana Zgled'"
        )
        assert facts(conn, 1).customer is None

    def test_the_operator(self, conn: Connection, tmp_path: Path) -> None:
        assert (operator(conn).eic, operator(conn).area_code) == (OPERATOR, "7")
        with closing(open_for_writing(tmp_path / "empty.db")) as empty:
            register.apply(Database(empty))
            with pytest.raises(RegisterIsEmpty):
                operator(empty)


class TestWhoSupplies:
    """The answer changes at 00:00 of the day of the switch."""

    def test_across_a_recorded_switch(self, conn: Connection) -> None:
        assert suppliers(conn, 22, date(2023, 12, 31)) == []
        assert suppliers(conn, 22, date(2025, 6, 30)) == [(JUZNA, Decimal(1))]
        assert suppliers(conn, 22, date(2025, 7, 1)) == [(SEVERNA, Decimal(1))]

    def test_a_switch_closes_the_old_supply_and_opens_the_new(self, conn: Connection) -> None:
        record_changes(conn, [switched(1, SEVERNA, JUZNA, DAY)])
        assert suppliers(conn, 1, date(2026, 4, 14)) == [(SEVERNA, Decimal(1))]
        assert suppliers(conn, 1, DAY) == [(JUZNA, Decimal(1))]
        assert suppliers(conn, 1, date(2036, 1, 1)) == [(JUZNA, Decimal(1))]

    def test_a_second_switch_on_the_same_day_leaves_no_trace_of_the_first(
        self, conn: Connection
    ) -> None:
        record_changes(conn, [switched(1, SEVERNA, JUZNA, DAY)])
        record_changes(conn, [switched(1, JUZNA, SONCNA, DAY)])
        assert suppliers(conn, 1, date(2026, 4, 14)) == [(SEVERNA, Decimal(1))]
        assert suppliers(conn, 1, DAY) == [(SONCNA, Decimal(1))]

    def test_a_point_without_supplier_gets_one(self, conn: Connection) -> None:
        record_changes(conn, [switched(9, None, SEVERNA, DAY)])
        assert suppliers(conn, 9, date(2026, 4, 14)) == []
        assert suppliers(conn, 9, DAY) == [(SEVERNA, Decimal(1))]

    def test_a_share_passes_on_as_it_is(self, conn: Connection) -> None:
        change = SupplyChanged(
            accounting_point=gsrn(14),
            direction=Direction.CONSUMPTION,
            old=SEVERNA,
            new=SONCNA,
            share=Decimal("0.400000"),
            on=DAY,
            case_id=CASE,
        )
        conn.execute("BEGIN")  # between its end and its beginning no share adds up
        record_changes(conn, [change])
        conn.execute("COMMIT")
        assert sorted(suppliers(conn, 14, DAY)) == [
            (JUZNA, Decimal("0.6")),
            (SONCNA, Decimal("0.4")),
        ]

    def test_a_change_from_a_stranger_is_refused(self, conn: Connection) -> None:
        with pytest.raises(ChangeDoesNotFitTheRegister):
            record_changes(conn, [switched(1, SONCNA, JUZNA, DAY)])
        assert suppliers(conn, 1, DAY) == [(SEVERNA, Decimal(1))]


class TestReadingRecorded:
    """The switch reading becomes the last reading of the installed meter."""

    def reading(self, serial_number: str) -> ReadingRecorded:
        """The reading of a sample meter at 00:00 of the day."""
        return ReadingRecorded(
            accounting_point=gsrn(1),
            serial_number=SerialNumber(serial_number),
            taken_at=datetime(2026, 4, 14, 22, 0, tzinfo=UTC),
            obtained_by=ObtainedBy.CUSTOMER,
            registers=(RegisterValue(register=TOTAL, value=Decimal("14800.5")),),
            case_id=CASE,
        )

    def test_it_is_the_last_reading_of_its_local_day(self, conn: Connection) -> None:
        record_changes(conn, [self.reading("ZGL-100001")])
        last = facts(conn, 1).last_reading
        assert last is not None
        assert last.taken_on == DAY
        assert last.registers == (RegisterValue(register=TOTAL, value=Decimal("14800.5")),)

    def test_of_another_meter_it_is_refused(self, conn: Connection) -> None:
        with pytest.raises(ChangeDoesNotFitTheRegister):
            record_changes(conn, [self.reading("ZGL-100002")])
