"""A service for each test, people who may sign in, and their browsers."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dashboard.visitors import Visitor, let_in
from tests.web.running import Broker, new_database, running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample register and staff in a file, made once: hashing passwords is slow on purpose."""
    path = tmp_path_factory.mktemp("template") / "broker.sqlite"
    new_database(path)

    async def let_staff_in() -> None:
        async with running(path) as broker:
            await let_in(broker, "nada", "vid")

    asyncio.run(let_staff_in())
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """The file of this test, with the sample register."""
    return Path(shutil.copy(template, tmp_path / "broker.sqlite"))


@pytest.fixture
async def broker(database: Path) -> AsyncIterator[Broker]:
    """A running service on Friday 24 April 2026 at 10:00, with a clerk and a viewer."""
    async with running(database) as started:
        yield started


@pytest.fixture
async def visitor(broker: Broker) -> AsyncIterator[Visitor]:
    """Somebody who has not signed in."""
    opened = Visitor(broker)
    yield opened
    await opened.session.close()


@pytest.fixture
async def clerk(broker: Broker) -> AsyncIterator[Visitor]:
    """A clerk who has signed in."""
    opened = Visitor(broker)
    await opened.sign_in("nada")
    yield opened
    await opened.session.close()


@pytest.fixture
async def viewer(broker: Broker) -> AsyncIterator[Visitor]:
    """A viewer who has signed in."""
    opened = Visitor(broker)
    await opened.sign_in("vid")
    yield opened
    await opened.session.close()
