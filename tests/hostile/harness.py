"""Posts hostile inputs to a running service and says what it made of them; types some, too.

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
from urllib.parse import quote

import aiohttp
from lxml import etree
from yarl import URL

from broker.engine.apply import replay
from broker.store.connection import open_for_reading
from broker.store.verify import FindingKind, verify
from broker.web.broken_http import leave_out_what_was_sent
from broker.wire.schema import TAG_PREFIX, validate
from tests.dashboard.visitors import let_in
from tests.hostile.inputs import input_number
from tests.hostile.typed import Typist
from tests.web.letters import METERING_CENTRE, NORTH, OPERATOR, SOUTH
from tests.web.running import Broker, new_database, running, token_of

SECONDS_MAX = 10.0
TYPED_PER_INPUT = 2  # so many messages for a request typed
LINES = 8
SENDERS = (SOUTH, NORTH, OPERATOR, METERING_CENTRE)
# The clock stands still, so no allowance would come back.
UNLIMITED = {"requests_burst": 10**9, "strangers_burst": 10**9}
ASKED = ("/messages/", "/mailbox/", "/cases/", "/schemas/")
# Persons of the sample register, and what an input would write into the log.
PERSONAL = ("Ana Zgled", "Boris Vzorec", "Zgledna ulica", "12345679", "forged", "ana@example.com")


@dataclass(slots=True)
class Seen:
    """What was seen so far: answers by status, the slowest, and everything that must not be."""

    statuses: Counter[int] = field(default_factory=Counter)
    typed: Counter[int] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    slowest: str = ""
    faults: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many inputs were answered."""
        return self.statuses.total()

    def note(self, status: int, seconds: float, what: str) -> None:
        """An answer, by its status and how long it took."""
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, what
        if status >= 500 or seconds > SECONDS_MAX:
            self.faults.append(f"{status} after {seconds:.1f} s, {what}")


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


async def post(broker: Broker, number: int, random_seed: int, seen: Seen) -> None:
    """Post one input as the party it names, every eighth as another, and look at the answer.

    Every sixteenth is also asked for, as if it were the number of something.
    """
    data = input_number(number, random_seed)
    named = next((party for party in SENDERS if party.encode() in data[:2_000]), SOUTH)
    sender = named if number % 8 else SENDERS[number // 8 % len(SENDERS)]
    what = f"input {number} of seed {random_seed}"
    posted, body = await _ask(broker, "POST", "/messages", sender, data, seen, what)
    look_at(body, seen, what)
    if number % 16 == 0:
        folder = ASKED[number // 16 % len(ASKED)]
        path = folder + quote(bytes(data[-200:]), safe="")
        status, body = await _ask(broker, "GET", path, sender, None, seen, what)
        look_at(body, seen, what)
        if status != 404:
            seen.faults.append(f"{what}: {status} for {path!r}")
    seen.statuses[posted] += 1


async def _ask(
    broker: Broker,
    method: str,
    path: str,
    sender: str,
    data: bytes | None,
    seen: Seen,
    what: str,
) -> tuple[int, bytes]:
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {token_of(sender)}", "Content-Type": "application/xml"}
    async with broker.session.request(
        method,
        URL(broker.address + path, encoded=True),
        data=None if data is None else BytesIO(data),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=SECONDS_MAX * 3),
    ) as answer:
        body = await answer.read()
    took = time.monotonic() - began
    seen.note(answer.status, took, f"{what}: {(data or b'')[:300]!r}")
    return answer.status, body


def look_at(body: bytes, seen: Seen, what: str) -> None:
    """An answer is an acknowledgement, valid against our schema."""
    root = etree.fromstring(body)
    if root.tag != TAG_PREFIX + "Acknowledgement" or validate(root):
        seen.faults.append(f"{what}: the answer is not valid: {body[:500]!r}")


async def look_over(broker: Broker, seen: Seen) -> None:
    """After all inputs: the file verifies, and what waits in each mailbox is valid."""
    with closing(open_for_reading(broker.path)) as connection:
        damaged = [f for f in verify(connection, replay) if f.kind is not FindingKind.ERASED]
    seen.faults.extend(f"verify: {one}" for one in damaged)
    for party in SENDERS:
        for document in await broker.documents(party):
            if validate(document.root):
                seen.faults.append(f"not valid in the mailbox of {party}: {document.body[:300]!r}")


def run(
    path: Path, inputs: int, random_seed: int, seen: Seen, told: Callable[[Seen], None]
) -> None:
    """This many inputs on a fresh file at this path, the same ones for the same seed."""
    new_database(path, parties=SENDERS)
    watch = LogWatch(seen)
    root = logging.getLogger()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.INFO)
    try:
        with asyncio.Runner() as runner:
            runner.run(_run(path, inputs, random_seed, seen, told))
    finally:
        root.removeHandler(watch)
        root.setLevel(level)


async def _run(
    path: Path,
    inputs: int,
    random_seed: int,
    seen: Seen,
    told: Callable[[Seen], None],
) -> None:
    """On several lines at once, so that inputs meet in one batch and while others are read."""
    numbers = iter(range(inputs))
    async with running(path, limits=UNLIMITED) as broker:
        await let_in(broker, "nada")

        async def one_line() -> None:
            for number in numbers:
                await post(broker, number, random_seed, seen)
                told(seen)

        await asyncio.gather(
            *(one_line() for _ in range(LINES)),
            type_at(broker, inputs // TYPED_PER_INPUT, random_seed, seen),
        )
        await look_over(broker, seen)


async def type_at(broker: Broker, count: int, random_seed: int, seen: Seen) -> None:
    """What is typed at the dashboard and sent by the operator's programs, between the messages."""
    typist = Typist(broker, random_seed)
    try:
        await typist.begin()
        for number in range(count):
            status, took, sent = await typist.send(number)
            seen.typed[status] += 1
            seen.note(status, took, f"typed {number} of seed {random_seed}: {str(sent)[:500]}")
    finally:
        await typist.end()


def _by_status(counted: Counter[int]) -> str:
    return ", ".join(f"{status}: {n}" for status, n in sorted(counted.items()))


def main() -> int:
    """Run many inputs and print what came of them; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seen = Seen()
    every = max(options.inputs // 10, 1)

    def told(seen: Seen) -> None:
        if seen.count % every == 0:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{seen.count} inputs, at most {memory} MiB, {len(seen.faults)} faults", flush=True
            )

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broker.sqlite"
        try:
            run(path, options.inputs, options.seed, seen, told)
        except KeyboardInterrupt:
            print("stopped before the end: the file was not looked over")
        size = path.stat().st_size // 2**20
    print(f"{seen.count} inputs of seed {options.seed} in {time.monotonic() - began:.0f} s")
    print(f"answers to messages: {_by_status(seen.statuses)}")
    print(f"answers to {seen.typed.total()} requests typed: {_by_status(seen.typed)}")
    print(f"the slowest after {seen.slowest_seconds:.2f} s ({seen.slowest[:120]}); {size} MiB kept")
    print(f"faults: {len(seen.faults)}")
    for fault in seen.faults:
        print(f"  {fault}")
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
