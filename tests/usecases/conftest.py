"""Files of a register to be imported: an empty database, and a copy of the sample to spoil."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest
from sqlite_utils import Database

from broker.store.connection import open_for_writing
from broker.store.migrations_register import register

SAMPLE = Path(__file__).parents[2] / "fixtures" / "register"


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[Connection]:
    """The connection that writes to an empty file."""
    with closing(open_for_writing(tmp_path / "register.db")) as connection:
        register.apply(Database(connection))
        yield connection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sample register that a test may spoil."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "register"))
