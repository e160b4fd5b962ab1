"""The first import: the sample register loads, and each kind of fault is told with its place.

Method: one cell of the sample register is changed at a time, in a copy of its files.
"""

from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.store.register_import import RegisterNotEmpty
from broker.usecases.import_register import (
    UnableToImportFaultyRegister,
    import_register,
)
from broker.usecases.register_files import Fault
from broker.usecases.register_forms import (
    BILLED_CELLS,
    BLOCKS_CELLS,
    CUSTOMER_CELLS,
    METER_CELLS,
    METER_REGISTER_CELLS,
    OPERATOR_CELLS,
    PARTICIPANT_CELLS,
    POINT_CELLS,
    READING_CELLS,
    SITE_CELLS,
    SUPPLY_CELLS,
)
from tests.usecases.register_files import append, spoil

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "fixtures" / "register"
P1 = "383199900000000017"
P8 = "383199900000000086"
P19, P20 = "383199900000000192", "383199900000000208"
UNKNOWN = "383199900000000994"
REMOVED = "2020-01-01,2023-11-20"
AGAIN = "2026-03-31T08:00:00+02:00,2"


def faults(conn: Connection, folder: Path) -> tuple[Fault, ...]:
    """What the import finds; nothing is loaded then."""
    with pytest.raises(UnableToImportFaultyRegister) as refusal:
        import_register(conn, folder)
    for table in ("operator", "participants", "issued_gsrns", "customers", "supply", "meters"):
        assert conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
    return refusal.value.faults


class TestSample:
    """The sample register is right and is loaded whole."""

    def test_it_loads(self, conn: Connection) -> None:
        counts = import_register(conn, SAMPLE)
        assert (counts.participants, counts.accounting_points, counts.metering_sites) == (9, 64, 62)
        assert (counts.customers, counts.supplies, counts.meters) == (60, 82, 63)
        assert (counts.readings, counts.billed_quantities) == (119, 157)
        assert (counts.daily_blocks, counts.skipped_rows) == (16, 0)
        assert not conn.in_transaction
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []

    def test_every_number_is_registered_as_given_out(self, conn: Connection) -> None:
        import_register(conn, SAMPLE)
        # 64 accounting points and one metering site that has a GSRN too
        assert conn.execute("SELECT count(*) FROM issued_gsrns").fetchone()[0] == 65

    def test_a_second_import_is_refused(self, conn: Connection) -> None:
        import_register(conn, SAMPLE)
        with pytest.raises(RegisterNotEmpty):
            import_register(conn, SAMPLE)
        assert not conn.in_transaction

    def test_semicolons_and_a_byte_order_mark_are_read_too(
        self, conn: Connection, folder: Path
    ) -> None:
        supply = (folder / "supply.csv").read_text("utf-8").replace(",", ";")
        (folder / "supply.csv").write_text(supply, "utf-8-sig")
        assert import_register(conn, folder).supplies == 82


CELLS = [
    # One cell that is wrong by itself.
    ("operator.toml", '"28XOMREZJE-ZGLE0"', '"28XOMREZJE-ZGLE1"', "eic"),
    ("operator.toml", '"38319990"', '"3831999"', "gsrn_prefix"),
    ("participants.toml", "28XSEVER-ENERGI8", "28XSEVER-ENERGI9", "eic"),
    ("participants.toml", '["DDE"]', '["DDX"]', "roles"),
    ("participants.toml", '"6123465"', '"6123466"', "registration_number"),
    ("participants.toml", "peter@", "peter at ", "credential_manager_email"),
    ("participants.toml", '"28XBILANCNA-SKAK"', '"28XBILANCNA-SKAA"', "balance_group"),
    ("customers.csv", "12345679", "12345678", "tax_number"),
    ("customers.csv", "Ana Zgled", "", "name"),
    ("metering_sites.csv", "7-0000001", "7-00000010", "metering_site"),
    ("metering_sites.csv", "383199901000000182", "383199901000000183", "gsrn"),
    ("accounting_points.csv", P1, "383199900000000018", "accounting_point"),
    ("accounting_points.csv", "consumption+production", "both", "directions"),
    ("accounting_points.csv", "yes", "ja", "connected"),
    ("supply.csv", "0.4", "0.4000001", "share"),
    ("supply.csv", "2024-01-01", "2024-02-30", "from_day"),
    ("supply.csv", "consumption", "consumed", "direction"),
    ("meters.csv", "2023-11-20", "20.11.2023", "installed_from"),
    ("meter_registers.csv", "1-0:1.8.0", "1.8.0", "register"),
    ("meter_registers.csv", "ZGL-100016,1-0:1.8.0,6", "ZGL-100016,1-0:1.8.0,13", "digits"),
    ("meter_registers.csv", "6,0,40", "6,0,0", "multiplier"),
    ("readings.csv", "2025-03-31T08:00:00+02:00", "2025-03-31T08:00:00", "taken_at"),
    ("readings.csv", ",1,1-0:1.8.0,99870", ",9,1-0:1.8.0,99870", "obtained_by"),
    ("readings.csv", "99870", "99870,5", ""),
    ("readings.csv", "99870", "-99870", "value"),
    ("billed_quantities.csv", "3650", "3650.5", "kwh"),
    # A cell that names what is not there, or not the operator's.
    ("metering_sites.csv", "7-0000011,7,,12345890", "7-0000011,7,,87654385", "owner"),
    ("accounting_points.csv", "7-0000001", "7-9999999", "metering_site"),
    ("metering_sites.csv", "7-0000001,7", "7-0000001,8", "area_code"),
    ("supply.csv", "28XSEVER-ENERGI8", "28XMERILNI-CENTD", "supplier"),
    ("supply.csv", "28XSEVER-ENERGI8", "28XBILANCNA-SKAK", "supplier"),
    ("meter_registers.csv", f"{P1},ZGL-100001", f"{P1},ZGL-999999", "serial_number"),
    ("readings.csv", f"{P1},ZGL-100001", f"{P1},ZGL-999999", "serial_number"),
    ("operator.toml", '"28XOMREZJE-ZGLE0"', '"28XSEVER-ENERGI8"', "eic"),
    ("operator.toml", '"38319990"', '"38319991"', "accounting_point"),
    # Cells that do not go together.
    ("accounting_points.csv", "+production,yes,yes", ",yes,yes", "directions"),
    ("supply.csv", "0.6", "0.5", "share"),
    ("supply.csv", "1,2024-01-01,2026-02-01", "0.5,2024-01-01,2026-02-01", "share"),
    # A point without a meter of its own, beside the one that measures it.
    ("accounting_points.csv", f",{P19}", ",383199900000000193", "measured_at"),
    ("accounting_points.csv", f",{P19}", f",{UNKNOWN}", "measured_at"),
    ("accounting_points.csv", f",{P19}", f",{P20}", "measured_at"),
    ("accounting_points.csv", f"{P20},DP-0019", f"{P20},DP-0018", "delivery_point"),
    (
        "accounting_points.csv",
        f"{P20},DP-0019,7-0000019",
        f"{P20},DP-0019,7-0000018",
        "metering_site",
    ),
    (
        "accounting_points.csv",
        f"{P20},DP-0019,7-0000019,consumption",
        f"{P20},DP-0019,7-0000019,consumption+production",
        "directions",
    ),
    ("accounting_points.csv", f"12345857,,\n{P20}", f"12345857,,{P20}\n{P20}", "measured_at"),
    ("supply.csv", "2024-01-01,2026-02-01", "2026-02-01,2026-02-01", "to_day"),
    ("supply.csv", "production,28XSONCNA-ODDAJ9", "production,28XSEVER-ENERGI8", "supplier"),
    ("meters.csv", "ZGL-100022,2025-11-14", "ZGL-100022,2025-11-13", "installed_from"),
    ("readings.csv", "2025-11-14T10:30:00+01:00", "2025-11-13T10:30:00+01:00", "taken_at"),
    ("readings.csv", "99870", "199870", "value"),
    ("readings.csv", "99870", "99870.5", "value"),
    ("readings.csv", "1-0:1.8.1,21000", "1-0:1.8.0,21000", "register"),
    ("billed_quantities.csv", "2025-03-31,2026-03-31", "2025-03-30,2026-03-31", "from_day"),
    ("billed_quantities.csv", "2025-03-31,2026-03-31", "2025-03-31,2025-03-31", "to_day"),
]


class TestFaults:
    """Every faulty cell is told by file, line and column, and nothing is loaded."""

    @pytest.mark.parametrize(("file", "was", "becomes", "column"), CELLS)
    def test_the_place_of_a_faulty_cell(
        self, conn: Connection, folder: Path, *, file: str, was: str, becomes: str, column: str
    ) -> None:
        line = spoil(folder, file, was, becomes)
        found = faults(conn, folder)
        places = {(fault.file, fault.line, fault.column) for fault in found}
        if column == "accounting_point" and file == "operator.toml":
            # The prefix is the operator's; what does not fit it are the points.
            assert len([p for p in places if p[::2] == ("accounting_points.csv", column)]) == 64
        else:
            assert (file, line, column) in places

    def test_parts_are_added_up_at_one_meter_alone(self, conn: Connection, folder: Path) -> None:
        spoil(folder, "accounting_points.csv", f"12345857,,{P19}", "12345857,,")
        assert {(f.file, f.column, f.found) for f in faults(conn, folder)} == {
            ("supply.csv", "share", "0.4"),
            ("supply.csv", "share", "0.6"),
        }

    def test_all_faults_are_told_at_once_in_order(self, conn: Connection, folder: Path) -> None:
        spoil(folder, "supply.csv", "0.6", "six tenths")
        spoil(folder, "supply.csv", "2024-01-01", "yesterday")
        spoil(folder, "customers.csv", "Zgledovo", "")
        found = faults(conn, folder)
        assert [(fault.file, fault.column) for fault in found] == [
            ("customers.csv", "city"),
            ("supply.csv", "from_day"),
            ("supply.csv", "share"),
        ]

    def test_a_faulty_row_does_not_make_what_names_it_faulty(
        self, conn: Connection, folder: Path
    ) -> None:
        line = spoil(folder, "accounting_points.csv", "consumption,yes", "consumption,maybe")
        [fault] = faults(conn, folder)
        assert str(fault) == (
            f"accounting_points.csv:{line} connected: must be yes or no (found 'maybe')"
        )

    @pytest.mark.parametrize(
        ("file", "row", "column"),
        [
            ("customers.csv", "12345679,Dvojnik,Pot 1,3999,Zgledovo,SI,", "tax_number"),
            ("metering_sites.csv", "7-0000001,7,,,", "metering_site"),
            ("metering_sites.csv", f"7-0000099,7,{P1},,", "accounting_point"),
            ("supply.csv", f"{P1},consumption,28XJUG-ELEKTRIKB,1,2026-01-01,", "share"),
            ("supply.csv", f"{P1},consumption,28XSEVER-ENERGI8,1,2026-01-01,", "from_day"),
            ("supply.csv", f"{P8},production,28XSEVER-ENERGI8,1,2026-01-01,", "direction"),
            (
                "supply.csv",
                f"{UNKNOWN},consumption,28XSEVER-ENERGI8,1,2026-01-01,",
                "accounting_point",
            ),
            ("meters.csv", f"{P1},ZGL-2,{REMOVED}", "serial_number"),
            ("meters.csv", f"{P20},ZGL-2,{REMOVED}", "accounting_point"),
            (
                "billed_quantities.csv",
                f"{P20},consumption,2026-03-01,2026-03-31,5",
                "accounting_point",
            ),
            ("readings.csv", f"{P1},ZGL-100001,{AGAIN},1-0:1.8.0,14651", "register"),
            ("readings.csv", f"{P1},ZGL-100001,{AGAIN},1-0:2.8.0,1", "register"),
        ],
    )
    def test_a_row_that_should_not_be_there(
        self, conn: Connection, folder: Path, *, file: str, row: str, column: str
    ) -> None:
        line = append(folder, file, row)
        found = faults(conn, folder)
        if column == "accounting_point" and file == "metering_sites.csv":
            # The first to name a number keeps it: sites are read before points.
            assert [(f.file, f.column) for f in found] == [("accounting_points.csv", column)]
        else:
            assert (file, line, column) in {(f.file, f.line, f.column) for f in found}

    def test_columns_that_are_missing_or_unknown(self, conn: Connection, folder: Path) -> None:
        spoil(folder, "supply.csv", "share", "part")
        assert [(f.line, f.column, f.problem) for f in faults(conn, folder)] == [
            (1, "part", "no such column is known"),
            (1, "share", "the column is missing"),
        ]

    def test_a_missing_file(self, conn: Connection, folder: Path) -> None:
        (folder / "readings.csv").unlink()
        [fault] = faults(conn, folder)
        assert (fault.file, fault.line) == ("readings.csv", 1)

    def test_an_unknown_key(self, conn: Connection, folder: Path) -> None:
        line = spoil(folder, "participants.toml", "affiliate", "afiliate")
        assert [(f.file, f.column, f.problem) for f in faults(conn, folder)] == [
            ("participants.toml", "affiliate", "must be yes or no"),
            ("participants.toml", "afiliate", "no such key is known"),
        ]
        assert line in {f.line for f in faults(conn, folder)}

    def test_a_participant_named_twice(self, conn: Connection, folder: Path) -> None:
        line = spoil(folder, "participants.toml", "28XJUG-ELEKTRIKB", "28XSEVER-ENERGI8")
        places = {(f.file, f.line, f.column) for f in faults(conn, folder)}
        assert ("participants.toml", line, "eic") in places

    def test_a_file_that_is_no_toml(self, conn: Connection, folder: Path) -> None:
        (folder / "operator.toml").write_text("eic = \n", "utf-8")
        assert [f.file for f in faults(conn, folder)] == ["operator.toml"]

    def test_a_file_that_is_not_utf_8(self, conn: Connection, folder: Path) -> None:
        (folder / "customers.csv").write_bytes("tax_number,Žiga".encode("cp1250"))
        assert {f.file for f in faults(conn, folder)} == {"customers.csv"}


class TestDocument:
    """docs/register-format.md names every column and every sample point."""

    @pytest.mark.parametrize(
        "cells",
        [
            OPERATOR_CELLS,
            PARTICIPANT_CELLS,
            CUSTOMER_CELLS,
            SITE_CELLS,
            POINT_CELLS,
            SUPPLY_CELLS,
            METER_CELLS,
            METER_REGISTER_CELLS,
            READING_CELLS,
            BILLED_CELLS,
            BLOCKS_CELLS,
        ],
    )
    def test_it_names_every_column(self, cells: dict[str, object]) -> None:
        document = (ROOT / "docs" / "register-format.md").read_text("utf-8")
        assert [column for column in cells if f"| `{column}` |" not in document] == []

    def test_it_names_every_sample_point(self, conn: Connection) -> None:
        import_register(conn, SAMPLE)
        document = (ROOT / "docs" / "register-format.md").read_text("utf-8")
        points = [row[0] for row in conn.execute("SELECT accounting_point FROM accounting_points")]
        assert [point for point in points if point not in document] == []
