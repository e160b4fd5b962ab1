"""What the broker takes for its own file, and what it leaves alone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.store import seals
from broker.store.connection import (
    UnableToOpen,
    check_quickly,
    open_for_reading,
    open_for_writing,
)
from broker.store.schema import (
    APPLICATION_ID,
    UnableToOpenForeign,
    UnableToOpenNewer,
    UnableToOpenOlder,
    check_current,
    migrate,
)
from broker.store.verify import FindingKind
from tests.store.one_of_everything import write_history
from tests.store.samples import later
from tests.store.tampering import damage, findings, unchecked, with_a_broken_page


def test_a_file_bears_its_marks_and_migrating_again_changes_nothing(
    writing: Connection, path: Path
) -> None:
    assert writing.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    (count,) = writing.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
    assert writing.execute("PRAGMA user_version").fetchone() == (count,)
    writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.read_bytes()
    migrate(writing)
    writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "made_by",
    [
        "CREATE TABLE bookmarks (url TEXT)",
        "PRAGMA application_id = 0x42420001",
        "CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT)",
    ],
)
def test_a_file_of_another_program_is_left_as_it_is(tmp_path: Path, made_by: str) -> None:
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute(made_by)
        theirs.commit()
    with closing(open_for_writing(path)) as connection:
        before = connection.execute("SELECT * FROM sqlite_schema").fetchall()
        with pytest.raises(UnableToOpenForeign):
            migrate(connection)
        assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == before


@pytest.mark.parametrize(
    ("made_by", "named"),
    [
        (
            """INSERT INTO _sqlite_migrations (migration_set, name, applied_at)
            VALUES ('exchange', '0099_later', '2030')""",
            "exchange/0099_later",
        ),
        ("PRAGMA user_version = 999", "999 migrations"),
    ],
)
def test_what_a_newer_version_has_shaped_is_refused_by_name(
    writing: Connection, made_by: str, named: str
) -> None:
    writing.execute(made_by)
    with pytest.raises(UnableToOpenNewer, match=named):
        migrate(writing)


def test_what_an_older_version_has_shaped_is_not_verified_but_brought_up_to_date(
    writing: Connection, path: Path
) -> None:
    older(writing)
    with closing(open_for_reading(path)) as reading, pytest.raises(UnableToOpenOlder):
        check_current(reading)
    migrate(writing)
    with closing(open_for_reading(path)) as reading:
        check_current(reading)
    assert damage(path) == []


def test_seals_from_before_there_were_sums_still_hold(writing: Connection, path: Path) -> None:
    write_history(writing, path)
    previous, since = seals.BEGINNING, (0, 0, 0, 0)
    for one in list(seals.all_seals(writing)):
        value = seals.value_of(
            writing, at=one.at, since=since, to=one.to, previous=previous, sums=None
        )
        writing.execute(
            "UPDATE seals SET previous = ?, seal = ?, row_sums = NULL WHERE seal_id = ?",
            (previous, value, one.seal_id),
        )
        previous, since = value, one.to
    older(writing)
    migrate(writing)
    assert {one.kind for one in findings(path)} == {FindingKind.NOT_SEALED}
    assert seals.seal(writing, later(hours=9)) is not None
    assert findings(path) == []


def older(connection: Connection) -> None:
    """Take back what the last migration has made."""
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB 'row_sums_*'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("ALTER TABLE seals DROP COLUMN row_sums")
    connection.execute("DROP TABLE row_sums")
    connection.execute("DELETE FROM _sqlite_migrations WHERE migration_set = 'evidence'")
    connection.execute("PRAGMA user_version = 0")
    connection.execute("PRAGMA application_id = 0")


def test_a_trigger_that_was_removed_keeps_the_service_from_starting(path: Path) -> None:
    with closing(open_for_writing(path)) as connection:
        migrate(connection)
    with closing(unchecked(path)) as connection:
        connection.execute("DROP TRIGGER row_sums_supply_changed")
    assert damage(path) == ["sqlite_schema"]
    with (
        closing(open_for_writing(path)) as connection,
        pytest.raises(UnableToOpen, match="changed by hand"),
    ):
        migrate(connection)


def test_a_quick_check_finds_a_damaged_page(writing: Connection, path: Path) -> None:
    check_quickly(writing)
    damaged = with_a_broken_page(path, path.with_name("damaged.db"), "cases")
    with (
        closing(open_for_writing(damaged)) as connection,
        pytest.raises(UnableToOpen, match="damaged"),
    ):
        check_quickly(connection)
