"""The sample register, imported once, to be copied for every scenario."""

from pathlib import Path

import pytest

from broker.scenarios.stage import make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the sample register and a token for every party."""
    return make_template(tmp_path_factory.mktemp("template") / "register.sqlite")
