"""Opening the file: durable for the writer, read-only for readers, held by one process."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from broker.store.connection import (
    UnableToOpen,
    UnableToOpenHeldDatabase,
    hold,
    open_for_reading,
    open_for_writing,
)


def test_the_writer_waits_for_the_disk(writing: sqlite3.Connection) -> None:
    def pragma(name: str) -> object:
        return writing.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("synchronous") == 2
    assert pragma("journal_mode") == "wal"
    assert pragma("foreign_keys") == 1
    assert pragma("wal_autocheckpoint") == 1000


def test_only_the_owner_may_read_the_file(path: Path, writing: sqlite3.Connection) -> None:
    writing.execute("CREATE TABLE t (x)")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(UnableToOpen):
        open_for_writing(path)


def test_a_reader_cannot_write(reading: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reading.execute("DELETE FROM journal")


def test_a_reader_does_not_make_a_database(path: Path) -> None:
    with pytest.raises(UnableToOpen):
        open_for_reading(path)
    assert not path.exists()


def test_a_path_with_special_characters_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a?b #c%20.db"
    with closing(open_for_writing(path)) as writing:
        writing.execute("CREATE TABLE t (x)")
        with closing(open_for_reading(path)) as reading:
            assert reading.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_the_second_to_hold_is_refused_until_the_first_lets_go(path: Path) -> None:
    with hold(path), pytest.raises(UnableToOpenHeldDatabase), hold(path):
        pass
    with hold(path):
        pass
