"""A small portion of the simulation, and of the proof that its auditor looks."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from broker.scenarios.files import read_scenario
from tests.simulation.audit.legal_days import Calendar, months_later
from tests.simulation.mutants import MUTANTS, ROOT, hunt
from tests.simulation.shrink import scenario_of
from tests.simulation.simulate import Found, Settings, Tally, Theatre, play_again, play_world

QUICK = {"the settlement is not sent", "the old supplier is told who is the new one"}


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    """Register and template, with two copies of each sample point."""
    return Theatre(tmp_path_factory.mktemp("simulation"), copies=2)


@pytest.mark.parametrize("seed", ["ci/0", "ci/1", "ci/2"])
def test_nothing_is_found(theatre: Theatre, seed: str) -> None:
    tally = Tally()
    found = asyncio.run(play_world(theatre, seed, 30, tally))
    assert found is None, f"{found}"
    assert tally.cases > 20
    assert tally.documents > 40


def test_a_seed_plays_the_same_world_again(theatre: Theatre) -> None:
    tallies = []
    for _ in range(2):
        tally = Tally()
        asyncio.run(play_world(theatre, "again/0", 10, tally))
        tallies.append(tally)
    assert tallies[0] == tallies[1]


def test_every_mutant_still_has_its_text() -> None:
    for mutant in MUTANTS:
        text = (ROOT / "broker" / mutant.file).read_text("utf-8")
        assert text.count(mutant.old) == 1, mutant.name
        assert mutant.old != mutant.new, mutant.name
        compile(text.replace(mutant.old, mutant.new), mutant.file, "exec")


@pytest.mark.parametrize("name", sorted(QUICK))
def test_a_mutant_is_caught(name: str) -> None:
    (mutant,) = [one for one in MUTANTS if one.name == name]
    caught = hunt(mutant)
    assert caught.caught, caught.told


def test_steps_become_a_scenario(theatre: Theatre, tmp_path: Path) -> None:
    step = {
        "at": "2026-04-24T08:15:00+00:00",
        "do": "post",
        "name": "S-1",
        "party": "28XJUG-ELEKTRIKB",
        "xml": (ROOT / "fixtures/messages/SwitchRequest/as-soon-as-possible.xml").read_text(
            "utf-8"
        ),
    }
    found = Found("a/0", "a check", "what was found", (step,), Settings())
    path = tmp_path / "found.toml"
    path.write_text(scenario_of(theatre, found, [step]), "utf-8")
    scenario = read_scenario(path)
    assert [one.post for one in scenario.steps] == ["SwitchRequest/as-soon-as-possible"]
    assert scenario.steps[0].set == {}
    finding, _ = asyncio.run(play_again(theatre, found, [step]))
    assert finding is None


def test_claims_of_one_collection_are_one_case_of_a_scenario(
    theatre: Theatre, tmp_path: Path
) -> None:
    claim = (ROOT / "fixtures/messages/ShareClaim/of-a-part.xml").read_text("utf-8")
    other = claim.replace("28XJUG-ELEKTRIKB", "28XVZHOD-DOBAVAQ").replace(">0.6<", ">0.4<")
    steps = [
        {"at": "2026-04-24T08:15:00+00:00", "do": "post", "name": name, "party": party, "xml": xml}
        for name, party, xml in (
            ("S-1", "28XJUG-ELEKTRIKB", claim),
            ("S-2", "28XVZHOD-DOBAVAQ", other),
        )
    ]
    found = Found("a/0", "a check", "what was found", tuple(steps), Settings())
    path = tmp_path / "found.toml"
    path.write_text(scenario_of(theatre, found, steps), "utf-8")
    scenario = read_scenario(path)
    assert [(one.post, one.case) for one in scenario.steps] == [("ShareClaim/of-a-part", "S-1")] * 2
    assert scenario.steps[1].set["ChosenSupplier/Share"] == "0.4"


def test_the_auditor_counts_working_days_by_itself() -> None:
    assert Calendar().working_day_after(date(2026, 4, 24), 5) == date(2026, 5, 5)
    assert Calendar((date(2026, 5, 5),)).working_day_after(date(2026, 4, 24), 5) == date(2026, 5, 6)
    assert months_later(date(2026, 8, 31), 6) == date(2027, 2, 28)
