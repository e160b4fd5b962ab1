"""A new database in a file, with a connection that writes and one that reads."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.store.connection import open_for_reading, open_for_writing
from broker.store.migrations_exchange import exchange
from broker.store.migrations_keeping import keeping
from broker.store.migrations_register import register


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database of the test lies."""
    return tmp_path / "broker.db"


@pytest.fixture
def writing(path: Path) -> Iterator[Connection]:
    """The connection that writes to a new database with the whole schema and an empty register."""
    with closing(open_for_writing(path)) as connection:
        exchange.apply(Database(connection))
        register.apply(Database(connection))
        keeping.apply(Database(connection))
        yield connection


@pytest.fixture
def reading(path: Path, writing: Connection) -> Iterator[Connection]:
    """A connection that reads the same database."""
    with closing(open_for_reading(path)) as connection:
        yield connection
