"""The drawn processes are those of the tables."""

from pathlib import Path

import pytest

from broker.engine.decide import PROCESSES
from broker.scenarios import draw_processes


def test_the_page_is_not_stale() -> None:
    assert draw_processes.main(["--check"]) == 0


def test_a_stale_page_is_found(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draw_processes, "PAGE", tmp_path / "processes.md")
        assert draw_processes.main(["--check"]) == 1
        assert draw_processes.main([]) == 0
        assert draw_processes.main(["--check"]) == 0


def test_every_transition_is_drawn() -> None:
    page = draw_processes.page()
    rows = [row for process in PROCESSES for row in process.items()]
    for phase, transitions in rows:
        for transition in transitions.values():
            for after in transition.to:
                assert f"    {phase.value} --> {after.value}: " in page
        if not transitions:
            assert f"    {phase.value} --> [*]" in page


def test_wrong_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert draw_processes.main(["--draw"]) == 2
    assert "usage" in capsys.readouterr().err
