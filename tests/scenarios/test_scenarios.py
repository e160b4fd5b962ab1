"""Every scenario goes as its file says, through the real door.

Method: a loop over the files; each runs on its own copy of the sample register.
"""

from pathlib import Path

import pytest

from broker.scenarios.files import SCENARIOS, read_scenario, scenario_paths
from broker.scenarios.run import run_scenario


@pytest.mark.parametrize(
    "path", scenario_paths([SCENARIOS]), ids=lambda path: str(path.relative_to(SCENARIOS))
)
async def test_the_scenario_goes_as_it_says(path: Path, template: Path, tmp_path: Path) -> None:
    report = await run_scenario(read_scenario(path), template=template, folder=tmp_path)
    assert "\n".join(report.failures) == ""
