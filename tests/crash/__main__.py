"""Command line of the crash rounds: scripts/crash."""

import argparse
import sys
import time
from collections import Counter

from tests.crash.harness import Job, chosen, random_jobs, suitable, write_point_jobs
from tests.crash.mutants import hunt_all
from tests.crash.troubles import Kind
from tests.crash.workplace import Workplace, workplace

_SAID_EVERY = 50


def main() -> int:
    """Run many rounds and print what came of them; 1 where one did not end as it had to."""
    options = _parser().parse_args()
    paths = [path for path in suitable() if options.only in str(path)]
    if options.mutants:
        return _hunt(options)
    seeds = chosen(range(options.seed, options.seed + options.rounds), paths)
    if not options.write_points:
        paths = sorted(set(seeds.values()))
    began = time.monotonic()
    with workplace(options.workers) as place:
        known = {one.path: one for one in place.undisturbed(paths)}
        wrong = [
            f"undisturbed: {one.path}: {one.failures}" for one in known.values() if one.failures
        ]
        print(*wrong, sep="\n", end="\n" if wrong else "", flush=True)
        points, kind = options.write_points, Kind[options.kind] if options.kind else None
        jobs = write_point_jobs(known.values()) if points else random_jobs(seeds, known, kind)
        failed = len(wrong) or _rounds(place, list(jobs), at_once=options.brief)
    print(f"{len(paths)} scenarios, {failed} findings, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--write-points", action="store_true", help="every kind of write in turn")
    parser.add_argument("--workers", type=int, default=1, help="rounds at once")
    parser.add_argument("--only", default="", help="scenarios whose path has this in it")
    parser.add_argument("--kind", choices=Kind.__members__, help="troubles of this kind alone")
    parser.add_argument("--mutants", action="store_true", help="every defect must be found")
    parser.add_argument("--brief", action="store_true", help="stop at the first finding")
    return parser


def _rounds(place: Workplace, jobs: list[Job], *, at_once: bool) -> int:
    """Run these rounds and say what came of them; in how many something is wrong."""
    met: Counter[str] = Counter()
    failed = run = tried_again = 0
    for one in place.rounds(jobs):
        run += 1
        tried_again += one.tried_again
        met.update(kind.value for kind in one.met)
        if run % _SAID_EVERY == 0:
            print(f"{run} of {len(jobs)} rounds, {failed} findings", file=sys.stderr, flush=True)
        if one.failures:
            failed += 1
            print(f"{one.name}: {one.path} ({', '.join(kind.value for kind in one.met)}):")
            print(*(f"    {line}" for line in one.failures), sep="\n", flush=True)
            if at_once:
                break
    print(f"{run} rounds, {met.total()} troubles met, {tried_again} requests sent again:")
    print(*(f"    {times:6}  {kind}" for kind, times in met.most_common()), sep="\n")
    return failed


def _hunt(options: argparse.Namespace) -> int:
    """Every deliberate defect and how it was found; 1 where one was not."""
    hunts = hunt_all(options.workers, options.only)
    for one in hunts:
        print(f"{'caught  ' if one.caught else 'SURVIVED'}  {one.mutant.name}: {one.told[:200]}")
    survivors = sum(not one.caught for one in hunts)
    print(f"{len(hunts)} mutants, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
