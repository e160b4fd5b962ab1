"""Division keys and what changes them (B9, B10): no transaction leaves one that does not add up.

Method: a point with a meter and two that are measured there, on a real file with the sample
register; random raw SQL and random changes in any order are put against a key worked out here, day
by day, in exact decimals.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from broker.messages.codes import Direction, ObtainedBy, Payer
from broker.messages.identifiers import CaseId, Eic, Gsrn, ObisCode, SerialNumber
from broker.messages.register_changes import (
    ConnectionRecorded,
    MeteringPointCreated,
    PayerChanged,
    ReadingRecorded,
    RegisterChange,
    SupplyBegun,
    SupplyChanged,
    SupplyEnded,
)
from broker.messages.requests import RegisterValue
from broker.store.connection import open_for_writing
from broker.store.gsrns import free_numbers
from broker.store.migrations_payers import payers
from broker.store.migrations_register import register
from broker.store.register import point_facts, record_changes
from broker.store.supply import (
    ChangeDoesNotFitTheRegister,
    KeyDoesNotAddUp,
    keys_that_do_not_add_up,
    measuring_point,
)
from broker.store.writer import savepoint
from broker.usecases.import_register import import_register
from tests.store.samples import supplied

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
CASE = CaseId("01960000-0000-7000-8000-000000000001")
DAY = date(2026, 4, 15)
SEVERNA = Eic("28XSEVER-ENERGI8")
JUZNA = Eic("28XJUG-ELEKTRIKB")
SONCNA = Eic("28XSONCNA-ODDAJ9")
SUPPLIERS = (SEVERNA, JUZNA, SONCNA)
METER = Gsrn("383199900000000086")
"""A sample point that never had a supplier."""
CONSUMPTION = Direction.CONSUMPTION
FIRST_DAY = date(2026, 1, 1)
DAYS = 6
SHARES = ("1", "0.5", "0.25", "0.4", "0.6", "0.333333", "0.666667")


def ended(point: Gsrn, supplier: Eic, on: date = DAY) -> SupplyEnded:
    """The consumption of the point is no longer this supplier's."""
    return SupplyEnded(
        accounting_point=point, direction=CONSUMPTION, supplier=supplier, on=on, case_id=CASE
    )


def begun(point: Gsrn, supplier: Eic, share: str, on: date = DAY) -> SupplyBegun:
    """This share of the consumption of the point is the supplier's."""
    return SupplyBegun(
        accounting_point=point,
        direction=CONSUMPTION,
        supplier=supplier,
        share=Decimal(share),
        on=on,
        case_id=CASE,
    )


def created(number: Gsrn, divided_from: Gsrn) -> MeteringPointCreated:
    """A point for one supplier's share."""
    return MeteringPointCreated(accounting_point=number, divided_from=divided_from, case_id=CASE)


def suppliers(conn: Connection, point: Gsrn, day: date = DAY) -> list[tuple[Eic, str]]:
    """Who supplies the point, with which share."""
    return [(one.supplier, str(one.share)) for one in supplied(conn, point, CONSUMPTION, day)]


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to a file with the sample register."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        yield connection


def record(conn: Connection, changes: Sequence[RegisterChange]) -> None:
    """Record changes in one transaction, and keep them."""
    conn.execute("BEGIN IMMEDIATE")
    record_changes(conn, changes)
    conn.execute("COMMIT")


def divide(conn: Connection) -> tuple[Gsrn, ...]:
    """Create two points that the meter of METER measures."""
    numbers = free_numbers(conn, 2)
    record_changes(conn, [created(number, METER) for number in numbers])
    return numbers


class TestDivision:
    """A whole supply becomes two shares at points of their own, and comes back."""

    POINT = Gsrn("383199900000000062")
    """Consumption of Severna, production of Sončna."""

    def changes(self, number: Gsrn) -> list[RegisterChange]:
        """Consumption is divided between the point and a new one; production stays."""
        return [
            created(number, self.POINT),
            ConnectionRecorded(accounting_point=number, connected=True),
            ended(self.POINT, SEVERNA),
            begun(self.POINT, SEVERNA, "0.3"),
            begun(number, JUZNA, "0.7"),
        ]

    @pytest.mark.parametrize("order", list(permutations(range(5)))[::7])
    def test_it_is_recorded_in_any_order_of_its_changes(
        self, conn: Connection, order: tuple[int, ...]
    ) -> None:
        (number,) = free_numbers(conn, 1)
        changes = self.changes(number)
        record(conn, [changes[index] for index in order])
        before = date(2026, 4, 14)
        assert suppliers(conn, self.POINT, before) == [(SEVERNA, "1")]
        assert suppliers(conn, number, before) == []
        assert suppliers(conn, self.POINT) == [(SEVERNA, "0.3")]
        assert suppliers(conn, number) == [(JUZNA, "0.7")]
        (feeding,) = supplied(conn, self.POINT, Direction.PRODUCTION, DAY)
        assert feeding.supplier == SONCNA

    def test_the_new_point_is_measured_by_the_meter_of_the_old(self, conn: Connection) -> None:
        (number,) = free_numbers(conn, 1)
        record(conn, self.changes(number))
        old, new = point_facts(conn, self.POINT, DAY), point_facts(conn, number, DAY)
        assert old is not None
        assert new is not None
        assert (old.measured_at, new.measured_at) == (self.POINT, self.POINT)
        assert (new.directions, new.connected, new.self_supply) == ((CONSUMPTION,), True, False)
        assert new.meter == old.meter is not None
        assert new.last_reading == old.last_reading is not None
        assert new.averages == tuple(a for a in old.averages if a.direction is CONSUMPTION)
        for name in ("delivery_point", "metering_site", "area", "customer", "remotely_read"):
            assert getattr(new, name) == getattr(old, name), name
        assert [s.accounting_point for s in new.supplies] == [number]
        assert new.supplies_at_delivery_point == old.supplies_at_delivery_point
        assert {(s.accounting_point, s.supplier) for s in new.supplies_at_delivery_point} == {
            (self.POINT, SEVERNA),
            (self.POINT, SONCNA),
            (number, JUZNA),
        }
        assert (old.ever_supplied, new.ever_supplied) == (tuple(Direction), (CONSUMPTION,))

    def test_a_point_divided_from_a_created_one_has_the_same_meter(self, conn: Connection) -> None:
        first, second = free_numbers(conn, 2)
        record(conn, [created(first, self.POINT)])
        record(conn, [created(second, first)])
        assert measuring_point(conn, second) == self.POINT

    def test_a_reading_reported_at_the_new_point_is_one_of_its_meter(
        self, conn: Connection
    ) -> None:
        (number,) = free_numbers(conn, 1)
        record(conn, self.changes(number))
        values = tuple(
            RegisterValue(register=ObisCode(code), value=Decimal(20_000))
            for code in ("1-0:1.8.0", "1-0:2.8.0")
        )
        reading = ReadingRecorded(
            accounting_point=number,
            serial_number=SerialNumber("ZGL-100006"),
            taken_at=sample_instant(),
            obtained_by=ObtainedBy.REMOTE,
            registers=values,
            case_id=CASE,
        )
        record(conn, [reading])
        for point in (self.POINT, number):
            facts = point_facts(conn, point, DAY)
            assert facts is not None
            assert facts.last_reading is not None
            assert facts.last_reading.registers == values

    def test_the_payer_is_that_of_the_meter(self, conn: Connection) -> None:
        """A34, A35: who takes the whole by another number takes it from one that paid."""
        (number,) = free_numbers(conn, 1)
        record(conn, self.changes(number))
        for paid_at, payer in ((self.POINT, Payer.SUPPLIER), (number, Payer.CUSTOMER)):
            on = DAY + timedelta(days=payer is Payer.CUSTOMER)
            paid = PayerChanged(accounting_point=paid_at, payer=payer, on=on, case_id=CASE)
            record(conn, [paid])
            for point in (self.POINT, number):
                facts = point_facts(conn, point, on)
                assert facts is not None
                assert facts.payer is payer

    def test_a_payer_of_before_is_moved_to_the_meter(self, conn: Connection) -> None:
        (number,) = free_numbers(conn, 1)
        record(conn, self.changes(number))
        conn.execute(
            "INSERT INTO network_charge_payers VALUES (?, 'supplier', ?, NULL)",
            (number, DAY.isoformat()),
        )
        payers.apply(Database(conn))
        moved = conn.execute("SELECT accounting_point FROM network_charge_payers").fetchall()
        assert moved == [(self.POINT,)]

    def test_it_goes_back_to_one_supplier(self, conn: Connection) -> None:
        (number,) = free_numbers(conn, 1)
        record(conn, self.changes(number))
        later = date(2026, 6, 1)
        record(
            conn,
            [
                begun(self.POINT, JUZNA, "1", later),
                ended(self.POINT, SEVERNA, later),
                ended(number, JUZNA, later),
            ],
        )
        assert suppliers(conn, self.POINT, later) == [(JUZNA, "1")]
        assert suppliers(conn, number, later) == []
        assert suppliers(conn, number, date(2026, 5, 31)) == [(JUZNA, "0.7")]

    def test_on_the_day_it_began_it_leaves_no_trace(self, conn: Connection) -> None:
        (number,) = free_numbers(conn, 1)
        record(conn, self.changes(number))
        back = [ended(self.POINT, SEVERNA), ended(number, JUZNA), begun(self.POINT, SONCNA, "1")]
        record(conn, back)
        assert suppliers(conn, self.POINT) == [(SONCNA, "1")]
        query = "SELECT count(*) FROM supply WHERE accounting_point = ?"
        assert conn.execute(query, (number,)).fetchone() == (0,)

    @pytest.mark.parametrize(
        "wrong",
        [
            [ended(POINT, SEVERNA), begun(POINT, SEVERNA, "0.3")],
            [ended(POINT, SEVERNA), begun(POINT, SEVERNA, "0.3"), begun(POINT, JUZNA, "0.699999")],
        ],
    )
    def test_shares_below_one_are_told_at_once_and_undone_alone(
        self, conn: Connection, wrong: list[RegisterChange]
    ) -> None:
        conn.execute("BEGIN IMMEDIATE")
        record_changes(conn, [switched()])
        with pytest.raises(KeyDoesNotAddUp), savepoint(conn):
            record_changes(conn, wrong)
        conn.execute("COMMIT")
        assert suppliers(conn, self.POINT) == [(SEVERNA, "1")]
        assert suppliers(conn, Gsrn("383199900000000017")) == [(JUZNA, "1")]

    def test_one_of_several_cannot_drop_out_alone(self, conn: Connection) -> None:
        with pytest.raises(KeyDoesNotAddUp), savepoint(conn):
            record_changes(conn, [ended(Gsrn("383199900000000192"), SEVERNA)])
        both = [
            ended(Gsrn("383199900000000192"), SEVERNA),
            ended(Gsrn("383199900000000208"), JUZNA),
        ]
        record(conn, both)
        assert suppliers(conn, Gsrn("383199900000000208")) == []

    def test_a_supply_that_is_not_there_cannot_end(self, conn: Connection) -> None:
        with pytest.raises(ChangeDoesNotFitTheRegister):
            record(conn, [ended(self.POINT, JUZNA)])


def sample_instant() -> datetime:
    """Midnight that begins DAY."""
    return datetime(2026, 4, 14, 22, 0, tzinfo=UTC)


def switched() -> SupplyChanged:
    """Point 1 passes from Severna to Južna."""
    return SupplyChanged(
        accounting_point=Gsrn("383199900000000017"),
        direction=CONSUMPTION,
        old=SEVERNA,
        new=JUZNA,
        share=Decimal(1),
        on=DAY,
        case_id=CASE,
    )


class TestNoKeyInForceThatDoesNotAddUp:
    """B10, whatever is tried."""

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM supply WHERE accounting_point = '383199900000000192'",
            "UPDATE supply SET share = '0.5' WHERE accounting_point = '383199900000000192'",
            "UPDATE supply SET to_day = '2026-05-01' WHERE accounting_point = '383199900000000192'",
            (
                "UPDATE supply SET from_day = '2024-01-02'"
                " WHERE accounting_point = '383199900000000192'"
            ),
            (
                "REPLACE INTO supply (accounting_point, direction, supplier, share, from_day)"
                " VALUES ('383199900000000192', 'consumption', '28XSEVER-ENERGI8', '0.3',"
                " '2024-01-01')"
            ),
            (
                "INSERT INTO supply (accounting_point, direction, supplier, share, from_day)"
                " VALUES ('383199900000000086', 'consumption', '28XSEVER-ENERGI8', '0.3',"
                " '2024-01-01')"
            ),
            (
                "INSERT INTO supply (accounting_point, direction, supplier, share, from_day)"
                " VALUES ('383199900000000208', 'consumption', '28XSONCNA-ODDAJ9', '0.4',"
                " '2024-01-01')"
            ),
        ],
    )
    def test_one_statement_alone_is_refused(self, conn: Connection, statement: str) -> None:
        with pytest.raises(IntegrityError):
            conn.execute(statement)
        assert suppliers(conn, Gsrn("383199900000000192")) == [(SEVERNA, "0.4")]
        assert keys_that_do_not_add_up(conn) == ()

    def test_within_a_transaction_it_is_nobodys_supply(self, conn: Connection) -> None:
        conn.execute("BEGIN")
        conn.execute("DELETE FROM supply WHERE accounting_point = '383199900000000192'")
        assert suppliers(conn, Gsrn("383199900000000208")) == []
        with pytest.raises(IntegrityError):
            conn.execute("COMMIT")
        conn.execute("ROLLBACK")
        assert suppliers(conn, Gsrn("383199900000000208")) == [(JUZNA, "0.6")]

    def test_a_tool_that_switches_the_checks_off_is_found_out(self, conn: Connection) -> None:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute("DELETE FROM supply WHERE accounting_point = '383199900000000192'")
        assert suppliers(conn, Gsrn("383199900000000208")) == []
        found = keys_that_do_not_add_up(conn)
        assert found == ((Gsrn("383199900000000192"), date(2024, 1, 1)),)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE accounting_points SET measured_at = NULL WHERE accounting_point = {measured}",
            "UPDATE accounting_points SET delivery_point = 'DP-0001' WHERE accounting_point = {m}",
            (
                "REPLACE INTO accounting_points (accounting_point, delivery_point, metering_site,"
                " connected, consumption, production, self_supply, remotely_read)"
                " VALUES ({measured}, 'DP-0019', '7-0000019', 1, 1, 0, 0, 1)"
            ),
            "UPDATE accounting_points SET production = 1 WHERE accounting_point = {measured}",
            (
                "INSERT INTO meters (accounting_point, serial_number, installed_from)"
                " VALUES ({measured}, 'M', '2026-01-01')"
            ),
            (
                "INSERT INTO billed_quantities VALUES"
                " ({measured}, 'consumption', '2026-01-01', '2026-02-01', 1)"
            ),
        ],
    )
    def test_a_point_stays_measured_where_it_is(self, conn: Connection, statement: str) -> None:
        with pytest.raises(IntegrityError):
            conn.execute(
                statement.format(m="'383199900000000192'", measured="'383199900000000208'")
            )

    @pytest.mark.parametrize(
        ("place", "site", "meter"),
        [
            ("DP-0001", "7-0000019", "383199900000000192"),
            ("DP-0019", "7-0000001", "383199900000000192"),
            ("DP-0019", "7-0000019", "383199900000000208"),
            ("DP-0019", "7-0000019", "383199900000000994"),
        ],
        ids=("another delivery point", "another site", "no meter of its own", "not on record"),
    )
    def test_a_point_is_measured_beside_it(
        self, conn: Connection, place: str, site: str, meter: str
    ) -> None:
        (number,) = free_numbers(conn, 1)
        conn.execute("BEGIN")
        conn.execute("INSERT INTO issued_gsrns VALUES (?)", (number,))
        with pytest.raises(IntegrityError, match="beside it"):
            conn.execute(
                "INSERT INTO accounting_points (accounting_point, delivery_point, metering_site,"
                " connected, consumption, production, self_supply, remotely_read, measured_at)"
                " VALUES (?, ?, ?, 1, 1, 0, 0, 0, ?)",
                (number, place, site, meter),
            )
        conn.execute("ROLLBACK")


@pytest.fixture(scope="module")
def shared_register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """A register that examples use one after the other, each rolling back what it did."""
    path = tmp_path_factory.mktemp("shared") / "register.db"
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        divide(connection)
        yield connection


def days() -> st.SearchStrategy[date]:
    """One of a few days, so that supplies meet."""
    return st.integers(0, DAYS).map(lambda n: FIRST_DAY + timedelta(days=n))


def statements() -> st.SearchStrategy[tuple[str, dict[str, str | int | None]]]:
    """One statement on supply, as somebody with a tool may run it."""
    values = st.fixed_dictionaries(
        {
            "point": st.integers(0, 2),
            "other": st.integers(0, 2),
            "supplier": st.sampled_from(SUPPLIERS),
            "share": st.sampled_from(SHARES),
            "from_day": days().map(date.isoformat),
            "to_day": st.none() | days().map(date.isoformat),
        }
    )
    insert = (
        "INTO supply (accounting_point, direction, supplier, share, from_day, to_day)"
        " VALUES (:point, 'consumption', :supplier, :share, :from_day, :to_day)"
    )
    where = "WHERE accounting_point = :point AND supplier = :supplier"
    texts = st.sampled_from(
        [
            f"INSERT {insert}",
            f"INSERT OR IGNORE {insert}",
            f"REPLACE {insert}",
            f"DELETE FROM supply {where}",
            f"UPDATE supply SET share = :share {where}",
            f"UPDATE supply SET to_day = :to_day {where}",
            f"UPDATE OR REPLACE supply SET from_day = :from_day {where}",
            f"UPDATE OR REPLACE supply SET accounting_point = :other {where}",
        ]
    )
    return st.tuples(texts, values)


def key_adds_up(conn: Connection, points: tuple[Gsrn, ...]) -> bool:
    """Whether on each day the shares at these points are exactly one, or there is none."""
    marks = ", ".join("?" * len(points))
    rows = conn.execute(
        "SELECT share, from_day, to_day FROM supply"
        f" WHERE direction = 'consumption' AND accounting_point IN ({marks})",
        points,
    ).fetchall()
    return all(
        sum(Decimal(s) for s, begins, ends in rows if begins <= day and (not ends or day < ends))
        in (0, 1)
        for day in ((FIRST_DAY + timedelta(days=n)).isoformat() for n in range(-1, DAYS + 2))
    )


def measured_together(conn: Connection) -> tuple[Gsrn, ...]:
    """The points of the shared register that METER measures."""
    rows = conn.execute(
        "SELECT accounting_point FROM accounting_points WHERE accounting_point = :m"
        " OR measured_at = :m ORDER BY accounting_point",
        {"m": METER},
    )
    return tuple(Gsrn(number) for (number,) in rows)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(run=st.lists(statements(), min_size=1, max_size=12))
def test_raw_sql_commits_only_keys_that_add_up(
    shared_register: Connection, run: list[tuple[str, dict[str, str | int | None]]]
) -> None:
    conn, points = shared_register, measured_together(shared_register)
    conn.execute("BEGIN")
    for text, values in run:
        numbers = {name: points[int(str(values[name]))] for name in ("point", "other")}
        with suppress(sqlite3.IntegrityError):
            conn.execute(text, {**values, **numbers})
    adds_up = key_adds_up(conn, points)
    assert (keys_that_do_not_add_up(conn) == ()) == adds_up
    try:
        conn.execute("COMMIT")
        committed = True
    except sqlite3.IntegrityError:
        conn.execute("ROLLBACK")
        committed = False
    assert committed == adds_up
    empty(conn, points)


def changes() -> st.SearchStrategy[tuple[int, Eic, str | None, date]]:
    """A supply that ends (no share) or begins at one of the points."""
    return st.tuples(
        st.integers(0, 2), st.sampled_from(SUPPLIERS), st.none() | st.sampled_from(SHARES), days()
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(decisions=st.lists(st.lists(changes(), min_size=1, max_size=4), min_size=1, max_size=6))
def test_decisions_in_any_order_leave_only_keys_that_add_up(
    shared_register: Connection, decisions: list[list[tuple[int, Eic, str | None, date]]]
) -> None:
    conn, points = shared_register, measured_together(shared_register)
    conn.execute("BEGIN")
    for decision in decisions:
        recorded: list[RegisterChange] = [
            ended(points[n], supplier, on)
            if share is None
            else begun(points[n], supplier, share, on)
            for n, supplier, share, on in decision
        ]
        with suppress(LookupError, KeyDoesNotAddUp, IntegrityError), savepoint(conn):
            record_changes(conn, recorded)
        assert key_adds_up(conn, points)
    conn.execute("COMMIT")
    empty(conn, points)


def empty(conn: Connection, points: tuple[Gsrn, ...]) -> None:
    """Leave the points without supply, as the next example finds them."""
    conn.execute("BEGIN")
    conn.executemany("DELETE FROM supply WHERE accounting_point = ?", [(p,) for p in points])
    conn.execute("COMMIT")
