"""Every scenario goes as its file says, and together they reach every transition of the process.

Method: a loop over the files; each runs through the real door on its own copy of the sample
register. What the engine is asked and answers is noted on the way.
"""

from pathlib import Path
from typing import Any

import pytest

from broker.engine import decide as engine
from broker.engine.decide import PROCESSES
from broker.engine.decision import Decision, Refused
from broker.engine.state import Phase
from broker.messages.events import DeadlineReached
from broker.scenarios.files import SCENARIOS, read_scenario, scenario_paths
from broker.scenarios.run import run_scenario
from broker.usecases import handle_event
from tests.scenarios.billing_periods import periods_that_do_not_join, without_both_numbers
from tests.scenarios.notices_made_again import differences_when_made_again

# Where the register says something else of a day than it did on that day: a reading or a meter was
# put right since, a customer has moved, readings of the sample are dated after the scenario.
CHANGED_SINCE = {
    "neighbour-switched-since.toml",
    "twice-on-one-day.toml",
    "register-and-days-change.toml",
    "over-a-meter-exchange.toml",
    "summer-time-begins.toml",
}

PATHS = scenario_paths([SCENARIOS])
MADE_AGAIN = PATHS[::4]
"""Of these every document is lost at the end and made again; of all it would take a minute."""


@pytest.fixture(scope="module")
def told() -> dict[Path, set[tuple[Any, ...]]]:
    """What each scenario run so far was decided: phase, event, phase afterwards."""
    return {}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(SCENARIOS)))
async def test_the_scenario_goes_as_it_says(
    path: Path,
    template: Path,
    tmp_path: Path,
    told: dict[Path, set[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told[path] = set()

    def decide(state: Any, event: Any, **circumstances: Any) -> Decision | Refused:
        outcome = engine.decide(state, event, **circumstances)
        if isinstance(outcome, Decision):
            kind = event.kind if isinstance(event, DeadlineReached) else type(event)
            told[path].add((state.phase if state else Phase.NEW, kind, outcome.state.phase))
        return outcome

    monkeypatch.setattr(handle_event, "decide", decide)
    scenario = read_scenario(path)
    report = await run_scenario(scenario, template=template, folder=tmp_path)
    assert "\n".join(report.failures) == ""
    assert periods_that_do_not_join(report.happenings) == []
    assert without_both_numbers(report.happenings) == []
    if path in MADE_AGAIN:
        same = path.name not in CHANGED_SINCE
        lost = tmp_path / "scenario.sqlite"
        wrong = differences_when_made_again(lost, scenario.settings, same_register=same)
        assert "\n".join(wrong) == ""


def test_every_transition_is_reached(told: dict[Path, set[tuple[Any, ...]]]) -> None:
    if set(told) != set(PATHS):
        pytest.skip("not all scenarios were run")
    transitions = {
        (phase, trigger, to)
        for process in PROCESSES
        for phase, row in process.items()
        for trigger, transition in row.items()
        for to in transition.to
    }
    assert transitions - set().union(*told.values()) == set()
