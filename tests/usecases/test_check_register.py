"""Chunks: what must agree is found to agree or not, wherever in the files it stands.

Method: an invented register of several chunks, and one row added or changed in it.
"""

from collections import Counter
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.scenarios.invented_register import gsrn_of, write_register
from broker.usecases import check_register
from broker.usecases.import_register import UnableToImportFaultyRegister, import_register
from broker.usecases.register_files import Fault
from tests.usecases.register_files import append

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"
POINTS = 250
FIRST = 200_000_001
LAST = FIRST + POINTS - 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An invented register that a test may spoil."""
    write_register(tmp_path / "register", POINTS, parties=SAMPLE)
    return tmp_path / "register"


def faults(conn: Connection, folder: Path) -> list[Fault]:
    """What the import finds; nothing is loaded then."""
    with pytest.raises(UnableToImportFaultyRegister) as refusal:
        import_register(conn, folder)
    assert conn.execute("SELECT count(*) FROM customers").fetchone() == (0,)
    return list(refusal.value.faults)


def test_every_chunk_is_loaded(conn: Connection, folder: Path) -> None:
    counts = import_register(conn, folder)
    assert (counts.accounting_points, counts.customers, counts.metering_sites) == (POINTS,) * 3
    assert (counts.readings, counts.billed_quantities) == (2 * POINTS, 2 * POINTS)
    assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
    assert conn.execute("SELECT count(*) FROM issued_gsrns").fetchone() == (POINTS,)


@pytest.mark.parametrize(
    ("file", "row", "column"),
    [
        (
            "accounting_points.csv",
            f"{gsrn_of(FIRST)},DP-zzz,7-{LAST % 10_000_000},consumption,yes,no,no,",
            "accounting_point",
        ),
        ("metering_sites.csv", f"7-{FIRST % 10_000_000},7,,", "metering_site"),
        ("billed_quantities.csv", f"{gsrn_of(1)},consumption,2025-01-01,2025-02-01,1", ""),
        ("meters.csv", f"{gsrn_of(FIRST)},INV-again,2024-01-01,", "installed_from"),
        (
            "supply.csv",
            f"{gsrn_of(LAST)},consumption,28XZAHOD-NEAKTIY,1,2025-01-01,",
            "share",
        ),
    ],
)
def test_a_row_at_the_end_that_does_not_agree_with_one_at_the_beginning(
    conn: Connection, folder: Path, *, file: str, row: str, column: str
) -> None:
    line = append(folder, file, row)
    found = {(f.file, f.line, f.column) for f in faults(conn, folder)}
    assert (file, line, column or "accounting_point") in found


def test_a_number_given_to_a_site_and_to_a_point_far_from_it(
    conn: Connection, folder: Path
) -> None:
    append(folder, "metering_sites.csv", f"7-9999999,7,{gsrn_of(LAST)},")
    [fault] = faults(conn, folder)
    assert (fault.file, fault.line, fault.column) == (
        "accounting_points.csv",
        POINTS + 1,
        "accounting_point",
    )


def test_parts_of_one_delivery_point_at_both_ends_of_the_file(
    conn: Connection, folder: Path
) -> None:
    points, supply = folder / "accounting_points.csv", folder / "supply.csv"
    header, *rows = points.read_text("utf-8").splitlines()
    rows = [f"{row}," for row in rows]
    rows[-1] = f"{rows[0].replace(gsrn_of(FIRST), gsrn_of(LAST))}{gsrn_of(FIRST)}"
    points.write_text("\n".join([f"{header},measured_at", *rows]) + "\n", "utf-8")
    for name in ("meters", "meter_registers", "readings", "billed_quantities"):
        of_last = folder / f"{name}.csv"
        kept = [r for r in of_last.read_text("utf-8").splitlines() if gsrn_of(LAST) not in r]
        of_last.write_text("\n".join(kept) + "\n", "utf-8")
    lines = supply.read_text("utf-8").splitlines()
    lines[1] = lines[1].replace(",1,", ",0.4,")
    lines[-1] = lines[-1].replace(",1,", ",0.6,")
    supply.write_text("\n".join(lines) + "\n", "utf-8")
    assert import_register(conn, folder).supplies == POINTS


def test_it_ends_when_everything_is_faulty(
    conn: Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_register, "FAULTS_MAX", 100)
    path = folder / "readings.csv"
    path.write_text(path.read_text("utf-8").replace("T08:00", " 8:00"), "utf-8")
    found = faults(conn, folder)
    assert 100 < len(found) < 2 * POINTS
    assert "more than 100 faults" in found[-1].problem


def test_progress_is_told_step_by_step_to_the_end(conn: Connection, folder: Path) -> None:
    told: Counter[str] = Counter()
    last: dict[str, tuple[int, int]] = {}

    def tell(step: str, done: int, total: int) -> None:
        told[step] += 1
        assert last.get(step, (0, 0))[0] <= done <= total
        last[step] = (done, total)

    import_register(conn, folder, progress=tell)
    assert last["reading"][0] == last["reading"][1] > 0
    assert last["checking points"] == (POINTS, POINTS)
    assert told["checking points"] > 2
