"""Large files are checked in a process beside, with the same result as here.

Method: the sample register, with the size from which files count as large set to one byte.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.scenarios.invented_register import write_register
from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.usecases import checked_batches
from broker.usecases.check_register import no_progress
from broker.usecases.import_register import UnableToImportFaultyRegister, import_register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"


@pytest.fixture
def conn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The connection that writes to an empty file, every file being large."""
    monkeypatch.setattr(checked_batches, "LARGE_BYTES", 1)
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        yield connection
    assert active_children() == []


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """The sample register with one faulty cell, on line 2."""
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "faulty"))
    path = folder / "billed_quantities.csv"
    path.write_text(path.read_text("utf-8").replace("4015", "much", 1), "utf-8")
    return folder


def test_it_loads_the_same(conn: Connection) -> None:
    steps: set[str] = set()
    beside = import_register(conn, SAMPLE, progress=lambda *told: steps.add(told[0]))
    assert (beside.accounting_points, beside.readings) == (64, 119)
    assert {"reading", "checking points"} <= steps
    assert conn.execute("SELECT count(*) FROM reading_values").fetchone() == (155,)


def test_it_finds_the_same(conn: Connection, faulty: Path) -> None:
    with pytest.raises(UnableToImportFaultyRegister, match=r"billed_quantities\.csv:2 kwh"):
        import_register(conn, faulty)
    assert conn.execute("SELECT count(*) FROM customers").fetchone() == (0,)
    assert import_register(conn, faulty, skip_faulty=True).skipped_rows == 1


def test_a_process_that_is_killed_loads_nothing(tmp_path: Path) -> None:
    write_register(tmp_path, 1_000, parties=SAMPLE)  # more than a pipe holds
    batches = checked_batches.checked_batches_beside(
        tmp_path, skip_faulty=False, progress=no_progress
    )
    next(batches)
    [process] = active_children()
    process.kill()
    with pytest.raises(checked_batches.UnableToCheck):
        list(batches)


def test_nobody_waits_for_a_check_whose_batches_are_not_wanted() -> None:
    batches = checked_batches.checked_batches_beside(
        SAMPLE, skip_faulty=False, progress=no_progress
    )
    next(batches)
    batches.close()
    assert active_children() == []
