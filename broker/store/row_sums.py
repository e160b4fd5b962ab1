"""Sums over the rows of tables that change, kept by triggers, so that seals vouch for them too.

Rows that never change are sealed one by one (see `seals`). Of every other table two sums stand in
`row_sums`: of the hashes of its rows, and of these hashes each multiplied by the hash of its
row's key. A row that comes, goes or changes moves both, in the same transaction; each seal holds
what they were. The second sum is there to say which row was changed behind the triggers' back:
the difference of the two sums divided by that of the first is the hash of its key.

A sum keeps nothing of a row that has gone, so an erased person's data leave no trace in it. The
triggers call a function of this module: another program cannot write these tables by mistake.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from sqlite3 import Connection
from typing import NamedTuple

import msgspec

_PREFIX = "row_sums_"
_PRIME = 2**255 - 19
_COUNT, _HASH = 8, 32

LEFT_OUT = {
    "journal": "sealed row by row",
    "inbox": "sealed row by row",
    "handovers": "sealed row by row",
    "seals": "the chain itself",
    "row_sums": "in the last seal",
    "keys_that_do_not_add_up": "empty whenever a transaction ends; a row refers to nothing there",
    "impossible": "cannot hold a row",
}
"""Tables without sums, and what vouches for them."""

ONLY = {
    # Content and salt have their digest in the row that they belong to.
    "payloads": ("payload_id", "erased_at"),
    # The bytes have their hash, which is the key.
    "contract_documents": ("sha256", "stored_at"),
    # Sealed row by row but for the case it comes of; its two times are those of its handovers.
    "outbox": ("position", "comes_of"),
}
"""Tables of which only these columns are summed up, since something else vouches for the rest."""

# The columns of every table that is neither virtual nor a part of one, those of its key first.
_COLUMNS = (
    "SELECT one.name, field.name, field.pk"
    " FROM pragma_table_list AS one CROSS JOIN pragma_table_info(one.name) AS field"
    " WHERE one.schema = 'main' AND one.type = 'table'"
    " AND one.name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY one.name, pk = 0, pk, cid"
)

# What was summed up so far.
_SUMS = "SELECT table_name, sums FROM row_sums ORDER BY table_name"

# The sums of a table, made anew.
_SET = "INSERT INTO row_sums (table_name, sums) VALUES (?, ?)"

# Forget all sums, before the schema changes.
_CLEAR = "DELETE FROM row_sums"

# The triggers there are.
_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB ?"

_Value = str | int | float | bytes | None


class SumsDoNotFit(Exception):
    """The triggers that keep the sums are not those that should be there; somebody changed them."""


class Sums(NamedTuple):
    """What the rows of a table add up to: their number, their hashes, these times their keys'."""

    rows: int
    of_rows: int
    of_keys: int


class _Columns(NamedTuple):
    """What is summed up of a table: the columns of its key first, and how many these are."""

    of_key: int
    names: tuple[str, ...]


# The schema itself, a table like any other; where its pages lie is SQLite's own affair.
_SCHEMA = ("sqlite_schema", _Columns(3, ("type", "name", "tbl_name", "sql")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A table that is not what its sums say; `where` names the row too, if it is one alone."""

    where: str
    what: str


def add_functions(connection: Connection) -> None:
    """Let the triggers work on this connection; without this it cannot write summed tables."""
    connection.create_function("row_comes", -1, _row_comes, deterministic=True)
    connection.create_function("row_goes", -1, _row_goes, deterministic=True)


def _row_comes(sums: bytes, of_key: int, *values: _Value) -> bytes:
    return _to_bytes(_moved(_from_bytes(sums), 1, *_hashes(of_key, values)))


def _row_goes(sums: bytes, of_key: int, *values: _Value) -> bytes:
    return _to_bytes(_moved(_from_bytes(sums), -1, *_hashes(of_key, values)))


def _hashes(of_key: int, values: tuple[_Value, ...]) -> tuple[int, int]:
    """The hash of a row, and that of its key, which are its first values."""
    return _hash(values), _hash(values[:of_key])


def _hash(values: tuple[_Value, ...]) -> int:
    return int.from_bytes(hashlib.sha256(msgspec.msgpack.encode(values)).digest()) % _PRIME


def _moved(sums: Sums, by: int, of_row: int, of_key: int) -> Sums:
    return Sums(
        sums.rows + by,
        (sums.of_rows + by * of_row) % _PRIME,
        (sums.of_keys + by * of_row * of_key) % _PRIME,
    )


def _from_bytes(stored: bytes) -> Sums:
    rows, of_rows = stored[:_COUNT], stored[_COUNT:-_HASH]
    return Sums(*map(int.from_bytes, (rows, of_rows, stored[-_HASH:])))


def _to_bytes(sums: Sums) -> bytes:
    rows, of_rows, of_keys = sums
    return rows.to_bytes(_COUNT) + of_rows.to_bytes(_HASH) + of_keys.to_bytes(_HASH)


def summed_columns(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Of each table that has sums the columns that are summed up."""
    return {table: columns.names for table, columns in _summed(connection).items()}


def _summed(connection: Connection) -> dict[str, _Columns]:
    tables: dict[str, list[tuple[str, int]]] = {}
    for table, column, pk in connection.execute(_COLUMNS):
        if table not in LEFT_OUT and column in ONLY.get(table, (column,)):
            tables.setdefault(table, []).append((column, pk))
    return {
        table: _Columns(sum(pk > 0 for _, pk in found), tuple(name for name, _ in found))
        for table, found in tables.items()
    }


def uncover(connection: Connection) -> None:
    """Remove triggers and sums, so that the schema may change; `cover` makes them anew."""
    with _whole(connection):
        for name in _present(connection):
            connection.execute(f"DROP TRIGGER {name}")
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'row_sums'").fetchone():
            connection.execute(_CLEAR)


def cover(connection: Connection) -> None:
    """Sum up every table and keep the sums by triggers, where that has not been done.

    Raises SumsDoNotFit where there are sums and not all of the triggers that keep them.
    """
    wanted = dict(_triggers(connection))
    if connection.execute(_SUMS).fetchone() is not None:
        if _present(connection) != wanted:
            raise SumsDoNotFit("triggers were changed by hand: run `verify`, or restore a backup")
        return
    with _whole(connection):
        for statement in wanted.values():
            connection.execute(statement)
        for table, columns in (*_summed(connection).items(), _SCHEMA):
            connection.execute(_SET, (table, _to_bytes(_of_table(connection, table, columns))))


class _whole:  # noqa: N801 - used as a block
    """A transaction of its own around the block."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _present(connection: Connection) -> dict[str, str]:
    return dict(connection.execute(_TRIGGERS, (f"{_PREFIX}*",)).fetchall())


def _triggers(connection: Connection) -> Iterator[tuple[str, str]]:
    """Name and text of every trigger that keeps sums."""
    for table, (of_key, columns) in _summed(connection).items():
        new, old = (_listed(row, columns) for row in ("NEW", "OLD"))
        goes = f"row_goes(sums, {of_key}, {old})"
        for what, when, sums in (
            ("added", f"INSERT ON {table}", f"row_comes(sums, {of_key}, {new})"),
            ("removed", f"DELETE ON {table}", goes),
            (
                "changed",
                f"UPDATE ON {table} WHEN ({old}) IS NOT ({new})",
                f"row_comes({goes}, {of_key}, {new})",
            ),
        ):
            name = f"{_PREFIX}{table}_{what}"
            statement = (
                f"CREATE TRIGGER {name} AFTER {when} BEGIN"
                f" UPDATE row_sums SET sums = {sums} WHERE table_name = '{table}'; END"
            )
            yield name, statement


def _listed(row: str, columns: Iterable[str]) -> str:
    return ", ".join(f"{row}.{column}" for column in columns)


def digest(connection: Connection) -> bytes:
    """One hash over all sums, which a seal holds."""
    return hashlib.sha256(msgspec.msgpack.encode(connection.execute(_SUMS).fetchall())).digest()


def _of_table(connection: Connection, table: str, columns: _Columns) -> Sums:
    """What the rows of a table add up to now; reads them all."""
    sums = Sums(0, 0, 0)
    for of_row, of_key, _ in _hashed_rows(connection, table, columns):
        sums = _moved(sums, 1, of_row, of_key)
    return sums


def _hashed_rows(
    connection: Connection, table: str, columns: _Columns
) -> Iterator[tuple[int, int, tuple[_Value, ...]]]:
    """Of every row its hash, that of its key, and the key."""
    query = f"SELECT {', '.join(columns.names)} FROM {table} NOT INDEXED"
    for values in connection.execute(query):
        yield *_hashes(columns.of_key, values), values[: columns.of_key]


def differences(connection: Connection) -> Iterator[Difference]:
    """Every table whose rows are not those that were summed up."""
    stored = {table: _from_bytes(sums) for table, sums in connection.execute(_SUMS)}
    for table, columns in (*_summed(connection).items(), _SCHEMA):
        noted = stored.pop(table, None)
        if noted is None:
            yield Difference(where=table, what="nothing vouches for this table")
        elif (found := _of_table(connection, table, columns)) != noted:
            row = _row_that_differs(_hashed_rows(connection, table, columns), noted, found)
            yield _told(table, row, noted, found)
    for table in stored:
        yield Difference(where=table, what="the table is not there")


def _row_that_differs(
    rows: Iterator[tuple[int, int, tuple[_Value, ...]]], noted: Sums, found: Sums
) -> tuple[_Value, ...] | None:
    """The key of the row that was changed or added, if it is one alone."""
    change = (found.of_rows - noted.of_rows) % _PRIME
    if not change:
        return None
    sought = (found.of_keys - noted.of_keys) * pow(change, -1, _PRIME) % _PRIME
    return next((key for _, of_key, key in rows if of_key == sought), None)


def _told(table: str, row: tuple[_Value, ...] | None, noted: Sums, found: Sums) -> Difference:
    if row is not None:
        where = " ".join([table, *map(_readable, row)])
        what = "was added" if found.rows > noted.rows else "was changed"
        return Difference(where=where, what=f"this row {what}")
    if found.rows != noted.rows:
        what = f"{found.rows} rows where there should be {noted.rows}"
    else:
        what = f"a key was changed, or more than one of its {noted.rows} rows"
    return Difference(where=table, what=what)


def _readable(value: _Value) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
