"""Crashes: a small seeded portion of what `scripts/crash` runs by the thousand."""

import re
from collections.abc import Iterator

import pytest

from tests.crash.harness import Job, chosen, random_jobs, suitable, write_point_jobs
from tests.crash.mutants import MUTANTS, Mutant, hunt_all
from tests.crash.troubles import FROM_INSIDE, Kind, Trouble
from tests.crash.workplace import Workplace, workplace
from tests.web.letters import ROOT

ROUNDS = 10
(SCENARIO,) = [path for path in suitable() if path.name == "review-accepted.toml"]
STATEMENTS = 40

# By such means alone could a service be made to fail at a write from inside.
FAIL_POINT = re.compile(r"SIGKILL|SIGSTOP|os\.(kill|abort|_exit)|set_trace_callback|fail_?point")


@pytest.fixture(scope="module")
def place() -> Iterator[Workplace]:
    """Two workers."""
    with workplace(2) as opened:
        yield opened


def test_whatever_the_service_meets_all_ends_as_if_it_had_met_nothing(place: Workplace) -> None:
    seeds = chosen(range(ROUNDS), suitable())
    known = {one.path: one for one in place.undisturbed(sorted(set(seeds.values())))}
    assert [one.failures for one in known.values() if one.failures] == []
    rounds = list(place.rounds(list(random_jobs(seeds, known))))
    assert [(one.name, one.path, one.failures) for one in rounds if one.failures] == []
    assert sum(len(one.met) for one in rounds) > ROUNDS


def test_each_kind_of_trouble_is_met(place: Workplace) -> None:
    (one,) = place.undisturbed([SCENARIO])
    jobs = [
        Job(kind.name, one, (Trouble(kind, after_of(kind), seconds_of(kind)),)) for kind in Kind
    ]
    rounds = list(place.rounds(jobs))
    assert [(one.name, one.failures) for one in rounds if one.failures] == []
    assert [one.met for one in rounds] == [(kind,) for kind in Kind]


def after_of(kind: Kind) -> int:
    return STATEMENTS if FROM_INSIDE.get(kind) == "statement" else 2


def seconds_of(kind: Kind) -> float:
    return 4000.0 if kind in (Kind.CLOCK_BEHIND, Kind.CLOCK_JUMPS) else 0.0


def test_every_write_of_a_switch_may_be_the_last(place: Workplace) -> None:
    jobs = list(write_point_jobs(place.undisturbed([SCENARIO])))
    rounds = list(place.rounds(jobs))
    assert [(one.name, one.failures) for one in rounds if one.failures] == []
    assert all(len(one.met) == 1 for one in rounds)
    assert len(rounds) > 60


def test_the_harness_finds_a_repeat_that_is_known_by_memory_alone() -> None:
    """One of its deliberate defects; `scripts/crash --mutants` hunts them all."""
    (hunt,) = hunt_all(1, "a repeat is known by memory alone")
    assert hunt.caught, hunt.told


def test_the_text_of_every_defect_is_there() -> None:
    assert {
        (mutant.name, edit.file): (ROOT / "broker" / edit.file).read_text("utf-8").count(edit.old)
        for mutant in MUTANTS
        for edit in mutant.edits
    } == {(mutant.name, edit.file): 1 for mutant in MUTANTS for edit in mutant.edits}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_defect_leaves_a_program(mutant: Mutant) -> None:
    changed = {edit.file: (ROOT / "broker" / edit.file).read_text("utf-8") for edit in mutant.edits}
    for edit in mutant.edits:
        changed[edit.file] = changed[edit.file].replace(edit.old, edit.new)
    for name, text in changed.items():
        compile(text, name, "exec")


def test_nothing_in_the_product_can_be_told_to_fail() -> None:
    """The harness watches and ends the service by its own code: no setting can switch that on."""
    found = {
        str(path.relative_to(ROOT)): FAIL_POINT.findall(path.read_text("utf-8"))
        for path in (ROOT / "broker").rglob("*.py")
    }
    assert {name: words for name, words in found.items() if words} == {}
