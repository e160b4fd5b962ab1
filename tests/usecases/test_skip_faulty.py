"""Skipping: faulty rows stay out with what needs them, each is told, and the rest is loaded.

Method: one cell of the sample register is spoilt at a time; what is on record is read back.
"""

from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.messages.identifiers import gsrn_with_check_digit
from broker.usecases.import_register import (
    ImportCounts,
    UnableToImportFaultyRegister,
    import_register,
)
from tests.usecases.register_files import spoil

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"


def gsrn(number: int) -> str:
    """The number of a sample point."""
    return gsrn_with_check_digit(f"38319990{number:09d}")


def load(conn: Connection, folder: Path) -> ImportCounts:
    """Import with skipping; what is on record agrees with itself."""
    counts = import_register(conn, folder, skip_faulty=True)
    assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
    lines = {(fault.file, fault.line) for fault in counts.skipped}
    assert counts.skipped_rows == len(lines)
    return counts


def is_on_record(conn: Connection, number: int) -> bool:
    """Whether the sample point was loaded."""
    query = "SELECT 1 FROM accounting_points WHERE accounting_point = ?"
    return conn.execute(query, (gsrn(number),)).fetchone() is not None


class TestSkipping:
    """What is left out with a faulty row, and what is not."""

    def test_nothing_where_nothing_is_faulty(self, conn: Connection, folder: Path) -> None:
        counts = load(conn, folder)
        assert (counts.accounting_points, counts.skipped_rows) == (64, 0)

    def test_a_billed_quantity_alone(self, conn: Connection, folder: Path) -> None:
        line = spoil(folder, "billed_quantities.csv", "4015", "much")
        counts = load(conn, folder)
        assert [(f.file, f.line, f.column) for f in counts.skipped] == [
            ("billed_quantities.csv", line, "kwh")
        ]
        assert (counts.billed_quantities, counts.accounting_points) == (156, 64)

    def test_a_reading_with_all_its_registers(self, conn: Connection, folder: Path) -> None:
        line = spoil(folder, "readings.csv", "21000", "21000.5")
        counts = load(conn, folder)
        assert {(f.line, f.file) for f in counts.skipped} == {
            (line, "readings.csv"),
            (line + 1, "readings.csv"),
        }
        assert counts.readings == 118

    def test_a_customer_takes_site_and_point_along(self, conn: Connection, folder: Path) -> None:
        line = spoil(folder, "customers.csv", "Ana Zgled", "")
        counts = load(conn, folder)
        told = {(f.file, f.line): f.problem for f in counts.skipped}
        assert told.pop(("customers.csv", line)) == "the cell must not be empty"
        assert {file for file, _ in told} == {
            "metering_sites.csv",
            "accounting_points.csv",
            "supply.csv",
            "meters.csv",
            "meter_registers.csv",
            "readings.csv",
            "billed_quantities.csv",
        }
        assert set(told.values()) == {"names a row that is skipped"}
        assert (counts.customers, counts.metering_sites, counts.accounting_points) == (59, 61, 63)

    @pytest.mark.parametrize(
        ("file", "was", "becomes"),
        [
            ("supply.csv", f"{gsrn(2)},consumption", f"{gsrn(2)},production"),
            ("meters.csv", "ZGL-100002,2023-11-20", "ZGL-100002,20.11.2023"),
            ("meter_registers.csv", "ZGL-100002,1-0:1.8.1,6", "ZGL-100002,1-0:1.8.1,13"),
        ],
    )
    def test_a_point_is_taken_with_supply_and_meters_or_not_at_all(
        self, conn: Connection, folder: Path, *, file: str, was: str, becomes: str
    ) -> None:
        line = spoil(folder, file, was, becomes)
        counts = load(conn, folder)
        assert not is_on_record(conn, 2)
        assert counts.accounting_points == 63
        problems = {f.problem for f in counts.skipped if f.file == "accounting_points.csv"}
        assert problems == {f"{file}:{line} of this point is skipped"}

    def test_the_other_point_of_a_division_no_longer_adds_up(
        self, conn: Connection, folder: Path
    ) -> None:
        spoil(folder, "supply.csv", f"{gsrn(20)},consumption,28XJUG-ELEKTRIKB,0.6", "x,y,z,1")
        load(conn, folder)
        assert not is_on_record(conn, 19)
        assert is_on_record(conn, 14)

    def test_a_point_goes_with_the_one_that_measures_it(
        self, conn: Connection, folder: Path
    ) -> None:
        spoil(folder, "meters.csv", "ZGL-100019,2023-11-20", "ZGL-100019,20.11.2023")
        counts = load(conn, folder)
        assert not is_on_record(conn, 19)
        assert not is_on_record(conn, 20)
        assert counts.accounting_points == 62
        assert ("measured_at", "names a row that is skipped") in {
            (f.column, f.problem) for f in counts.skipped
        }

    def test_a_supplier_takes_its_points_along(self, conn: Connection, folder: Path) -> None:
        spoil(folder, "participants.toml", '"28XBREZ-SKUPINES"', '"28XBREZ-SKUPINEX"')
        counts = load(conn, folder)
        assert counts.participants == 8
        assert not is_on_record(conn, 55)

    def test_a_number_given_out_twice(self, conn: Connection, folder: Path) -> None:
        line = spoil(folder, "metering_sites.csv", "7-0000001,7,,", f"7-0000001,7,{gsrn(1)},")
        counts = load(conn, folder)
        assert not is_on_record(conn, 1)
        assert line not in {f.line for f in counts.skipped if f.file == "metering_sites.csv"}

    @pytest.mark.parametrize(
        ("file", "was", "becomes"),
        [
            ("operator.toml", '"38319990"', '"3831999"'),
            ("participants.toml", '"28XOMREZJE-ZGLE0"', '"28XOMREZJE-ZGLE1"'),
            ("supply.csv", "share", "part"),
            ("readings.csv", "14650", '"14650'),
        ],
    )
    def test_what_ails_a_whole_file_or_the_operator_cannot_be_skipped(
        self, conn: Connection, folder: Path, *, file: str, was: str, becomes: str
    ) -> None:
        spoil(folder, file, was, becomes)
        with pytest.raises(UnableToImportFaultyRegister):
            import_register(conn, folder, skip_faulty=True)
        assert conn.execute("SELECT count(*) FROM participants").fetchone()[0] == 0
