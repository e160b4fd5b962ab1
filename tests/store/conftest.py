"""A new database in a file, with a connection that writes and one that reads."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from broker.store.connection import open_for_reading, open_for_writing
from broker.store.schema import migrate


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the whole schema and an empty register, made once, to copy from."""
    path = tmp_path_factory.mktemp("empty") / "broker.db"
    with closing(open_for_writing(path)) as connection:
        migrate(connection)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of the test lies."""
    return tmp_path / "broker.db"


@pytest.fixture
def writing(path: Path, empty_file: Path) -> Iterator[Connection]:
    """The connection that writes to a new database with the whole schema and an empty register."""
    shutil.copy(empty_file, path)
    with closing(open_for_writing(path)) as connection:
        yield connection


@pytest.fixture
def reading(path: Path, writing: Connection) -> Iterator[Connection]:
    """A connection that reads the same database."""
    with closing(open_for_reading(path)) as connection:
        yield connection
