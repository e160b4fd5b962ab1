"""Files with an imported register: the sample's two dozen points, or some hundreds."""

import shutil
from pathlib import Path

import pytest

from tests.service.large_register import grow_register
from tests.web.letters import Point
from tests.web.running import new_database


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


@pytest.fixture(scope="session")
def large_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[Point, ...]]:
    """A register with some hundreds of plain points in a file, and these points."""
    folder = tmp_path_factory.mktemp("large")
    points = grow_register(folder / "register", count=600)
    new_database(folder / "broker.sqlite", folder / "register")
    return folder / "broker.sqlite", points


@pytest.fixture
def large(
    large_template: tuple[Path, tuple[Point, ...]], tmp_path: Path
) -> tuple[Path, tuple[Point, ...]]:
    """The large file of this test, and its points."""
    path, points = large_template
    return Path(shutil.copy(path, tmp_path / "large.sqlite")), points
