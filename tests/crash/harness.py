"""Runs scenarios on a service that meets trouble meanwhile; all must end as if it had met none.

A round is one scenario and up to four troubles, by its seed. Each scenario is run undisturbed
first: its file is the measure of what the others leave. So every acknowledged message must have
its effects, each notice must have come once, and each deadline must have acted once; the
scenario's own expectations must hold, and the file must verify.
"""

import asyncio
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from broker.config import RuleSettings
from broker.scenarios.files import Scenario, read_scenario, scenario_paths
from broker.scenarios.run import run_scenario
from tests.crash.audit import Account, account_of, differences, lost
from tests.crash.stage import TroubledStage
from tests.crash.troubles import Kind, Trouble, by_seed
from tests.web.letters import ROOT

_LITERAL = re.compile(r"'(?:[^']|'')*'|X'[0-9A-Fa-f]*'|\b\d+(?:\.\d+)?\b")
_NAMED = re.compile(r"'((?:[A-Z][a-z]+){2,})'")
_WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
_TOLD_MOST = 5


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A scenario as it goes when nothing happens to it."""

    path: Path
    statements: int
    commits: int
    writes: dict[str, tuple[int, int]]
    """Where each kind of write comes first: which statement it is, which commit follows it."""
    account: Account
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A round to be run: its name, and what befalls the scenario."""

    name: str
    undisturbed: Undisturbed
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a round: which troubles it met, and what is wrong."""

    name: str
    path: Path
    met: tuple[Kind, ...]
    tried_again: int
    """How often a request had no answer or was told to try again, and was sent again."""
    failures: tuple[str, ...]


def undisturbed(path: Path, template: Path, disk: Path) -> Undisturbed:
    """The scenario in this file, run with nothing in its way."""
    failures, stage, account, _ = _run(path, template, disk, ())
    writes: dict[str, tuple[int, int]] = {}
    commits = 1
    for position, statement in enumerate(stage.seen.statements, start=1):
        kind = write_of(statement)
        if kind is not None:
            writes.setdefault(kind, (position, commits))
        commits += statement == "COMMIT"
    seen = stage.seen
    return Undisturbed(path, len(seen.statements), seen.commits, writes, account, tuple(failures))


def run_round(job: Job, template: Path, disk: Path) -> Round:
    """Run the scenario with these troubles, and hold what it leaves against the undisturbed one."""
    failures, stage, account, lost_ones = _run(job.undisturbed.path, template, disk, job.troubles)
    if not failures:
        failures = [*lost_ones, *differences(job.undisturbed.account, account)]
    seen = stage.seen
    told = [line[:600] for line in (*seen.wrong, *failures)][:_TOLD_MOST]
    met = tuple(seen.met)
    return Round(job.name, job.undisturbed.path, met, seen.tried_again, tuple(told))


def _run(
    path: Path, template: Path, disk: Path, troubles: tuple[Trouble, ...]
) -> tuple[list[str], TroubledStage, Account, list[str]]:
    """What did not come as expected, the stage, what the file holds, what was lost."""
    stages: list[TroubledStage] = []
    with (
        tempfile.TemporaryDirectory(dir=disk) as small,
        tempfile.TemporaryDirectory() as folder,
    ):
        log = Path(folder) / "service.log"

        def on(of: Path, _: Path, rules: RuleSettings, start: datetime) -> TroubledStage:
            database = Path(small) / "scenario.sqlite"
            database.write_bytes(of.read_bytes())
            stages.append(TroubledStage(database, log, replace(rules), start, troubles=troubles))
            return stages[0]

        failures = _failures_of(read(path), template, Path(folder), on)
        failures += [line for line in _lines_of(log) if "ALARM" in line and "sweep" not in line]
        stage = stages[0]
        account = account_of(stage.database)
        missing = lost(stage.database, stage.seen.acknowledged)
    return failures, stage, account, missing


def _failures_of(
    scenario: Scenario,
    template: Path,
    folder: Path,
    on: Callable[[Path, Path, RuleSettings, datetime], TroubledStage],
) -> list[str]:
    try:
        report = asyncio.run(run_scenario(scenario, template=template, folder=folder, on=on))
    except Exception as error:  # noqa: BLE001 - whatever a service makes of a scenario is a finding
        return [f"{type(error).__name__}: {error}"]
    return list(report.failures)


def _lines_of(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def write_of(statement: str) -> str | None:
    """The kind of write a traced statement is; None for a read.

    That is its text without the values, but for what names a record or a document.
    """
    if not statement.startswith(_WRITES):
        return None
    named = _NAMED.search(statement)
    text = " ".join(_LITERAL.sub("?", statement).split())
    return f"{text} {named[1]}" if named else text


def chosen(seeds: Iterable[int], paths: list[Path]) -> dict[int, Path]:
    """The scenario of each of these seeds."""
    return {seed: random.Random(seed).choice(paths) for seed in seeds}


def random_jobs(
    chosen_of: dict[int, Path], known: dict[Path, Undisturbed], kind: Kind | None = None
) -> Iterator[Job]:
    """The rounds of these seeds over their scenarios, each of which was run undisturbed.

    With troubles of this kind alone, where one is given.
    """
    for seed, path in chosen_of.items():
        one = known[path]
        chance = random.Random(f"troubles {seed}")
        troubles = by_seed(chance, one.statements, one.commits, kind)
        yield Job(f"seed {seed}", one, troubles)


def write_point_jobs(scenarios: Iterable[Undisturbed]) -> Iterator[Job]:
    """Killed before and after every kind of write, where it comes first, and after its commit."""
    known: set[str] = set()
    for one in scenarios:
        for write, (position, commit) in one.writes.items():
            if write in known:
                continue
            known.add(write)
            yield Job(f"before {write}", one, (Trouble(Kind.KILLED_AT, position),))
            yield Job(f"after {write}", one, (Trouble(Kind.KILLED_AT, position + 1),))
            committed = Trouble(Kind.KILLED_AFTER_COMMIT, commit)
            yield Job(f"after the commit of {write}", one, (committed,))


# Looks at a case between a decision and what is due at once, which a start does first.
_SETTLED_AT_ONCE = "measured-power-under-review.toml"


@cache
def read(path: Path) -> Scenario:
    """The scenario in this file, read once."""
    return read_scenario(path)


def suitable() -> list[Path]:
    """Every scenario; those that look at what is not swept after a start are left out."""
    paths = scenario_paths([ROOT / "fixtures" / "scenarios"])
    return [
        path
        for path in paths
        if "unswept" not in path.read_text(encoding="utf-8") and path.name != _SETTLED_AT_ONCE
    ]
