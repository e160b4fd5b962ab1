"""Days of quarter-hours: as many as the clock of the law gives the day, in the files and on record.

Method: the sample has days of 92, 96 and 100; one is spoilt.
"""

import json
import shutil
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from sqlite_utils import Database

from broker.store.connection import open_for_writing
from broker.store.migrations_register import register
from broker.usecases.import_register import UnableToImportFaultyRegister, import_register
from broker.usecases.register_checks_metering import quarter_hours_of

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"


@pytest.mark.parametrize(
    ("day", "number"),
    [
        (date(2025, 10, 25), 96),
        (date(2025, 10, 26), 100),
        (date(2025, 10, 27), 96),
        (date(2026, 3, 28), 96),
        (date(2026, 3, 29), 92),
        (date(2026, 3, 30), 96),
    ],
)
def test_a_day_has_its_number_of_quarter_hours(day: date, number: int) -> None:
    assert quarter_hours_of(day) == number


def test_they_are_on_record(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        import_register(connection, SAMPLE)
        rows = connection.execute("SELECT day, watt_hours FROM daily_blocks").fetchall()
    assert {(day, len(json.loads(blocks))) for day, blocks in rows} == {
        ("2025-10-26", 100),
        ("2026-03-28", 96),
        ("2026-03-29", 92),
        ("2026-03-30", 96),
    }


@pytest.mark.parametrize(
    ("was", "becomes", "column"),
    [
        ("2026-03-29", "2026-03-27", "watt_hours"),
        ("2026-03-29", "2026-03-28", "day"),
        ("105 112", "105,112", ""),
        (" 112 ", " 112.5 ", "watt_hours"),
        ("consumption", "production", "direction"),
    ],
)
def test_a_faulty_day(tmp_path: Path, *, was: str, becomes: str, column: str) -> None:
    folder = Path(shutil.copytree(SAMPLE, tmp_path / "register"))
    path = folder / "daily_blocks.csv"
    assert was in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(was, becomes, 1), "utf-8")
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        with pytest.raises(UnableToImportFaultyRegister) as refusal:
            import_register(connection, folder)
    assert column in {fault.column for fault in refusal.value.faults}
