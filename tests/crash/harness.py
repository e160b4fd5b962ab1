"""Runs scenarios on a service that is killed meanwhile; every expectation must hold all the same.

A round is one scenario and up to four kills, by its seed: before a statement of the writer, or at
some moment of a request. `--write-points` kills before and after every kind of write in turn.
Afterwards the file verifies, and each scenario's own expectations have said that every
acknowledged message has its effects, each notice came once and each deadline acted once.

`python -m tests.crash.harness --rounds N --seed S`
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from broker.config import RuleSettings
from broker.scenarios.files import Scenario, read_scenario, scenario_paths
from broker.scenarios.run import run_scenario
from broker.scenarios.stage import make_template
from tests.crash.stage import Crashes, CrashingStage
from tests.web.letters import ROOT

_LITERAL = re.compile(r"'(?:[^']|'')*'|X'[0-9A-Fa-f]*'|\b\d+\b")
_STATEMENTS: dict[Path, int] = {}
_WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True, slots=True)
class Round:
    """A scenario with its kills, and what came of it."""

    scenario: Scenario
    kills: int
    failures: tuple[str, ...]


def crash(scenario: Scenario, template: Path, crashes: Crashes) -> tuple[Round, list[str]]:
    """Run a scenario with these kills; also gives the statements of the lives that were stopped."""
    stages: list[CrashingStage] = []

    def open_stage(of: Path, folder: Path, rules: RuleSettings, start: datetime) -> CrashingStage:
        database = folder / "scenario.sqlite"
        database.write_bytes(of.read_bytes())
        stages.append(CrashingStage(database, replace(rules), start, crashes))
        return stages[0]

    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(
            run_scenario(scenario, template=template, folder=Path(folder), on=open_stage)
        )
    return Round(scenario, crashes.count, report.failures), stages[0].statements


def write_of(statement: str) -> str | None:
    """The kind of write a traced statement is: its text without the values; None for a read."""
    text = " ".join(_LITERAL.sub("?", statement).split())
    return text if text.startswith(_WRITES) else None


def statements_of(scenario: Scenario, template: Path) -> int:
    """How many statements the writer needs for the scenario when nothing happens to it."""
    if scenario.path not in _STATEMENTS:
        _, statements = crash(scenario, template, Crashes(()))
        _STATEMENTS[scenario.path] = max(len(statements), 1)
    return _STATEMENTS[scenario.path]


def random_round(scenarios: list[Scenario], template: Path, seed: int) -> Round:
    """The round of this seed."""
    chance = random.Random(seed)
    scenario = chance.choice(scenarios)
    number = chance.randint(1, 4)
    if chance.random() < 0.3:
        crashes = Crashes((), tuple(chance.uniform(0, 0.02) for _ in range(number)))
    else:
        most = statements_of(scenario, template)
        crashes = Crashes(tuple(chance.randint(1, most) for _ in range(number)))
    return crash(scenario, template, crashes)[0]


def write_points(scenarios: list[Scenario], template: Path) -> Iterator[tuple[str, Round]]:
    """Before and after every kind of write of these scenarios, each where it comes first."""
    done: set[str] = set()
    for scenario in scenarios:
        _, statements = crash(scenario, template, Crashes(()))
        for position, statement in enumerate(statements, start=1):
            kind = write_of(statement)
            if kind is None or kind in done:
                continue
            done.add(kind)
            for gap in (position, position + 1):
                yield kind, crash(scenario, template, Crashes((gap,)))[0]


def suitable() -> list[Scenario]:
    """Every scenario; those that look at what is not swept after a start are left out."""
    paths = scenario_paths([ROOT / "fixtures" / "scenarios"])
    found = [read_scenario(path) for path in paths]
    return [one for one in found if not any(step.unswept for step in one.steps)]


@contextmanager
def template() -> Iterator[Path]:
    """The sample register in a file to copy from."""
    with tempfile.TemporaryDirectory() as folder:
        yield make_template(Path(folder) / "template.sqlite")


def main() -> int:
    """Run many rounds and print what came of them; 1 where an expectation did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write-points", action="store_true")
    options = parser.parse_args()
    scenarios, began = suitable(), time.monotonic()
    rounds, kills, failed, kinds = 0, 0, 0, set()
    with template() as file:
        if options.write_points:
            each = write_points(scenarios, file)
        else:
            by_seed = partial(random_round, scenarios, file)
            each = (
                (f"seed {n}", by_seed(n))
                for n in range(options.seed, options.seed + options.rounds)
            )
        for name, one in each:
            rounds, kills = rounds + 1, kills + one.kills
            kinds.add(name)
            if one.failures:
                failed += 1
                print(f"{name}: {one.scenario.path}: {one.failures}", flush=True)
    what = f"{len(kinds)} kinds of write" if options.write_points else f"seeds from {options.seed}"
    print(f"{rounds} rounds over {len(scenarios)} scenarios, {what}: {kills} kills,")
    print(f"{failed} rounds in which an expectation did not hold; {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
