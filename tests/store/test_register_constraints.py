"""What the tables of the register refuse by themselves, on a real file with the sample register."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from sqlite_utils import Database

from broker.messages.identifiers import Eic, Gsrn, gsrn_with_check_digit
from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.usecases.import_register import import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
OPERATOR = Eic("28XOMREZJE-ZGLE0")
SEVERNA = Eic("28XSEVER-ENERGI8")
JUZNA = Eic("28XJUG-ELEKTRIKB")
SUPPLY = "INSERT INTO supply (accounting_point, direction, supplier, share, from_day, to_day) "


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


class TestConstraints:
    """What SQL can refuse, it refuses."""

    @pytest.mark.parametrize("share", ["0", "0.0", "1.5", "0.40", "0.1234567", "-0.4", "1.0", "x"])
    def test_a_share_has_one_way_of_being_written(self, conn: Connection, share: str) -> None:
        statement = SUPPLY + "VALUES (?, 'consumption', ?, ?, '2026-04-01', NULL)"
        with pytest.raises(IntegrityError, match=r"CHECK|exceed"):
            conn.execute(statement, (gsrn(8), SEVERNA, share))

    @pytest.mark.parametrize(
        ("number", "supplier", "direction", "from_day", "to_day", "message"),
        [
            (1, SEVERNA, "consumption", "2025-01-01", None, "already supplies"),
            (1, SEVERNA, "consumption", "2023-01-01", "2024-01-02", "already supplies"),
            (1, JUZNA, "consumption", "2023-01-01", "2024-01-02", "exceed the whole"),
            (1, JUZNA, "consumption", "2026-01-01", None, "exceed the whole"),
            (1, JUZNA, "production", "2026-01-01", None, "direction"),
            (8, JUZNA, "consumption", "2026-02-30", None, "CHECK"),
            (8, JUZNA, "consumption", "2026-02-03", "2026-02-03", "CHECK"),
            (8, "28XNOBODY-00000A", "consumption", "2026-02-03", None, "FOREIGN KEY"),
        ],
    )
    def test_supply_that_cannot_be(
        self,
        conn: Connection,
        number: int,
        supplier: str,
        direction: str,
        from_day: str,
        to_day: str | None,
        message: str,
    ) -> None:
        with pytest.raises(IntegrityError, match=message):
            conn.execute(
                SUPPLY + "VALUES (?, ?, ?, '1', ?, ?)",
                (gsrn(number), direction, supplier, from_day, to_day),
            )

    def test_supply_may_follow_supply_on_the_day_it_ends(self, conn: Connection) -> None:
        statement = SUPPLY + "VALUES (?, 'consumption', ?, '1', '2023-01-01', '2024-01-01')"
        conn.execute(statement, (gsrn(1), SEVERNA))

    def test_an_ended_supply_cannot_be_stretched_over_the_next(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError, match="exceed the whole"):
            conn.execute(
                "UPDATE supply SET to_day = '2025-07-02'"
                " WHERE accounting_point = ? AND supplier = ?",
                (gsrn(22), JUZNA),
            )

    @pytest.mark.parametrize(
        "number", ["38319990000000001", "3831999000000000170", "38319990000000001x"]
    )
    def test_a_gsrn_of_another_length_or_with_letters(self, conn: Connection, number: str) -> None:
        with pytest.raises(IntegrityError, match="CHECK"):
            conn.execute("INSERT INTO issued_gsrns VALUES (?)", (number,))

    def test_a_gsrn_with_a_wrong_check_digit(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError, match="CHECK"):
            conn.execute("INSERT INTO issued_gsrns VALUES ('383199900000000018')")

    def test_a_gsrn_is_never_given_out_twice(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError, match="UNIQUE"):
            conn.execute("INSERT INTO issued_gsrns VALUES (?)", (gsrn(1),))

    def test_one_meter_at_a_time(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError, match="another meter"):
            conn.execute(
                "INSERT INTO meters (accounting_point, serial_number, installed_from)"
                " VALUES (?, 'NEW', '2026-01-01')",
                (gsrn(1),),
            )

    def test_a_value_is_of_a_register_the_meter_has(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            conn.execute("INSERT INTO reading_values VALUES (1, 1, '1-0:2.8.0', '5')")

    @pytest.mark.parametrize(
        ("quarters", "fits"), [(92, True), (96, True), (100, True), (95, False)]
    )
    def test_a_day_has_92_96_or_100_quarter_hours(
        self, conn: Connection, quarters: int, fits: bool
    ) -> None:
        watt_hours = str([100] * quarters)
        row = (gsrn(3), "consumption", "2026-03-30", watt_hours)
        if fits:
            conn.execute("INSERT INTO daily_blocks VALUES (?, ?, ?, ?)", row)
        else:
            with pytest.raises(IntegrityError, match="CHECK"):
                conn.execute("INSERT INTO daily_blocks VALUES (?, ?, ?, ?)", row)

    def test_there_is_one_operator(self, conn: Connection) -> None:
        with pytest.raises(IntegrityError, match="CHECK"):
            conn.execute(
                "INSERT INTO operator VALUES (2, ?, 'Drugi', '8', '38319991', NULL)", (OPERATOR,)
            )
