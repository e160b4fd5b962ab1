"""A switch is taken back in the register: supply, payer and reading, or nothing where it cannot be.

Method: the sample register in a new file, a switch recorded at point 1, then taken back.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest

from broker.messages.codes import Direction, ObtainedBy, Payer
from broker.messages.identifiers import CaseId, Eic, Gsrn, ObisCode, SerialNumber
from broker.messages.register_changes import (
    PayerChanged,
    PayerTakenBack,
    ReadingRecorded,
    ReadingWithdrawn,
    SupplyBeginningTakenBack,
    SupplyBegun,
    SupplyChanged,
    SupplyEnded,
    SupplyEndTakenBack,
)
from broker.messages.requests import RegisterValue
from broker.store.connection import open_for_writing
from broker.store.metering import LeftOut, metering_on
from broker.store.register import (
    payer_of,
    point_facts,
    record_changes,
)
from broker.store.register_upkeep import enter, enter_together
from broker.store.schema import migrate
from broker.store.supply import ChangeDoesNotFitTheRegister, KeyDoesNotAddUp
from broker.store.switch_corrections import (
    next_reading,
    payer_changed_after,
    supply_since,
)
from broker.store.writer import savepoint
from broker.usecases.import_register import import_register
from tests.store.samples import supplied

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
POINT = Gsrn("383199900000000017")
SWITCH = CaseId("01960000-0000-7000-8000-000000000001")
CORRECTION = CaseId("01960000-0000-7000-8000-000000000002")
SEVERNA, JUZNA, SONCE = Eic("28XSEVER-ENERGI8"), Eic("28XJUG-ELEKTRIKB"), Eic("28XSONCNA-ODDAJ9")
METER, TOTAL = SerialNumber("ZGL-100001"), ObisCode("1-0:1.8.0")
DAY, BEFORE, AFTER = date(2026, 4, 27), date(2026, 4, 26), date(2026, 4, 28)
EARLY = datetime(2026, 4, 1, tzinfo=UTC)
TAKEN_AT = datetime(2026, 4, 27, 16, 30, tzinfo=UTC)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        migrate(connection)
        import_register(connection, SAMPLE)
        yield connection


def switch(conn: Connection, on: date = DAY, old: Eic = SEVERNA, new: Eic = JUZNA) -> None:
    """The supply passes to another."""
    change = SupplyChanged(
        accounting_point=POINT,
        direction=Direction.CONSUMPTION,
        old=old,
        new=new,
        share=Decimal(1),
        on=on,
        case_id=SWITCH,
    )
    record_changes(conn, (change,))


def beginning_taken_back(new: Eic = JUZNA, on: date = DAY) -> SupplyBeginningTakenBack:
    """This supply never began."""
    return SupplyBeginningTakenBack(
        accounting_point=POINT, direction=Direction.CONSUMPTION, supplier=new, on=on
    )


def end_taken_back(old: Eic = SEVERNA, on: date = DAY) -> SupplyEndTakenBack:
    """This supply never ended."""
    return SupplyEndTakenBack(
        accounting_point=POINT,
        direction=Direction.CONSUMPTION,
        supplier=old,
        share=Decimal(1),
        on=on,
        case_id=CORRECTION,
    )


def take_back(
    conn: Connection, on: date = DAY, old: Eic | None = SEVERNA, new: Eic = JUZNA
) -> None:
    """The supply is the old one's again."""
    ended = (end_taken_back(old, on),) if old else ()
    with savepoint(conn):
        enter_together(conn, (*ended, beginning_taken_back(new, on)))


def supplier_on(conn: Connection, day: date) -> list[Eic]:
    """Who supplies the point."""
    found = supplied(conn, POINT, Direction.CONSUMPTION, day)
    return [one.supplier for one in found]


def begun_since(conn: Connection) -> list[Eic]:
    """Who began to supply the point or another of its meter since the switch."""
    found = supply_since(conn, {POINT}, DAY, measured_at=POINT, ended_at=TAKEN_AT)
    return [one.supplier for one in found]


class TestSupply:
    """After it no trace of the switch is left."""

    def test_the_old_supply_goes_on_without_end(self, conn: Connection) -> None:
        rows = "SELECT * FROM supply WHERE accounting_point = ?"
        before = conn.execute(rows, (POINT,)).fetchall()
        switch(conn)
        assert begun_since(conn) == [JUZNA]
        take_back(conn)
        assert conn.execute(rows, (POINT,)).fetchall() == before
        assert begun_since(conn) == []

    def test_a_supply_of_that_day_alone_begins_again(self, conn: Connection) -> None:
        switch(conn)
        switch(conn, old=JUZNA, new=SEVERNA)
        take_back(conn, old=JUZNA, new=SEVERNA)
        found = [supplier_on(conn, day) for day in (BEFORE, DAY, AFTER)]
        assert found == [[SEVERNA], [JUZNA], [JUZNA]]

    def test_without_an_old_supplier_there_is_none_again(self, conn: Connection) -> None:
        switch(conn)
        take_back(conn, old=None)
        assert [supplier_on(conn, day) for day in (BEFORE, DAY)] == [[SEVERNA], []]

    def test_a_division_is_taken_back_whole_or_not_at_all(self, conn: Connection) -> None:
        rows = "SELECT * FROM supply WHERE accounting_point = ?"
        before = conn.execute(rows, (POINT,)).fetchall()
        ended = SupplyEnded(
            accounting_point=POINT,
            direction=Direction.CONSUMPTION,
            supplier=SEVERNA,
            on=DAY,
            case_id=SWITCH,
        )
        shares = ((JUZNA, Decimal("0.6")), (SONCE, Decimal("0.4")))
        begun = [
            SupplyBegun(
                accounting_point=POINT,
                direction=Direction.CONSUMPTION,
                supplier=supplier,
                share=share,
                on=DAY,
                case_id=SWITCH,
            )
            for supplier, share in shares
        ]
        with savepoint(conn):
            record_changes(conn, (ended, *begun))
        back = [beginning_taken_back(supplier) for supplier, _ in shares]
        with pytest.raises(KeyDoesNotAddUp), savepoint(conn):
            enter_together(conn, (back[0],))
        with savepoint(conn):
            enter_together(conn, (end_taken_back(), *back))
        assert conn.execute(rows, (POINT,)).fetchall() == before

    def test_what_is_not_there_cannot_be_taken_back(self, conn: Connection) -> None:
        with pytest.raises(ChangeDoesNotFitTheRegister):
            take_back(conn)
        switch(conn)
        with pytest.raises(ChangeDoesNotFitTheRegister):
            take_back(conn, on=AFTER)

    def test_a_later_switch_keeps_the_supply_from_being_taken_back(self, conn: Connection) -> None:
        switch(conn)
        switch(conn, on=AFTER, old=JUZNA, new=SEVERNA)
        with pytest.raises(ChangeDoesNotFitTheRegister):
            take_back(conn)

    def test_the_tables_refuse_an_overlap(self, conn: Connection) -> None:
        switch(conn)
        switch(conn, on=AFTER, old=JUZNA, new=SEVERNA)
        reopened = "UPDATE supply SET to_day = NULL WHERE accounting_point = ? AND supplier = ?"
        with pytest.raises(IntegrityError):
            conn.execute(reopened, (POINT, JUZNA))


class TestPayer:
    """Who paid before pays again."""

    def paid_by(self, conn: Connection, payer: Payer) -> None:
        """The payer changes on the day."""
        changed = PayerChanged(accounting_point=POINT, payer=payer, on=DAY, case_id=SWITCH)
        record_changes(conn, (changed,))

    def back_to(self, payer: Payer) -> PayerTakenBack:
        """What takes that back."""
        return PayerTakenBack(accounting_point=POINT, payer=payer, on=DAY, case_id=CORRECTION)

    def test_the_earlier_payer_pays_again(self, conn: Connection) -> None:
        self.paid_by(conn, Payer.SUPPLIER)
        assert not payer_changed_after(conn, POINT, DAY)
        assert payer_changed_after(conn, POINT, BEFORE)
        enter(conn, self.back_to(Payer.CUSTOMER))
        assert payer_of(conn, POINT, AFTER) is Payer.CUSTOMER
        assert not payer_changed_after(conn, POINT, BEFORE)

    def test_also_one_whose_word_the_switch_had_overwritten(self, conn: Connection) -> None:
        self.paid_by(conn, Payer.SUPPLIER)
        self.paid_by(conn, Payer.CUSTOMER)
        enter(conn, self.back_to(Payer.SUPPLIER))
        assert payer_of(conn, POINT, BEFORE) is Payer.CUSTOMER
        assert payer_of(conn, POINT, DAY) is Payer.SUPPLIER

    def test_no_payer_of_that_day_to_take_back(self, conn: Connection) -> None:
        with pytest.raises(ChangeDoesNotFitTheRegister):
            enter(conn, self.back_to(Payer.CUSTOMER))


class TestReading:
    """A withdrawn reading stays on record and counts no more."""

    withdrawn = ReadingWithdrawn(accounting_point=POINT, of_case=SWITCH, on=AFTER)

    @pytest.fixture
    def switched(self, conn: Connection) -> Connection:
        """A register with the reading of a switch."""
        recorded = ReadingRecorded(
            accounting_point=POINT,
            serial_number=METER,
            taken_at=TAKEN_AT,
            obtained_by=ObtainedBy.CUSTOMER,
            registers=(RegisterValue(register=TOTAL, value=Decimal(14920)),),
            case_id=SWITCH,
        )
        record_changes(conn, (recorded,))
        return conn

    def last(self, conn: Connection) -> list[Decimal]:
        """The value of the last reading on record."""
        point = point_facts(conn, POINT, AFTER)
        assert point is not None
        assert point.last_reading is not None
        return [one.value for one in point.last_reading.registers]

    def test_the_one_before_is_the_last_again(self, switched: Connection) -> None:
        assert self.last(switched) == [Decimal(14920)]
        enter(switched, self.withdrawn)
        assert self.last(switched) == [Decimal(14650)]
        kept = switched.execute("SELECT cancelled_on FROM readings WHERE case_id = ?", (SWITCH,))
        assert kept.fetchall() == [(AFTER.isoformat(),)]

    def test_it_is_withdrawn_once(self, switched: Connection) -> None:
        enter(switched, self.withdrawn)
        with pytest.raises(ChangeDoesNotFitTheRegister):
            enter(switched, self.withdrawn)

    def test_the_readings_of_the_case_are_left_out(self, switched: Connection) -> None:
        left_out = LeftOut(of_case=SWITCH, after=TAKEN_AT)
        last = metering_on(switched, POINT, AFTER, left_out).last_reading
        assert last is not None
        assert [one.value for one in last.registers] == [Decimal(14650)]
        assert next_reading(switched, POINT, METER, EARLY, except_of=SWITCH) is None

    def test_a_reading_after_the_instant_is_the_next_one(self, switched: Connection) -> None:
        left_out = LeftOut(of_case=CORRECTION, after=EARLY)
        last = metering_on(switched, POINT, AFTER, left_out).last_reading
        assert last is not None
        assert [one.value for one in last.registers] == [Decimal(14650)]
        after = next_reading(switched, POINT, METER, EARLY, except_of=CORRECTION)
        assert after is not None
        assert [one.value for one in after.registers] == [Decimal(14920)]

    def test_of_another_meter_its_day_alone_counts(self, switched: Connection) -> None:
        after = next_reading(switched, POINT, "ZGL-OTHER", EARLY, except_of=CORRECTION)
        assert after is not None
        assert (after.taken_on, after.registers) == (DAY, ())
