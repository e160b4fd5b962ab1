"""Registers to be switched: the sample of spring 2026, and the sample moved to today."""

import random
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.clock import SystemClock
from broker.engine.calendar import local_day
from broker.scenarios.demo_other_side import write_meters
from broker.scenarios.demo_register import write_moved_register
from tests.web.letters import REGISTER
from tests.web.running import new_database


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample register in a file, and what its meters show."""
    folder = tmp_path_factory.mktemp("sample")
    new_database(folder / "broker.sqlite")
    write_meters(REGISTER, folder / "meters.csv")
    return folder


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """The file of this test, with the sample register, its meters beside it."""
    return shutil.copytree(template, tmp_path / "sample") / "broker.sqlite"


@pytest.fixture(scope="session")
def template_of_today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with the register's dates moved as the demo moves them."""
    folder = tmp_path_factory.mktemp("today")
    write_moved_register(folder / "register", local_day(SystemClock().now()))
    new_database(folder / "broker.sqlite", folder / "register")
    write_meters(folder / "register", folder / "meters.csv")
    return folder


@pytest.fixture
def database_of_today(template_of_today: Path, tmp_path: Path) -> Path:
    """The file of this test, of today, its meters beside it."""
    return shutil.copytree(template_of_today, tmp_path / "today") / "broker.sqlite"


@pytest.fixture
def now() -> datetime:
    """The present second."""
    return SystemClock().now().astimezone(UTC).replace(microsecond=0)


@pytest.fixture
def port_to_keep() -> int:
    """A port to listen at again and again: it and the next, the dashboard's, are nobody else's.

    They lie below those that a system gives to whoever asks for any port, or calls somebody.
    """
    for port in random.sample(range(20_000, 32_000, 2), 100):
        if _is_free(port) and _is_free(port + 1):
            return port
    raise AssertionError("no port is free")


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) != 0
