"""Whatever is changed in the file behind the broker's back, verification finds it and says where.

Every column of every table there is, rows that go and rows that come, and single bytes of the file.
"""

import random
import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.store.connection import UnableToOpen, open_for_reading
from broker.store.row_sums import LEFT_OUT, summed_columns
from broker.store.schema import check_current
from broker.store.verify import FindingKind
from tests.store.one_of_everything import write_one_of_everything
from tests.store.samples import case_id
from tests.store.tampering import changed, damage, findings, unchecked

# Every table of the file, the hidden ones of the index of words left out.
TABLES = """
    SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
    AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"""

ALWAYS_EMPTY = {"keys_that_do_not_add_up", "impossible"}
BYTES_CHANGED = 100


@pytest.fixture
def history(writing: Connection, path: Path) -> Path:
    """A database with something in every table."""
    return write_one_of_everything(writing, path)


@pytest.fixture
def disarmed(history: Path) -> Path:
    """The same without any trigger, so that nothing hinders a change."""
    with closing(unchecked(history)) as connection:
        triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        for (name,) in connection.execute(triggers).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert damage(history) == ["sqlite_schema"]
    return history


def tables(path: Path) -> list[str]:
    with closing(unchecked(path)) as connection:
        return [name for (name,) in connection.execute(TABLES)]


Change = tuple[str, list[object]]


def found_after(path: Path, *changes: Change) -> list[str]:
    """Where verification finds something in a copy of the disarmed file after these statements."""
    copy = Path(shutil.copy(path, path.with_name("copy.db")))
    with closing(unchecked(copy)) as connection:
        for statement, parameters in changes:
            assert connection.execute(statement, parameters).rowcount == 1, statement
    found = [one.where for one in findings(copy) if one.kind is not FindingKind.ERASED]
    return [where for where in found if where != "sqlite_schema"]


def missed(path: Path, by_table: dict[str, Change]) -> list[str]:
    """Of changes, one to a table, those that are not found where they were made.

    Tables with sums are changed all at once, since each is found by its name; the others singly.
    """
    with closing(unchecked(path)) as connection:
        summed = {table: change for table, change in by_table.items() if vouched(connection, table)}
    found = found_after(path, *summed.values())
    told = {where.partition(" ")[0] for where in found}
    unseen = [table for table in summed if table not in told]
    return unseen + [
        table
        for table, change in by_table.items()
        if table not in summed and not found_after(path, change)
    ]


def vouched(connection: Connection, table: str) -> bool:
    """Whether sums vouch for the whole of the table."""
    columns = summed_columns(connection).get(table, ())
    return len(columns) == len(columns_of(connection, table))


def columns_of(connection: Connection, table: str) -> list[tuple[str, str, bool]]:
    """Name and type of each column, and whether it is of the key."""
    info = connection.execute(f"PRAGMA table_info({table})")
    return [(row[1], row[2], row[5] > 0) for row in info]


def key_of(connection: Connection, table: str) -> list[str]:
    """The columns of the table's key."""
    return [name for name, _, of_key in columns_of(connection, table) if of_key]


def test_what_is_untouched_is_sound(history: Path) -> None:
    assert damage(history) == []
    assert Counter(one.kind for one in findings(history)) == {FindingKind.ERASED: 1}


def test_every_table_is_filled_and_vouched_for(history: Path) -> None:
    """A new table needs a row in `one_of_everything`, and so meets the tests below."""
    with closing(unchecked(history)) as connection:
        empty = {
            table
            for table in tables(history)
            if not connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        }
        assert set(summed_columns(connection)) | set(LEFT_OUT) == set(tables(history))
    assert empty == ALWAYS_EMPTY


def test_any_changed_column_of_any_table_is_found(disarmed: Path) -> None:
    unseen: list[object] = []
    with closing(unchecked(disarmed)) as connection:
        columns = {table: columns_of(connection, table) for table in filled(disarmed)}
        for number in range(max(map(len, columns.values()))):
            changes = {
                table: change_of(connection, table, *of_table[number][:2])
                for table, of_table in columns.items()
                if number < len(of_table)
            }
            unseen += [(columns[table][number], table) for table in missed(disarmed, changes)]
    assert unseen == []


def filled(path: Path) -> set[str]:
    return set(tables(path)) - ALWAYS_EMPTY


def last_row(connection: Connection, table: str) -> dict[str, object]:
    names = [name for name, *_ in columns_of(connection, table)]
    return dict(
        zip(names, connection.execute(f"SELECT * FROM {table}").fetchall()[-1], strict=True)
    )


def change_of(connection: Connection, table: str, name: str, declared: str) -> Change:
    """A change of this column in one row of the table."""
    row, key = last_row(connection, table), key_of(connection, table)
    if row[name] is None and declared != "TEXT":
        new: object = 1 if declared == "INTEGER" else bytes(32)
    else:
        new = changed(row[name])
    mine = " AND ".join(f"{one} IS ?" for one in key)
    return f"UPDATE {table} SET {name} = ? WHERE {mine}", [new, *(row[one] for one in key)]


def test_a_row_that_goes_is_found(disarmed: Path) -> None:
    changes: dict[str, Change] = {}
    with closing(unchecked(disarmed)) as connection:
        for table in filled(disarmed):
            key = ", ".join(key_of(connection, table))
            one = f"DELETE FROM {table} WHERE ({key}) = (SELECT {key} FROM {table} LIMIT 1)"
            changes[table] = one, []
    assert missed(disarmed, changes) == []


def test_a_row_that_comes_is_found(disarmed: Path) -> None:
    changes: dict[str, Change] = {}
    with closing(unchecked(disarmed)) as connection:
        for table in filled(disarmed):
            row = last_row(connection, table).values()
            values = [None if value is None else changed(value) for value in row]
            places = ", ".join("?" * len(values))
            changes[table] = f"INSERT INTO {table} VALUES ({places})", values
    assert missed(disarmed, changes) == []


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE supply SET share = '0.5'", "supply at 383199900000000017"),
        (
            "UPDATE supply SET to_day = '2025-02-01'",
            "supply 383199900000000017 consumption 2025-01-01 28XNEW---------N",
        ),
        ("UPDATE customers SET name = 'Žiga Čučka'", "customers 1"),
        ("UPDATE reading_values SET value = '101'", "reading_values 1 1-0:1.8.0"),
        ("UPDATE credentials SET label = 'second'", f"credentials {'ab' * 32}"),
        ("UPDATE staff SET role = 'viewer'", "staff 1"),
        ("UPDATE case_flow SET decision_seconds = 4", "case_flow"),
        (f"UPDATE outbox SET comes_of = '{case_id(2)}' WHERE position = 1", "outbox 1"),
        ("UPDATE deadlines SET parked = 'x'", "deadlines 1"),
        ("DELETE FROM issued_gsrns", "issued_gsrns"),
        ("DELETE FROM sqlite_schema WHERE name = 'one_open_case'", "sqlite_schema"),
    ],
)
def test_the_place_is_told(history: Path, statement: str, where: str) -> None:
    with closing(unchecked(history)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(statement)
    told = damage(history)
    assert any(one == where or one.startswith(f"{where} ") for one in told), told


def test_two_rows_that_change_places_are_found(history: Path) -> None:
    with closing(unchecked(history)) as connection:
        connection.execute("UPDATE outbox SET position = -1 WHERE position = 1")
        connection.execute("UPDATE outbox SET position = 1 WHERE position = 2")
        connection.execute("UPDATE outbox SET position = 2 WHERE position = -1")
    assert damage(history)


def test_a_byte_of_the_file_that_is_changed_is_found_or_means_nothing(history: Path) -> None:
    """Where nothing is found, every row of every table and the schema are what they were."""
    content, before = history.read_bytes(), dump(history)
    chance = random.Random(20261122)
    copy = history.with_name("copy.db")
    missed, outcomes = [], Counter()
    used = [offset for offset, byte in enumerate(content) if byte]  # of each page much is empty
    anywhere = chance.choices(range(len(content)), k=BYTES_CHANGED // 4)
    offsets = {*range(0, 100, 7), *anywhere, *chance.choices(used, k=BYTES_CHANGED)}
    for offset in sorted(offsets):
        flipped = bytearray(content)
        flipped[offset] ^= 1 << chance.randrange(8)
        copy.write_bytes(flipped)
        for beside in ("-wal", "-shm"):
            copy.with_name(copy.name + beside).unlink(missing_ok=True)
        if is_found(copy):
            outcomes["found"] += 1
        elif dump(copy) == before:
            outcomes["harmless"] += 1
        else:
            missed.append(offset)
    assert missed == []
    assert outcomes["found"] > BYTES_CHANGED // 2, outcomes


def is_found(path: Path) -> bool:
    """Whether `verify` refuses the file or finds damage in it."""
    try:
        with closing(open_for_reading(path)) as connection:
            check_current(connection)
    except UnableToOpen:
        return True
    return damage(path) != []


def dump(path: Path) -> list[object]:
    """Everything the file says: the schema, and every row of every table, hidden ones too."""
    with closing(open_for_reading(path)) as connection:
        connection.text_factory = bytes
        schema = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
        ).fetchall()
        rows = [
            sorted(map(repr, connection.execute(f"SELECT * FROM {name.decode()} NOT INDEXED")))
            for kind, name, *_ in schema
            if kind == b"table"
        ]
        return [schema, rows]
