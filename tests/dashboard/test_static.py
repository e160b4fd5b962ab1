"""The files that go to the browser as they are: whole, since nothing compiles them."""

from pathlib import Path

import pytest

from broker.dashboard.render import STATIC


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_every_block_of_a_style_sheet_is_closed(path: Path) -> None:
    depth = 0
    for line in path.read_text("utf-8").splitlines():
        depth += line.count("{") - line.count("}")
        assert depth >= 0, line
    assert depth == 0
