"""A stage whose service meets trouble while a scenario runs, and the parties that go on.

They do what a supplier's system does: what got no answer, or was told to try again, is sent again,
byte for byte. A person whose decision got no answer looks whether it was made. Everything the
scenario expects must hold all the same.
"""

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from broker.config import RuleSettings
from broker.scenarios.posts import Party
from broker.scenarios.stage import Delivered, NotReached, Reply, Stage, operator_party
from broker.store import deadlines, journal
from broker.store.connection import open_for_reading
from broker.store.deadlines import OpenDeadline
from tests.crash.audit import Acknowledged, is_accepted
from tests.crash.disk import free
from tests.crash.life import Died, Life
from tests.crash.troubles import FROM_INSIDE, IN_REQUEST, REFUSES, Kind, Trouble

_GIVE_UP_AFTER = 12
_LOCKED_AT_MOST_SECONDS = 0.5
_LOCKED_BEFORE_SECONDS = 0.01
_TIMEOUT = aiohttp.ClientTimeout(total=60)
_CASES_RECORDS = "SELECT count(*) FROM journal WHERE case_id IS NOT NULL"
_WAITING = "SELECT party, document_id FROM outbox WHERE acknowledged_at IS NULL"
_GO_ON = {"by": "Nada Zgled", "why": "the clock has been set right"}


@dataclass(slots=True)
class Seen:
    """What the stage has seen of one run: how it fared, and what is wrong with it."""

    met: list[Kind] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    commits: int = 0
    tried_again: int = 0


class TroubledStage(Stage):
    """The stage of a scenario on which the service does not live undisturbed."""

    def __init__(
        self,
        database: Path,
        log: Path,
        rules: RuleSettings,
        start: datetime,
        *,
        troubles: tuple[Trouble, ...],
    ) -> None:
        super().__init__(database, rules, start)
        self.seen = Seen()
        self._log = log
        self._troubles = list(troubles)
        self._may_refuse = any(one.kind in REFUSES for one in troubles)
        self._trouble: Trouble | None = None
        self._requests = 0
        self._life: Life | None = None
        self._lock: asyncio.Task[None] | None = None
        self._unlock = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._told: set[str] = set()

    async def up(self, rules: RuleSettings | None = None) -> None:
        """Begin a life of the service."""
        self._rules = rules or self._rules
        self._life = self._born(self.clock.now())
        self._next_trouble()

    async def down(self) -> None:
        """End the life in good order, or as it ends."""
        if self._life is None:
            return
        await self._relieved()
        try:
            statements, commits = self._life.traced()
            self.seen.statements += statements
            self.seen.commits += commits
            self._life.terminate()
            code = self._life.wait()
            if code == -signal.SIGKILL and self._trouble and self._trouble.kind in FROM_INSIDE:
                self._met()  # it came with what is written while it stops
            else:
                self._ended_well()
        except Died:
            self._met()
        self._life.kill()
        self._life = None

    async def kill(self) -> None:
        """End the life at once."""
        if self._life is not None:
            await self._let_go()
            self._life.kill()
            free(self.database)
            self._life = None

    @property
    def is_up(self) -> bool:
        """Whether the service lives."""
        return self._life is not None

    async def move_to(self, instant: datetime) -> AsyncIterator[OpenDeadline]:
        """Let time pass; what a crash left is made up for by the next life."""
        await self._jump()
        before = None
        while (due := self._next_due(instant)) is not None:
            if due == before:
                raise NotReached(f"{due.deadline.kind.value} was not handled")
            before = due
            self.clock.move_to(max(self.clock.now(), due.deadline.act_at))
            await self._reach(due.deadline.act_at)
            yield due
        self.clock.move_to(instant)
        if self._life is not None:
            await self._reach(datetime.min.replace(tzinfo=instant.tzinfo))

    def parked(self) -> list[str]:
        """Deadlines put aside because handling them failed."""
        if self._life is None:
            return []
        with closing(open_for_reading(self.database)) as reader:
            return [str(one.parked) for one in deadlines.parked(reader)]

    async def new_documents(self) -> list[Delivered]:
        """Every document that came since this was asked last.

        Asked for only where something waits that was not seen: most mailboxes are empty.
        """
        known = {document.number for document in self.delivered}
        with closing(sqlite3.connect(self.database)) as connection:
            waiting = connection.execute(_WAITING).fetchall()
        self._told = {party for party, number in waiting if number not in known}
        return await super().new_documents()

    async def _new_of(self, party: Party) -> list[Delivered]:
        return await super()._new_of(party) if party.eic in self._told else []

    async def ask(self, party: Party, method: str, path: str, **how: Any) -> Reply:
        """What the service answers in the end, whatever it meets meanwhile."""
        decides = method == "POST" and path.startswith("/operator/")
        for tries in range(_GIVE_UP_AFTER):
            self.seen.tried_again += tries > 0
            recorded = self._recorded() if decides else 0
            life = self._life
            await self._requested(method)
            try:
                reply = await self._asked(party, method, path, **how)
            except (aiohttp.ClientError, Died):
                async with self._one_at_a_time:
                    if self._life is life:  # else another request found it dead before
                        await self._live_again(party, how.get("data"))
                if decides and self._recorded() > recorded:
                    return Reply(status=200, body=b"{}")
                continue
            if reply.status != 503 or not self._may_refuse:
                self._keep(party, path, reply, how.get("data"))
                return reply
            async with self._one_at_a_time:
                await self._relieved()
        raise NotReached(f"{method} {path} has no answer")

    async def _asked(self, party: Party, method: str, path: str, **how: Any) -> Reply:
        if self._life is None:
            raise NotReached("the service is down")
        headers = {"Authorization": f"Bearer token-of-{party.eic}", **how.pop("headers", {})}
        address = self._life.address + path
        how = {"headers": headers, "timeout": _TIMEOUT, **how}
        async with self._client.request(method, address, **how) as response:
            reply = Reply(status=response.status, body=await response.read())
        if response.content_type == "application/xml":
            self.validate(reply.body)
        return reply

    def _keep(self, party: Party, path: str, reply: Reply, data: bytes | None) -> None:
        if path == "/messages" and reply.status == 200 and data is not None:
            self.seen.acknowledged.append(Acknowledged(party.eic, data, reply.body))

    async def _reach(self, until: datetime) -> None:
        for _ in range(_GIVE_UP_AFTER):
            try:
                if self._living.reach(self.clock.now(), until) is not None:
                    return
                await self._relieved()
            except Died:
                await self._live_again()
                return
        raise NotReached(f"what was due by {until} could not be written")

    def _next_due(self, until: datetime) -> OpenDeadline | None:
        if self._life is None:
            return None
        with closing(open_for_reading(self.database)) as reader:
            return next(iter(deadlines.due(reader, until, 1)), None)

    @property
    def _living(self) -> Life:
        if self._life is None:
            raise NotReached("the service is down")
        return self._life

    def _born(self, at: datetime) -> Life:
        try:
            return Life(self.database, self._log, self._rules, at)
        except Died as error:
            raise NotReached("the service does not start") from error

    def _next_trouble(self) -> None:
        self._trouble = self._troubles.pop(0) if self._troubles else None
        self._requests = 0
        if self._trouble is not None and self._trouble.kind in FROM_INSIDE:
            self._living.meet(self._trouble)

    def _met(self) -> None:
        if self._trouble is None:
            raise NotReached("the service ended by itself")
        self.seen.met.append(self._trouble.kind)

    async def _requested(self, method: str) -> None:
        """One more request begins: it may be the one in which something comes from outside."""
        trouble, life = self._trouble, self._life
        if trouble is None or life is None or trouble.kind not in IN_REQUEST:
            return
        if trouble.kind is Kind.LOCKED and method == "GET":
            return
        self._requests += 1
        if self._requests != trouble.after:
            return
        loop = asyncio.get_running_loop()
        if trouble.kind is Kind.LOCKED:
            self._unlock.clear()
            locked = asyncio.Event()
            self._lock = loop.create_task(self._locked(trouble.seconds, locked))
            if trouble.seconds < _LOCKED_BEFORE_SECONDS:
                await locked.wait()
        else:
            ends = life.kill if trouble.kind is Kind.KILLED_IN_REQUEST else life.terminate
            loop.call_later(trouble.seconds, ends)

    async def _locked(self, after: float, locked: asyncio.Event) -> None:
        """Another connection has the file for itself, until somebody was refused or for a while."""
        await asyncio.sleep(after)
        with closing(_another(self.database)) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            locked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._unlock.wait(), _LOCKED_AT_MOST_SECONDS)

    async def _relieved(self) -> None:
        """Whoever keeps the service from writing lets go; the next trouble may come."""
        trouble = self._trouble
        if trouble is None or trouble.kind not in (Kind.LOCKED, Kind.DISK_FULL):
            return
        if trouble.kind is Kind.LOCKED:
            if self._lock is None:
                return
            await self._let_go()
        else:
            self._living.free_the_disk()
        self._met()
        self._next_trouble()

    async def _let_go(self) -> None:
        """Whoever has locked the file lets go of it."""
        self._unlock.set()
        if self._lock is not None:
            await self._lock
            self._lock = None

    async def _live_again(self, party: Party | None = None, data: bytes | None = None) -> None:
        """The life has ended in the trouble there was: bury it, and begin another."""
        life, trouble = self._living, self._trouble
        self._met()
        if trouble is not None and trouble.kind is Kind.STOPPED_IN_REQUEST:
            await asyncio.to_thread(self._ended_well)
            if party is not None and data is not None:
                self._must_not_be_taken(party, data)
        life.kill()
        free(self.database)
        if trouble is not None and trouble.kind is Kind.CLOCK_BEHIND:
            await self._live_with_a_clock_behind(timedelta(seconds=trouble.seconds))
        else:
            self._life = self._born(self.clock.now())
        self._next_trouble()

    def _ended_well(self) -> None:
        """Told to stop it ends within its grace, and says that it ended well."""
        code = self._living.wait()
        if code != 0:
            self.seen.wrong.append(f"told to stop, it ended with {code} (None: not in time)")

    def _must_not_be_taken(self, party: Party, data: bytes) -> None:
        """Of what was stopped in good order, nothing was taken that was not answered."""
        known = {(one.party, one.data) for one in self.seen.acknowledged}
        if (party.eic, data) not in known and is_accepted(self.database, party.eic, data):
            self.seen.wrong.append("a message was taken and not answered, though told to stop")

    async def _live_with_a_clock_behind(self, behind: timedelta) -> None:
        """Begin at an instant before the last entry of the journal, and set the clock right."""
        now = self.clock.now()
        with closing(open_for_reading(self.database)) as reader:
            last = journal.last_entry_at(reader)
        if last is None:  # nothing tells it that it is behind
            self._life = self._born(now)
            return
        self._life = self._born(min(last, now) - behind)
        await self._must_stand(min(last, now) - behind, "the clock is behind the journal")
        await self._must_stand(now, "nobody has said go on")
        await self._goes_on()
        await self._reach(now)

    async def _jump(self) -> None:
        """The clock jumps and comes back; nothing is handled until a person says go on."""
        trouble = self._trouble
        if trouble is None or self._life is None or trouble.kind is not Kind.CLOCK_JUMPS:
            return
        now = self.clock.now()
        await self._must_stand(now + timedelta(seconds=trouble.seconds), "the clock has jumped")
        await self._must_stand(now, "nobody has said go on")
        await self._goes_on()
        self._met()
        self._next_trouble()

    async def _must_stand(self, wall: datetime, why: str) -> None:
        """By this clock nothing may be handled, and it must be said that nothing is."""
        handled = self._living.set_clock(wall)
        ready = await self._asked(operator_party(), "GET", "/health/ready")
        if handled or b"stopped" not in ready.body:
            self.seen.wrong.append(
                f"{handled} deadlines were handled, though {why}: {ready.body!r}"
            )

    async def _goes_on(self) -> None:
        reply = await self._asked(operator_party(), "POST", "/operator/sweep/go-on", json=_GO_ON)
        if json.loads(reply.body) != {"went_on": True}:
            self.seen.wrong.append(f"the sweep did not go on: {reply.body!r}")

    def _recorded(self) -> int:
        with closing(sqlite3.connect(self.database)) as connection:
            count: int = connection.execute(_CASES_RECORDS).fetchone()[0]
            return count


def _another(database: Path) -> sqlite3.Connection:
    """A connection of another process to the file, which waits for its turn."""
    return sqlite3.connect(database, isolation_level=None, timeout=5, check_same_thread=False)
