"""A service for each test, on a copy of one imported register."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.raw_http import Line
from tests.web.running import Broker, new_database, running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register in a file, made once."""
    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    new_database(path)
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """The file of this test, with the sample register."""
    return Path(shutil.copy(template, tmp_path / "broker.sqlite"))


@pytest.fixture
async def broker(database: Path) -> AsyncIterator[Broker]:
    """A running service on a virtual clock that begins on Friday 24 April 2026 at 10:00."""
    async with running(database) as started:
        yield started


@pytest.fixture
async def line(broker: Broker) -> AsyncIterator[Line]:
    """A connection to the door on which bytes are written by hand."""
    opened = await Line.to(broker.port)
    yield opened
    await opened.close()
