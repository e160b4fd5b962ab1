"""The real service in this process on a file of its own: bytes in, bytes out, a virtual clock.

All of the way of a message is run but the TCP connection. A crash takes what is on the disk at one
statement of the writer, or inside its commit, and opens the service anew on exactly that.
"""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from broker import ids
from broker.clock import VirtualClock
from broker.config import Config, RuleSettings, ServiceSettings
from broker.engine.apply import replay
from broker.engine.decision import Refused
from broker.messages.identifiers import CaseId, DocumentId, Eic
from broker.service import Service
from broker.store import cases, deadlines, participants
from broker.store.connection import hold, open_for_reading, open_for_writing
from broker.store.participants import Participant
from broker.store.schema import migrate
from broker.store.verify import verify
from broker.usecases.import_register import import_register
from broker.usecases.operator_verbs import Given, Verb, event_of
from broker.web.door import Door
from tests.simulation.audit import said
from tests.simulation.audit.owed import Came

T = TypeVar("T")

_LISTED_MAX = 1000
_SUPPLIES = "SELECT accounting_point, direction, supplier, share, from_day, to_day FROM supply"
_NEW = "SELECT party, max(position) FROM outbox WHERE position > ? GROUP BY party"


class Doorless(Service):
    """The service with everything but its listening socket."""

    door: Door

    def _door(self, *how: Any) -> Door:
        self.door = super()._door(*how)
        return self.door

    async def _listen(self, *how: Any) -> None:
        """Nobody calls by TCP."""


class AtOnce(ThreadPoolExecutor):
    """Commits without handing over to a thread: one world uses one processor."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Run it now."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the future
            future.set_exception(error)
        return future


def _at_once(_: object, act: Callable[..., T], *args: Any) -> "asyncio.Future[T]":
    """In place of the loop's way to a thread, which costs a turn of it and two system calls."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    try:
        future.set_result(act(*args))
    except Exception as error:  # noqa: BLE001 - it belongs to whoever waits for the future
        future.set_exception(error)
    return future


class SeededBytes:
    """In place of the machine's randomness, so that a seed gives the same numbers again."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def urandom(self, count: int) -> bytes:
        """Bytes of the seed."""
        return self._rng.randbytes(count)


@dataclass
class Crash:
    """At which statement the machine stops; after the last one: when all is committed.

    `torn` is how much of what the commit appended is on the disk, for a stop inside the commit.
    """

    statement: int
    torn: float = 0.0


def make_template(path: Path, register: Path) -> None:
    """A database with the register."""
    with hold(path), closing(open_for_writing(path)) as connection:
        migrate(connection)
        import_register(connection, register)


class World:
    """One service, its parties, its clock."""

    def __init__(
        self, template: Path, folder: Path, rules: RuleSettings, start: datetime, seed: int
    ) -> None:
        self.database = folder / "simulation.sqlite"
        shutil.copyfile(template, self.database)
        self.clock = VirtualClock(start)
        self.rules = rules
        self.service: Doorless | None = None
        self.parties: dict[str, Participant] = {}
        self._fetched: set[str] = set()
        self._left: dict[str, set[str]] = {}
        self._position = 0
        self._rng = random.Random(seed)
        self._crash: Crash | None = None
        self._snapshot: dict[Path, bytes] | None = None
        self._statement = 0
        ids.os = SeededBytes(self._rng)

    @property
    def is_up(self) -> bool:
        """Whether the service runs."""
        return self.service is not None

    async def up(self) -> None:
        """Start the service; it makes up for what fell due."""
        config = Config(service=ServiceSettings(database=self.database, port=0), rules=self.rules)
        service = Doorless(config, self.clock, with_timer=False)
        await service.start()
        service.writer._thread = AtOnce()
        asyncio.get_running_loop().run_in_executor = _at_once
        self.service = service
        if not self.parties:
            everybody = participants.participants(service.reader)
            self.parties = {one.eic: one for one in everybody}

    async def down(self) -> None:
        """Stop in good order."""
        if self.service is not None:
            await self.service.stop()
            self.service = None

    async def kill(self) -> None:
        """End the service as kill -9 would."""
        self._snapshot = self._snapshot or self._files()
        await self._restore()

    async def _restore(self) -> None:
        kept, self._snapshot = self._snapshot, None
        assert kept is not None
        await self.down()
        for path in self.database.parent.glob(f"{self.database.name}*"):
            path.unlink()
        for path, content in kept.items():
            path.write_bytes(content)

    def _files(self) -> dict[Path, bytes]:
        return {
            path: path.read_bytes()
            for path in self.database.parent.glob(f"{self.database.name}*")
            if not path.name.endswith(("-shm", ".lock"))
        }

    async def crashing(self, crash: Crash | None, act: Callable[[], Awaitable[object]]) -> object:
        """Do it, and stop dead at the statement; None where it stopped, with the service gone."""
        if crash is None or self.service is None:
            return await act()
        self._crash, self._statement, self._snapshot = crash, 0, None
        connection = self.service.writer._connection
        connection.set_trace_callback(self._trace)
        result = await act()
        connection.set_trace_callback(None)
        self._crash = None
        if self._snapshot is None:
            self._snapshot = self._files()
        elif crash.torn:
            self._tear(crash.torn)
        await self._restore()
        return result

    def _trace(self, statement: str) -> None:
        assert self._crash is not None
        self._statement += 1
        at_commit = bool(self._crash.torn) and statement == "COMMIT"
        if self._snapshot is None and (at_commit or self._statement == self._crash.statement):
            self._snapshot = self._files()

    def _tear(self, part: float) -> None:
        """Of what was appended to the log since, only a part."""
        assert self._snapshot is not None
        for path, before in self._snapshot.items():
            if path.name.endswith("-wal"):
                after = path.read_bytes()
                if after.startswith(before):
                    grown = len(after) - len(before)
                    self._snapshot[path] = after[: len(before) + int(grown * part)]

    async def post(self, party: str, data: bytes) -> tuple[int, bytes]:
        """What the service answers to these bytes of the party."""
        assert self.service is not None
        answer = await self.service.door.receive.receive(
            data, self.parties[party], self.clock.now()
        )
        return answer.status, answer.body

    async def decide(self, case: str, step: dict[str, Any]) -> list[str]:
        """What speaks against a decision of the operator."""
        assert self.service is not None
        given = Given(
            by="Nada Zgled",
            why=step.get("why", "checked"),
            codes=tuple(step.get("codes", ())),
            supplier=step.get("objector"),
        )
        event = event_of(Verb(step["verb"]), given)
        outcome = await self.service.door.decide.decide(CaseId(case), event)
        if isinstance(outcome, Refused):
            return sorted(one.reason.value for one in outcome.refusals)
        return []

    async def sweep(self, until: datetime) -> None:
        """Reach what is due until then."""
        assert self.service is not None
        await self.service.deadlines.reach_deadlines(until)

    def next_due(self) -> datetime | None:
        """When the service itself means to act next."""
        assert self.service is not None
        return deadlines.next_act_at(self.service.reader)

    def phase(self, case: str) -> str:
        """In what phase a case is."""
        assert self.service is not None
        found = cases.load(self.service.reader, CaseId(case))
        return found.phase.value if found else ""

    def parked(self) -> list[str]:
        """Deadlines whose handling failed."""
        assert self.service is not None
        return [str(one.parked) for one in deadlines.parked(self.service.reader)]

    async def documents(self) -> list[Came]:
        """What is new in the mailboxes, by number; what was read before is acknowledged."""
        assert self.service is not None
        mailbox = self.service.door.mailbox
        parties = self._parties_with_new()
        listed = [
            (eic, one.document_id)
            for eic in parties
            for one in mailbox.waiting(Eic(eic), _LISTED_MAX)
            if one.document_id not in self._fetched
        ]
        if not listed:
            return []
        left, self._left = self._left, {}
        acknowledged = (
            mailbox.acknowledge(Eic(eic), tuple(DocumentId(one) for one in sorted(numbers)))
            for eic, numbers in left.items()
        )
        read = (mailbox.read(Eic(eic), DocumentId(number)) for eic, number in listed)
        done = await asyncio.gather(*read, *acknowledged)
        new = []
        for (eic, number), document in zip(listed, done, strict=False):
            self._fetched.add(number)
            self._left.setdefault(eic, set()).add(number)
            new.append(Came(eic, number, document.content, said.parse(document.content)))
        return sorted(new, key=lambda one: one.number)

    def _parties_with_new(self) -> list[str]:
        """Whose mailbox to look into: the others have nothing that was not read before."""
        assert self.service is not None
        found = self.service.reader.execute(_NEW, (self._position,)).fetchall()
        self._position = max([self._position, *(position for _, position in found)])
        return sorted(party for party, _ in found)

    def supplies(
        self, points: Collection[str] | None = None
    ) -> dict[str, list[tuple[str, str, str, str, str]]]:
        """Who supplies what in the register's table, of some points or of all."""
        assert self.service is not None
        found: dict[str, list[tuple[str, str, str, str, str]]] = {}
        reader = self.service.reader
        if points is None:
            lines = reader.execute(_SUPPLIES).fetchall()
        else:
            query = f"{_SUPPLIES} WHERE accounting_point = ?"
            lines = [line for one in points for line in reader.execute(query, (one,))]
        for number, direction, supplier, share, since, until in lines:
            found.setdefault(number, []).append(
                (direction, supplier, str(share), since, until or "")
            )
        return found

    def verified(self) -> list[str]:
        """What the whole file's verification finds, with every case replayed."""
        with closing(open_for_reading(self.database)) as connection:
            return [f"{one.where} {one.what}" for one in verify(connection, replay)]
