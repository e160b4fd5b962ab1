"""A file of its own in which an import sorts what it reads, so that no register must fit in memory.

Holds the raw rows of each CSV file by what they are about, and the checked batches that are to be
loaded. It is thrown away afterwards and promises no durability.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from broker.store.register_rows import RegisterRows

SheetName = Literal[
    "customers",
    "sites",
    "points",
    "supplies",
    "meters",
    "meter_registers",
    "readings",
    "billed",
    "blocks",
]
OF_POINTS: tuple[SheetName, ...] = (
    "points",
    "supplies",
    "meters",
    "meter_registers",
    "readings",
    "billed",
    "blocks",
)
"""The sheets whose rows are about an accounting point, points first."""
_SHEETS: tuple[SheetName, ...] = ("customers", "sites", *OF_POINTS)

Raw = tuple[int, str, str, str]
"""Line, what the row is about, a second such number, and the cells as joined by `join`."""
_BETWEEN_CELLS = "\x1f"

# A point's delivery point, so that a chunk holds all of each; the first row to say it counts.
_PLACES = """
    CREATE TABLE places (
        accounting_point TEXT PRIMARY KEY, delivery_point TEXT NOT NULL
    ) WITHOUT ROWID"""

# The batches that are to be loaded, in order.
_BATCHES = "CREATE TABLE batches (batch INTEGER PRIMARY KEY, content BLOB NOT NULL)"

# Numbers that several rows give out, with each row that does, sites before points.
_GIVEN_TWICE = """
    WITH given AS (
        SELECT other AS gsrn, 0 AS of_point, line FROM sites WHERE other <> ''
        UNION ALL SELECT key, 1, line FROM points)
    SELECT gsrn, of_point, line FROM given WHERE gsrn IN (
        SELECT gsrn FROM given GROUP BY gsrn HAVING count(*) > 1)
    ORDER BY gsrn, of_point, line"""

# The points that the file of points describes, each with the delivery point of its first row.
_PLACE_POINTS = """
    INSERT INTO places SELECT key, other FROM points ORDER BY line ON CONFLICT DO NOTHING"""

# Points that are only spoken of: to be found on record, or nowhere.
_UNPLACED = """
    SELECT DISTINCT key FROM {sheet}
    WHERE key NOT IN (SELECT accounting_point FROM places)"""

# One more point with its delivery point.
_PLACE = "INSERT INTO places VALUES (?, ?) ON CONFLICT DO NOTHING"

# The next keys in order.
_NEXT_KEYS = "SELECT DISTINCT key FROM {sheet} WHERE key > ? ORDER BY key LIMIT ?"
_NEXT_PLACES = """
    SELECT DISTINCT delivery_point FROM places WHERE delivery_point > ?
    ORDER BY delivery_point LIMIT ?"""

# Rows in the order of the file: those with keys from one to another, which
# of some keys there are, and those about the points of a run of delivery points.
_BETWEEN = "SELECT line, key, cells FROM {sheet} WHERE key BETWEEN ? AND ? ORDER BY line"
_KNOWN = "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM {sheet} WHERE key = value)"
_AT_PLACES = """
    SELECT line, key, cells FROM places JOIN {sheet} ON key = accounting_point
    WHERE delivery_point BETWEEN ? AND ? ORDER BY line"""


def join(cells: Sequence[str]) -> str:
    """The cells of a row in one text."""
    return _BETWEEN_CELLS.join(cells)


class Scratch:
    """The file while it is filled and read by one import."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
            self._connection.execute(f"PRAGMA {pragma}")
        for sheet in _SHEETS:
            self._connection.execute(
                f"CREATE TABLE {sheet} (line INTEGER PRIMARY KEY, key TEXT NOT NULL,"
                " other TEXT NOT NULL, cells TEXT NOT NULL)"
            )
        self._connection.execute(_PLACES)
        self._connection.execute(_BATCHES)
        self._connection.execute("BEGIN")
        self._batch_count = 0

    def close(self) -> None:
        """Keep what was put in, and close the file."""
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")
        self._connection.close()

    def add(self, sheet: SheetName, rows: Iterable[Raw]) -> None:
        """Put rows of a file in, read as they come."""
        self._connection.executemany(f"INSERT INTO {sheet} VALUES (?, ?, ?, ?)", rows)

    def clear(self, sheet: SheetName) -> None:
        """Forget the rows of a file that turned out not to be readable."""
        self._connection.execute(f"DELETE FROM {sheet}")

    def sort(self) -> None:
        """Make what is in findable; to be called once, after the last `add`."""
        for sheet in _SHEETS:
            self._connection.execute(f"CREATE INDEX {sheet}_key ON {sheet} (key)")
        self._connection.execute(_PLACE_POINTS)

    def given_twice(self) -> Iterator[tuple[str, bool, int]]:
        """GSRNs that more than one row gives out: number, whether to a point, line; in order."""
        for gsrn, of_point, line in self._connection.execute(_GIVEN_TWICE):
            yield gsrn, bool(of_point), line

    def unplaced(self) -> set[str]:
        """Points that rows speak of and none describes."""
        found: set[str] = set()
        for sheet in OF_POINTS[1:]:
            rows = self._connection.execute(_UNPLACED.format(sheet=sheet))
            found.update(key for (key,) in rows)
        return found

    def place(self, places: Iterable[tuple[str, str]]) -> None:
        """Say at which delivery points these points are, and sort by them."""
        self._connection.executemany(_PLACE, places)
        self._connection.execute("CREATE INDEX IF NOT EXISTS places_at ON places (delivery_point)")

    def count(self, sheet: SheetName) -> int:
        """How many rows of a file are in."""
        number: int = self._connection.execute(f"SELECT count(*) FROM {sheet}").fetchone()[0]
        return number

    def remove(self, sheet: SheetName, lines: Iterable[int]) -> None:
        """Take rows out again."""
        self._connection.executemany(
            f"DELETE FROM {sheet} WHERE line = ?", [(line,) for line in lines]
        )

    def runs(self, sheet: SheetName, size: int) -> Iterator[tuple[str, str]]:
        """The keys of a file in runs of at most so many, each as its first and last."""
        yield from self._runs(_NEXT_KEYS.format(sheet=sheet), size)

    def runs_of_places(self, size: int) -> Iterator[tuple[str, str]]:
        """The delivery points in runs of at most so many, each as its first and last."""
        yield from self._runs(_NEXT_PLACES, size)

    def _runs(self, query: str, size: int) -> Iterator[tuple[str, str]]:
        last = ""
        # An empty key comes first and alone, since nothing is below it.
        if self._connection.execute(query.replace("> ?", "= ?"), ("", 1)).fetchone():
            yield "", ""
        while keys := self._connection.execute(query, (last, size)).fetchall():
            last = keys[-1][0]
            yield keys[0][0], last

    def between(self, sheet: SheetName, first: str, last: str) -> list[tuple[int, str, list[str]]]:
        """Rows whose key lies in a run: line, key, cells."""
        return self._rows(_BETWEEN.format(sheet=sheet), (first, last))

    def known(self, sheet: SheetName, keys: Iterable[str]) -> frozenset[str]:
        """Those of these keys that rows of the file have."""
        wanted = msgspec.json.encode(sorted(keys)).decode()
        rows = self._connection.execute(_KNOWN.format(sheet=sheet), (wanted,))
        return frozenset(key for (key,) in rows)

    def at_places(
        self, sheet: SheetName, first: str, last: str
    ) -> list[tuple[int, str, list[str]]]:
        """Rows about points of a run of delivery points: line, key, cells."""
        return self._rows(_AT_PLACES.format(sheet=sheet), (first, last))

    def _rows(self, query: str, values: tuple[str, ...]) -> list[tuple[int, str, list[str]]]:
        return [
            (line, key, cells.split(_BETWEEN_CELLS))
            for line, key, cells in self._connection.execute(query, values)
        ]

    def keep_batch(self, rows: RegisterRows) -> None:
        """Keep checked rows that are to be loaded together."""
        self._batch_count += 1
        content = msgspec.msgpack.encode(rows)
        self._connection.execute("INSERT INTO batches VALUES (?, ?)", (self._batch_count, content))


class BatchesToLoad:
    """The checked batches in a finished file, read one after the other."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def count(self) -> int:
        """How many batches there are."""
        number: int = self._connection.execute("SELECT count(*) FROM batches").fetchone()[0]
        return number

    def batch(self, number: int) -> RegisterRows:
        """The batch with this number, from 1 on."""
        row = self._connection.execute(
            "SELECT content FROM batches WHERE batch = ?", (number,)
        ).fetchone()
        return msgspec.msgpack.decode(row[0], type=RegisterRows)
