"""Command line of the simulation: scripts/simulate."""

import argparse
import asyncio
import gc
import logging
import os
import re
import ssl
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from broker.store.connection import UnableToOpen
from tests.simulation.mutants import hunt_all
from tests.simulation.shrink import scenario_of, shrink
from tests.simulation.simulate import CASES_OF_A_WORLD, Found, Tally, Theatre, play_world


def main() -> int:
    """Play worlds of a seed until so many requests were made, or hunt every mutant."""
    parser = argparse.ArgumentParser(prog="scripts/simulate", description=__doc__)
    parser.add_argument("--seed", default="1", help="worlds are S/0, S/1 and so on")
    parser.add_argument("--cases", type=int, default=1000, help="how many requests to play")
    parser.add_argument("--world", help="play this one world alone, such as 7/3")
    parser.add_argument("--brief", action="store_true", help="the finding alone, not shrunk")
    parser.add_argument("--mutants", action="store_true", help="every deliberate bug must be found")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at once")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    # Every start of the service reads the authorities of the machine; thousands do here.
    ssl.create_default_context = cache(ssl.create_default_context)
    if arguments.mutants:
        return hunt_mutants(arguments.jobs)
    return play(arguments)


def play(arguments: argparse.Namespace) -> int:
    """Worlds one after another, until one of them shows a finding."""
    tally, began = Tally(), time.perf_counter()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        try:
            theatre = Theatre(Path(folder))
        except UnableToOpen as error:
            print(f"no world: {error}")
            return 1
        while tally.requests < arguments.cases:
            seed = arguments.world or f"{arguments.seed}/{tally.worlds}"
            cases = min(CASES_OF_A_WORLD, arguments.cases - tally.requests)
            found = asyncio.run(play_world(theatre, seed, cases, tally))
            if found is not None:
                report(theatre, found, cases, brief=arguments.brief)
                return 1
            if arguments.world:
                break
    seconds = time.perf_counter() - began
    print(
        f"{tally.requests} requests, {tally.cases} cases, {tally.steps} steps,"
        f" {tally.documents} documents, {tally.days / 365:.0f} years in {tally.worlds} worlds,"
        f" {seconds:.0f} s: nothing found"
    )
    return 0


def report(theatre: Theatre, found: Found, cases: int, *, brief: bool) -> None:
    """The finding, how to see it again, and the fewest steps that lead to it."""
    if not brief:
        print(f"world {found.seed}, step {len(found.steps)}: {found.settings}")
        print(f"again: scripts/simulate --world {found.seed} --cases {cases}")
        steps = shrink(theatre, found)
        print(f"{len(steps)} steps are left:")
        for step in steps:
            print(f"  {shortened(step)}")
        print(scenario_of(theatre, found, steps))
    print(f"step {len(found.steps)}: {found.text}")


def shortened(step: dict) -> str:
    """A step without the parts of its message that tell nothing."""
    text = re.sub(r"<Header>.*?</Header>|<[?].*?>|<Address>.*?</Address>", "", str(step))
    text = re.sub(r" (scheme|list)Agency=.*?(?=>)|<Attachment.*?</Attachment>", "", text)
    return re.sub(r'</\w+>| xmlns="[^"]*"', "", text)


def hunt_mutants(jobs: int) -> int:
    """Every deliberate bug and how it was found; non-zero where one was not."""
    hunted = survivors = 0
    for one in hunt_all(jobs):
        found = "caught  " if one.caught else "SURVIVED"
        print(f"{found}  {one.mutant.name:60}  {one.told[:150]}", flush=True)
        hunted, survivors = hunted + 1, survivors + (not one.caught)
    print(f"{hunted} mutants, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
