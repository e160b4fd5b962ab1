"""Imports an invented register, then inserts the same rows plainly, and prints both speeds."""

import resource
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from broker.import_command import bar_on  # noqa: E402
from broker.scenarios.invented_register import write_register  # noqa: E402
from broker.store.connection import open_for_writing  # noqa: E402
from broker.store.schema import migrate  # noqa: E402
from broker.usecases.import_register import import_register  # noqa: E402

TABLES = (
    "customers",
    "issued_gsrns",
    "metering_sites",
    "delivery_points",
    "accounting_points",
    "supply",
    "meters",
    "meter_registers",
    "readings",
    "reading_values",
    "billed_quantities",
)
AT_ONCE = 10_000


def main(points: int) -> None:
    """Print points, rows and seconds of the import and of plain inserts, and their ratio."""
    with TemporaryDirectory(prefix="bench-import-") as name:
        folder = Path(name)
        rows = write_register(folder / "register", points, parties=ROOT / "fixtures" / "register")
        print(f"{points} points, {rows} rows in CSV files")
        imported = timed_import(folder)
        peaks = [
            resource.getrusage(whose).ru_maxrss // 1024
            for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        print(
            f"import: {imported:.1f} s, {rows / imported:.0f} rows a second,"
            f" at most {peaks[0]} MiB here and {peaks[1]} MiB beside"
        )
        stored, plain = timed_inserts(folder)
        print(
            f"plain inserts: {plain:.1f} s, {stored / plain:.0f} rows a second;"
            f" the import took {imported / plain:.1f} times as long"
        )


def timed_import(folder: Path) -> float:
    """Seconds of the first import into an empty file."""
    with closing(open_for_writing(folder / "imported.sqlite")) as connection:
        migrate(connection)
        started = perf_counter()
        with bar_on(sys.stderr, wanted=sys.stderr.isatty()) as progress:
            import_register(connection, folder / "register", progress=progress)
        return perf_counter() - started


def timed_inserts(folder: Path) -> tuple[int, float]:
    """How many rows were stored, and the seconds of inserting them into tables without checks."""
    stored, seconds = 0, 0.0
    with (
        closing(open_for_writing(folder / "imported.sqlite")) as imported,
        closing(sqlite3.connect(folder / "plain.sqlite", isolation_level=None)) as plain,
    ):
        plain.execute("PRAGMA journal_mode = WAL")
        plain.execute("BEGIN")
        for table in TABLES:
            source = imported.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in source.description]
            plain.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"
            while rows := source.fetchmany(AT_ONCE):
                started = perf_counter()
                plain.executemany(insert, rows)
                seconds += perf_counter() - started
                stored += len(rows)
        started = perf_counter()
        plain.execute("COMMIT")
        seconds += perf_counter() - started
    return stored, seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
