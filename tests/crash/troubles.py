"""What befalls the service while a scenario runs, drawn by seed or set at a write."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What happens, and what `after` counts until it does."""

    KILLED_AT = "killed before a statement"
    KILLED_IN_COMMIT = "killed in a commit"
    KILLED_AFTER_COMMIT = "killed after a commit, before anybody hears of it"
    KILLED_IN_REQUEST = "killed in a request"
    STOPPED_IN_REQUEST = "told to stop in a request"
    DISK_FULL = "the disk is full from a statement on"
    LOCKED = "another process has the file in a request"
    CLOCK_BEHIND = "killed before a statement, and the clock is behind afterwards"
    CLOCK_JUMPS = "the clock jumps between two requests"


IN_REQUEST = frozenset({Kind.KILLED_IN_REQUEST, Kind.STOPPED_IN_REQUEST, Kind.LOCKED})
"""Those that come from outside while a request runs: `after` counts requests,
for a lock those that write."""

FROM_INSIDE = {
    Kind.KILLED_AT: "statement",
    Kind.CLOCK_BEHIND: "statement",
    Kind.DISK_FULL: "statement",
    Kind.KILLED_IN_COMMIT: "commit",
    Kind.KILLED_AFTER_COMMIT: "committed",
}
"""Those that come from inside a life, with what `after` counts."""

REFUSES = frozenset({Kind.STOPPED_IN_REQUEST, Kind.DISK_FULL, Kind.LOCKED})
"""Those in which a party may be told to try again."""

_WEIGHTS = {
    Kind.KILLED_AT: 30,
    Kind.KILLED_IN_COMMIT: 10,
    Kind.KILLED_AFTER_COMMIT: 15,
    Kind.KILLED_IN_REQUEST: 12,
    Kind.STOPPED_IN_REQUEST: 8,
    Kind.DISK_FULL: 9,
    Kind.LOCKED: 6,
    Kind.CLOCK_BEHIND: 5,
    Kind.CLOCK_JUMPS: 5,
}
_MOST = 4
_REQUESTS_BETWEEN = 12
_WRITES_BETWEEN = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that happens; `seconds` is how far into the request or commit, or the jump."""

    kind: Kind
    after: int = 1
    seconds: float = 0.0


def by_seed(
    chance: random.Random, statements: int, commits: int, kind: Kind | None = None
) -> tuple[Trouble, ...]:
    """One to four troubles for a scenario of so many statements and commits, in order.

    Of this kind alone, where one is given.
    """
    number = chance.randint(1, _MOST)
    weights = _WEIGHTS if kind is None else {kind: 1}
    kinds = chance.choices(list(weights), list(weights.values()), k=number)
    gaps = _gaps(chance, number)
    return tuple(
        _trouble(chance, kind, share, statements, commits)
        for kind, share in zip(kinds, gaps, strict=True)
    )


def _gaps(chance: random.Random, number: int) -> Sequence[float]:
    """Parts of the way, so that the last of them is mostly still on it."""
    places = sorted(chance.random() for _ in range(number))
    return [place - before for place, before in zip(places, [0.0, *places], strict=False)]


def _trouble(
    chance: random.Random, kind: Kind, share: float, statements: int, commits: int
) -> Trouble:
    if kind is Kind.CLOCK_JUMPS:
        return Trouble(kind, seconds=chance.choice((-1, 1)) * chance.uniform(301, 100_000))
    if kind is Kind.CLOCK_BEHIND:
        return Trouble(kind, 1 + int(share * statements), chance.uniform(60, 100_000))
    if kind in IN_REQUEST:
        most = _WRITES_BETWEEN if kind is Kind.LOCKED else _REQUESTS_BETWEEN
        return Trouble(kind, chance.randint(1, most), chance.uniform(0, 0.02))
    if FROM_INSIDE[kind] != "statement":
        return Trouble(kind, 1 + int(share * commits), chance.uniform(0, 0.0005))
    return Trouble(kind, 1 + int(share * statements))
