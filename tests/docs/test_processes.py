"""The drawn processes are those of the tables."""

from pathlib import Path

import pytest

from broker.engine.decision import Process
from broker.scenarios import draw_processes


def test_the_page_is_not_stale() -> None:
    assert draw_processes.main(["--check"]) == 0


def test_a_stale_page_is_found(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw_processes, "PAGE", tmp_path / "processes.md")
        assert draw_processes.main(["--check"]) == 1
        assert draw_processes.main([]) == 0
        assert draw_processes.main(["--check"]) == 0


@pytest.mark.parametrize("heading", draw_processes.PROCESSES)
def test_every_transition_is_drawn(heading: str) -> None:
    page = draw_processes.page().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    process: Process = draw_processes.PROCESSES[heading][1]
    for phase, transitions in process.items():
        for transition in transitions.values():
            for after in transition.to:
                assert f"    {phase.value} --> {after.value}: " in page
        if not transitions:
            assert f"    {phase.value} --> [*]" in page


def test_wrong_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert draw_processes.main(["--draw"]) == 2
    assert "usage" in capsys.readouterr().err
