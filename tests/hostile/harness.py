"""Posts hostile inputs to a running service and says what it made of them.

Whatever came: an answer within seconds, never a 5xx, valid against our own schema; no alarm, no
line of the log that the sender wrote or that tells of a person; and afterwards a file that
verifies, in which every document waiting for a party is valid.

`python -m tests.hostile.harness --inputs N --seed S` runs many and prints the figures.
"""

import argparse
import asyncio
import logging
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import aiohttp
from hypothesis import HealthCheck, Phase, given, seed, settings
from lxml import etree

from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import FindingKind, verify
from broker.web.broken_http import leave_out_what_was_sent
from broker.wire.schema import TAG_PREFIX, validate
from tests.hostile.inputs import hostile_inputs
from tests.web.letters import METERING_CENTRE, NORTH, OPERATOR, SOUTH
from tests.web.running import Broker, new_database, running, token_of

SECONDS_MAX = 10.0
_ROUND = 500
SENDERS = (SOUTH, NORTH, OPERATOR, METERING_CENTRE)
# Persons of the sample register, and what an input would write into the log.
PERSONAL = ("Ana Zgled", "Boris Vzorec", "Zgledna ulica", "12345679", "forged", "ana@example.com")


@dataclass(slots=True)
class Seen:
    """What was seen so far: answers by status, the slowest, and everything that must not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many inputs were answered."""
        return self.statuses.total()


class LogWatch(logging.Handler):
    """Reads every line of the log as an operator would, and notes what must not be in it."""

    def __init__(self, seen: Seen) -> None:
        super().__init__(logging.INFO)
        self.addFilter(leave_out_what_was_sent)
        self._seen = seen

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if record.levelno >= logging.ERROR or "ALARM" in line:
            self._seen.faults.append(f"alarm: {line[:500]}")
        if "\n" in line:
            self._seen.faults.append(f"more than a line: {line[:500]!r}")
        if any(word in line for word in PERSONAL):
            self._seen.faults.append(f"the log tells of what was sent: {line[:500]!r}")


async def post(broker: Broker, data: bytes, seen: Seen) -> None:
    """Post one input as the party it names, every eighth as another, and look at the answer."""
    named = next((party for party in SENDERS if party.encode() in data[:2_000]), SOUTH)
    sender = named if seen.count % 8 else SENDERS[seen.count // 8 % len(SENDERS)]
    began = time.monotonic()
    async with broker.session.post(
        broker.address + "/messages",
        data=BytesIO(data),
        headers={
            "Authorization": f"Bearer {token_of(sender)}",
            "Content-Type": "application/xml",
        },
        timeout=aiohttp.ClientTimeout(total=SECONDS_MAX * 3),
    ) as answer:
        body = await answer.read()
    took = time.monotonic() - began
    seen.statuses[answer.status] += 1
    seen.slowest_seconds = max(seen.slowest_seconds, took)
    if answer.status >= 500 or took > SECONDS_MAX:
        seen.faults.append(f"{answer.status} after {took:.1f} s: {data[:300]!r}")
    root = etree.fromstring(body)
    if root.tag != TAG_PREFIX + "Acknowledgement" or validate(root):
        seen.faults.append(f"the answer is not valid: {body[:500]!r}")


async def look_over(broker: Broker, seen: Seen) -> None:
    """After all inputs: the file verifies, and what waits in each mailbox is valid."""
    with closing(open_for_reading(broker.path)) as connection:
        damaged = [f for f in verify(connection, replay) if f.kind is not FindingKind.ERASED]
    seen.faults.extend(f"verify: {one}" for one in damaged)
    for party in SENDERS:
        for document in await broker.documents(party):
            if validate(document.root):
                seen.faults.append(f"not valid in the mailbox of {party}: {document.body[:300]!r}")


def run(path: Path, inputs: int, random_seed: int, told: Callable[[Seen], None]) -> Seen:
    """This many inputs on a fresh file at this path, the same ones for the same seed."""
    new_database(path, parties=SENDERS)
    seen = Seen()
    watch = LogWatch(seen)
    root = logging.getLogger()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.INFO)
    try:
        with asyncio.Runner() as runner:
            runner.run(_run(runner.get_loop(), path, inputs, random_seed, seen, told))
    finally:
        root.removeHandler(watch)
        root.setLevel(level)
    return seen


async def _run(
    loop: asyncio.AbstractEventLoop,
    path: Path,
    inputs: int,
    random_seed: int,
    seen: Seen,
    told: Callable[[Seen], None],
) -> None:
    async with running(path) as broker:

        def each(data: bytes) -> None:
            asyncio.run_coroutine_threadsafe(post(broker, data, seen), loop).result()
            told(seen)

        for begun in range(0, inputs, _ROUND):
            inputs_of_round = min(_ROUND, inputs - begun)
            await asyncio.to_thread(_drawn(each, inputs_of_round, random_seed * 10**6 + begun))
        await look_over(broker, seen)


def _drawn(each: Callable[[bytes], None], inputs: int, random_seed: int) -> Callable[[], None]:
    """A round of inputs: hypothesis remembers all it drew, which is its memory and not ours."""
    drawn = settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_round: Callable[[], None] = seed(random_seed)(drawn(given(hostile_inputs())(each)))
    return run_round


def main() -> int:
    """Run many inputs and print what came of them; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    memory: list[int] = []

    def told(seen: Seen) -> None:
        every = max(options.inputs // 10, 1)
        if seen.count % every == 0:
            memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
            print(f"{seen.count} inputs, at most {memory[-1]} MiB", flush=True)

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broker.sqlite"
        seen = run(path, options.inputs, options.seed, told)
        size = path.stat().st_size // 2**20
    statuses = ", ".join(f"{status}: {n}" for status, n in sorted(seen.statuses.items()))
    print(f"{seen.count} inputs of seed {options.seed} in {time.monotonic() - began:.0f} s")
    print(f"answers: {statuses}; the slowest after {seen.slowest_seconds:.2f} s; {size} MiB kept")
    print(f"faults: {len(seen.faults)}")
    for fault in seen.faults[:20]:
        print(f"  {fault}")
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
